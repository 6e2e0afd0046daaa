"""Which machines read which videos."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.placement import Machine, Need, Sites, slots

SITES = ("", "berlin", "bonn")
MACHINES = st.builds(Machine, st.sampled_from(SITES), st.integers(0, 5), st.integers(0, 3))


@given(st.lists(MACHINES, max_size=4), st.sampled_from(SITES), st.sampled_from([0, 0.1, 0.25, 0.4, 0.5, 1.0]))
def test_slots_are_as_many_as_can_be_given_out_one_by_one(machines: list[Machine], site: str, gpus: float) -> None:
    given_out = 0
    for machine in machines:
        free = [1000] * machine.gpus  # thousandths of each
        for _ in range(machine.processors if site in ("", machine.site) else 0):
            with_room = [number for number, left in enumerate(free) if left >= 1000 * gpus]
            if gpus and not with_room:
                break
            if gpus:
                free[with_room[0]] -= round(1000 * gpus)
            given_out += 1
    assert slots(machines, site, gpus) == given_out


def test_a_file_is_of_the_innermost_folder_that_has_a_site(tmp_path: Path) -> None:
    (tmp_path / "nas" / "berlin").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "nas")
    real = os.path.realpath(tmp_path)
    sites = Sites({f"{tmp_path}/link": "bonn", f"{tmp_path}/nas/berlin/": "berlin"})
    assert sites.of(f"{real}/nas/a.mp4") == "bonn"
    assert sites.of(f"{real}/nas/berlin/cam1/a.mp4") == "berlin"
    assert sites.of(f"{real}/nas/berlin2/a.mp4") == "bonn"
    assert sites.of(f"{real}/nas2/a.mp4") == ""
    assert Sites({"/": "everywhere"}).of("/a.mp4") == "everywhere"
    assert Sites({}).of("/a.mp4") == ""


@pytest.mark.parametrize(
    ("site", "gpus", "sentence"),
    [
        ("", 0, "no machine of the Ray cluster has a processor for a video; start one"),
        (
            "berlin",
            0,
            "no machine of the Ray cluster with the label site=berlin has a processor for a video; start one by "
            "`ray start --labels site=berlin`, or change ray_sites in your settings",
        ),
        (
            "",
            0.5,
            "no machine of the Ray cluster has a processor and 0.5 of a GPU for a video; start one, or change "
            "ray_gpus_per_video in your settings",
        ),
    ],
)
def test_that_nobody_can_read_them_is_said(site: str, gpus: float, sentence: str) -> None:
    assert Need("a video", site, gpus).without_a_machine == sentence
