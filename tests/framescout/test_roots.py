"""Roots turn this machine's paths into stored ones and back; what would be read as something else is refused."""

from __future__ import annotations

import contextlib
import os
from itertools import permutations
from pathlib import Path, PurePath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framescout.errors import UsageError
from framescout.roots import Roots, check_roots, root_of

NAMES = st.text(st.sampled_from("ab :.\udcff-é"), min_size=1, max_size=5)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))


@example("/a", ["/."])
@given(PATHS, st.lists(PATHS, min_size=1, max_size=2, unique=True))
def test_every_path_comes_back_as_it_was(path: str, places: list[str]) -> None:
    roots = Roots(dict(zip(("one", "two"), places, strict=False)))
    real = [place.rstrip("/") for place in roots.places.values()]  # "" where the whole machine is one root
    for whole in (path, *roots.places.values(), *(f"{place}{path}" for place in real)):
        stored = roots.stored(whole)
        assert roots.here(stored) == whole
        is_below = any(f"{whole}/".startswith(f"{place}/") for place in real)
        assert (root_of(stored) in roots.places) == is_below
        assert is_below or stored == whole


def test_another_machine_finds_the_same_file_at_its_own_place() -> None:
    stored = Roots({"archive": "/mnt/archive"}).stored("/mnt/archive/cam1/a: b.mp4")
    assert stored == "archive:cam1/a: b.mp4"
    assert Roots({"archive": "/Volumes/x"}).here(stored) == "/Volumes/x/cam1/a: b.mp4"
    assert Roots({"other": "/Volumes/x"}).here(stored) == Roots().here(stored) == stored


def test_links_in_a_root_are_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    assert Roots({"archive": str(tmp_path / "link")}).stored(str(tmp_path / "disk" / "a.mp4")) == "archive:a.mp4"


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ({"c": "/mnt"}, "is no name of a root"),
        ({"Archive": "/mnt"}, "is no name of a root"),
        ({"a:b": "/mnt"}, "is no name of a root"),
        ({"archive": "mnt"}, "needs an absolute path"),
        ({"archive": "/mnt", "night": "/mnt/night"}, "lies within"),
        ({"archive": "/mnt", "night": "/mnt"}, "lies within"),
        ({"archive": "/mnt/night", "night": "/"}, "lies within"),
        ({"archive": "/mnt/cam", "old": "/mnt/cam-old", "day": "/mnt/cam/day"}, "day lies within the root archive"),
    ],
)
def test_what_would_be_ambiguous_is_refused(places: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_roots(places)


@example(["/a", "/a-b", "/a/b"])
@example(["/", "/a"])
@given(st.lists(PATHS, min_size=2, max_size=5))
def test_roots_are_refused_where_any_two_of_them_are_nested(places: list[str]) -> None:
    real = [PurePath(os.path.realpath(place)) for place in places]
    is_nested = any(one.is_relative_to(other) for one, other in permutations(real, 2))
    with pytest.raises(UsageError, match="lies within") if is_nested else contextlib.nullcontext():
        check_roots({f"root{number}": place for number, place in enumerate(places)})


def test_neighbours_whose_names_begin_alike_are_two_places() -> None:
    check_roots({"one": "/mnt/archive", "two": "/mnt/archive-2"})
    assert Roots({"one": "/mnt/archive"}).stored("/mnt/archive-2/a.mp4") == "/mnt/archive-2/a.mp4"
