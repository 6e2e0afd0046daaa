"""The list of the archive by camera and day, against going through all files."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.recording import Recording
from query.web.archive import NO_NAME, ArchiveList
from tests.query.test_filters import ZONE, Made, archive, path_of, recordings

LENGTH = 5000.0  # seconds a keyframe


def days(file: Recording, count: int) -> list[str]:
    """Those that a file was recorded on."""
    if file.recorded_at is None:
        return [NO_NAME]
    last = file.recorded_at + timedelta(seconds=LENGTH * count) - timedelta(microseconds=1)
    first, end = (at.astimezone(ZONE).date() for at in (file.recorded_at, last))
    return [f"{date.fromordinal(number)}" for number in range(first.toordinal(), end.toordinal() + 1)]


@settings(max_examples=60, deadline=None)
@given(recordings(), st.sampled_from([None, "cam1", "Cam2", NO_NAME, "nowhere"]), st.integers(0, 5))
def test_the_list_is_what_going_through_all_files_finds(
    tmp_path_factory: pytest.TempPathFactory, made: Made, camera: str | None, which: int
) -> None:
    catalog, _ = archive(tmp_path_factory.mktemp("archive"), made)
    places = [
        (number, copy, file, file.camera or NO_NAME, day)
        for number, (count, files) in enumerate(made, 1)
        for copy, file in enumerate(files)
        for day in days(file, count)
    ]
    day = [None, "2026-01-01", "no day", *{own for *_, own in places}][which % (3 + len({own for *_, own in places}))]
    chosen: dict[int, tuple[int, Recording]] = {}
    for number, copy, file, own_camera, own_day in places:
        if camera in (None, own_camera) and day in (None, own_day):
            chosen.setdefault(number, (copy, file))
    with catalog.snapshot() as snapshot:
        found = ArchiveList(snapshot, ZONE, camera, day)
        assert found.cameras == Counter(own for _, own in {(number, name) for number, _, _, name, _ in places})
        assert found.days == Counter(own for _, own in {(number, name) for number, *_, name in places})
        known = [name for name in found.days if name != NO_NAME]
        assert [*found.days] == sorted(known, reverse=True) + [NO_NAME] * (NO_NAME in found.days)
        told = found.videos()
        assert len(found) == len(told)
        assert found.videos(1, 3) == told[1:3]
    assert {each["video_id"]: each["path"] for each in told} == {
        number: path_of(f"{number - 1}" if not copy else f"{number - 1} copy {copy - 1}", file)
        for number, (copy, file) in chosen.items()
    }
    assert [place(each["recorded_at"], each["path"]) for each in told] == sorted(
        place(each["recorded_at"], each["path"]) for each in told
    )


def place(recorded_at: str | None, path: str) -> tuple[int, str, str]:
    """In the order of the list: the newest day first, within it by time; what isn't known last, by path."""
    if recorded_at is None:
        return (1, "", path)
    at = datetime.fromisoformat(recorded_at)
    return (-at.astimezone(ZONE).date().toordinal(), at.isoformat(timespec="microseconds"), "")
