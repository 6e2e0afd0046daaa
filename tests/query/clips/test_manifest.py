import csv
import io
import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.errors import NotAvailableError, UsageError
from query.answer import Answer, Moment
from query.clips.clip import Clip
from query.clips.manifest import as_csv, as_json, read_moments

TIMES = st.floats(0, 1e6).map(lambda value: round(value, 6))
RECORDED = datetime(2026, 2, 14, 22, 15, tzinfo=UTC)
MOMENT = Moment("/a/b.mp4", 7, "door", RECORDED, 12.0, 18.4, 15.2, 0.31, 0.87, 4711)


@settings(max_examples=50, deadline=None)
@given(st.lists(TIMES, min_size=3, max_size=3).map(sorted), st.text(min_size=1).filter(lambda t: "\0" not in t))
def test_what_a_search_prints_comes_back_as_it_was(tmp_path_factory, times, camera):
    start, peak, end = times
    moment = Moment("/a/b.mp4", 7, camera, RECORDED, start, end, peak, 0.31, 0.87, 4711)
    answer = Answer({"text": "a fence"}, "starter", 10, True, (moment,))
    path = tmp_path_factory.mktemp("search") / "moments.json"
    path.write_text(json.dumps(answer.to_json()))
    assert read_moments(path) == ({"text": "a fence"}, [moment])


def test_a_bare_list_with_the_least_is_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.json").write_text('[{"video": "a.mp4", "start": 1, "end": 3}]')
    query, (moment,) = read_moments(tmp_path / "m.json")
    assert query == {}
    assert (moment.video, moment.start, moment.peak) == (str(tmp_path / "a.mp4"), 1.0, 2.0)


def test_a_dash_reads_what_is_piped_in(monkeypatch):
    piped = io.TextIOWrapper(io.BytesIO(b'[{"video": "/a.mp4", "start": 1, "end": 3}]'))
    monkeypatch.setattr("sys.stdin", piped)
    assert len(read_moments("-")[1]) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("not json", "no JSON"),
        ("[NaN]", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("3", "no list of moments"),
        ("{}", "no list of moments"),
        ('{"moments": {}}', "no list of moments"),
        ('{"query": 3, "moments": []}', "query"),
        ('{"clips": []}', "manifest of an export"),
        ("[3]", r"moments\[0\]"),
        ('[{"start": 1, "end": 2}]', r"moments\[0\].*video"),
        ('[{"video": "a", "start": 1}]', r"moments\[0\].*end"),
        ('[{"video": "a", "start": "1", "end": 2}]', r"moments\[0\].*start"),
        ('[{"video": "a", "start": -1, "end": 2}]', r"moments\[0\].*start"),
        ('[{"video": "a", "start": 1e400, "end": 2}]', r"m\.json"),
        ('[{"video": "a", "start": 3, "end": 2}]', r"moments\[0\].*before it starts"),
        ('[{"video": "a\\u0000", "start": 1, "end": 2}]', r"moments\[0\].*null"),
        ('[{"video": "", "start": 1, "end": 2}]', r"moments\[0\].*video"),
        ('[{"video": "a", "start": 1, "end": 2, "confidence": 7}]', r"moments\[0\].*confidence"),
        ('[{"video": "a", "start": 1, "end": 2}, {"video": ["a"], "start": 1, "end": 2}]', r"moments\[1\]"),
    ],
)
def test_anything_else_is_refused_and_the_place_is_named(tmp_path, text, said):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        read_moments(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotAvailableError, match=r"gone\.json"):
        read_moments(tmp_path / "gone.json")


def test_the_manifests_hold_the_clips_times_and_the_moments_fields():
    clips = [Clip("b_0-00-11.960.mp4", 11.96, 18.44, MOMENT)]
    entry = json.loads(as_json({"text": "a fence"}, clips))["clips"][0]
    assert entry == MOMENT.to_json() | {"file": "b_0-00-11.960.mp4", "start": 11.96, "end": 18.44}
    (row,) = csv.DictReader(io.StringIO(as_csv(clips)))
    assert {name: str(value) for name, value in entry.items()} == row


def test_a_table_program_takes_no_name_for_a_formula():
    risky = Moment("/a.mp4", 7, '=HYPERLINK("x")', None, 1.0, 2.0, 1.5, 0.3, 0.8, 1)
    (row,) = csv.DictReader(io.StringIO(as_csv([Clip("a.mp4", 1.0, 2.0, risky)])))
    assert row["camera"].startswith("'=")


def test_a_path_that_is_no_utf8_survives():
    path = os.fsdecode(b"/a/\xff.mp4")
    moment = Moment(path, 7, None, None, 1.0, 2.0, 1.5, 0.3, 0.8, 1)
    text = as_json({}, [Clip("a.mp4", 1.0, 2.0, moment)])
    assert json.loads(text.encode())["clips"][0]["video"] == path


def test_a_path_that_is_no_utf8_comes_back_from_a_search(tmp_path):
    moment = Moment(os.fsdecode(b"/a/\xff.mp4"), 7, None, None, 1.0, 2.0, 1.5, 0.3, 0.8, 1)
    path = tmp_path / "moments.json"
    path.write_text(json.dumps(Answer({}, "starter", 1, True, (moment,)).to_json()))
    assert read_moments(path) == ({}, [moment])
