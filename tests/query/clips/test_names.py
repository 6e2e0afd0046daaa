import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from query.clips.names import RESERVED, clip_name, key, plain

ANY_TEXT = st.text(st.characters(), max_size=300)


def test_a_name_says_the_video_and_the_time():
    assert clip_name("/footage/cam01.mp4", 75.5, ".mp4", set()) == "cam01_0-01-15.500.mp4"


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT, st.floats(0, 1e6))
@example("CON", 0.0)
@example("nul.backup", 0.0)
@example("com¹", 0.0)
@example("..", 0.0)
@example("trailing. ", 0.0)
@example("b\udcffd", 0.0)
@example("\u202egnp.exe", 0.0)
@example("漢" * 300, 0.0)
def test_a_name_is_one_plain_component_on_every_system(stem, start):
    name = clip_name(f"/footage/{stem}.mp4", start, ".mp4", set())
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert name not in {".", ".."}
    assert len(name.encode()) <= 150
    assert not name.startswith((".", "-", " ", "~"))
    assert not set('<>:"/\\|?*') & set(name)
    assert all(unicodedata.category(letter) not in {"Cc", "Cs"} for letter in name)
    assert not PureWindowsPath(name).is_reserved()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["cam", "CAM", "Cam", "straße", "STRASSE", "é", "e\u0301", "ﬁ", "fi"]), max_size=9))
def test_no_two_names_meet_even_where_case_and_accents_are_one(stems):
    taken = {key(name) for name in RESERVED}
    names = [clip_name(f"/{number}/{stem}.mp4", 1.0, ".mp4", taken) for number, stem in enumerate(stems)]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names)
    assert len({unicodedata.normalize("NFKC", name).upper() for name in names}) == len(names)


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_name_is_never_given(name):
    assert key(name.upper()) in {key(reserved) for reserved in RESERVED}
    assert clip_name(f"/{Path(name).stem}", 0, Path(name).suffix, {key(name)}) != name


def test_nothing_left_of_a_name_still_names():
    assert plain("...") == "clip"
