"""Which paths lie below which folders, with the separators of every system."""

from __future__ import annotations

import os

import pytest

from framescout.paths import is_below
from framescout.recording.said import Said, of_path


@pytest.mark.parametrize(("separator", "top"), [("/", "/"), ("\\", "C:\\")])
def test_a_path_is_below_itself_and_the_folders_around_it(
    separator: str, top: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard, video = f"{top}yard", f"{top}yard{separator}a.mp4"
    spoken = [Said(folder=folder, camera="yard") for folder in (top, f"{top}yar", yard, f"{top}yard-2")]
    with monkeypatch.context() as system:
        system.setattr(os, "sep", separator)
        below = {folder: is_below(video, [folder]) for folder in (video, yard, yard + separator, top)}
        beside = {folder: is_below(video, [folder]) for folder in (f"{top}yar", f"{yard}-2", f"{video}x", f"{top}b")}
        said = of_path(spoken, video)
        neither = is_below(video, [])
    assert all(below.values())
    assert not any(beside.values())
    assert [each.folder for each in said] == [yard, top]
    assert not neither
