"""Events are listed, removed, tried on one video; what a file no longer defines goes; unknown names are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

import indexer
from query.engine import Engine
from query.events import Event, watch
from query.events.moments import stored_moments
from query.events.parts import parts_of, to_json
from tests.conftest import Program

SUNSET = "[{}]\nprompts = ['a sunset over the sea']\ncounter = ['snowy mountains']\nthreshold = 0.5\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.toml"
    path.write_text(SUNSET.format("sunset") + SUNSET.format("evening"))
    return path


def test_what_a_file_no_longer_defines_goes_and_what_others_define_stays(engine: Engine, tmp_path: Path) -> None:
    event = Event(prompts=("a sunset over the sea",), threshold=0.5)
    watch(engine, {"sunset": event, "evening": event}, source=tmp_path / "one.toml")
    watch(engine, {"dusk": event}, source=tmp_path / "other.toml")
    watch(engine, {"by hand": event})
    watch(engine, {"sunset": event}, source=tmp_path / "one.toml")
    assert set(stored_moments(engine)) == {"sunset", "dusk", "by hand"}


def test_events_are_listed_and_removed(engine: Engine, program: Program, file: Path) -> None:
    at = ("--catalog", engine.catalog.folder, "events")
    assert "no event was looked for yet" in program(*at, "list").stderr
    assert program(*at, file).returncode == 0
    listed = json.loads(program(*at, "list", "--json").stdout)
    assert [(each["event"], each["file"]) for each in listed] == [("evening", str(file)), ("sunset", str(file))]
    assert all(each["alerts"] == each["unread"] > 0 for each in listed)
    assert all(each["only"] is None for each in listed)
    assert json.loads(program(*at, "list", "sunset", "--json").stdout) == listed[1:]
    unknown = program(*at, "list", "moon")
    assert (unknown.returncode, "there are: evening, sunset" in unknown.stderr) == (2, True)
    wrong = program(*at, "remove", "sunset", "moon")
    assert (wrong.returncode, "there are: evening, sunset" in wrong.stderr) == (2, True)
    assert program(*at, "remove", "sunset").returncode == 0
    assert [line.split("\t")[0] for line in program(*at, "list").stdout.splitlines()] == ["evening"]


def test_unknown_names_are_refused_with_those_there_are(engine: Engine, program: Program, file: Path) -> None:
    at = ("--catalog", engine.catalog.folder, "events")
    program(*at, file)
    for option, said in (("--event", "there are: evening, sunset"), ("--camera", ", cam01")):
        told = program(*at, option, "moon")
        assert (told.returncode, said in told.stderr) == (2, True), told.stderr
    file.write_text(SUNSET.format("sunset") + "[sunset.suspicious.bank]\ncameras = ['bank*']\n")
    told = program(*at, file)
    assert told.returncode == 2
    assert f"{file}, line 6, [sunset.suspicious.bank], cameras: no camera is called 'bank*'; there are: " in told.stderr


def test_an_event_is_tried_on_one_video(engine: Engine, program: Program, file: Path, tmp_path: Path) -> None:
    at = ("--catalog", engine.catalog.folder, "events", "test", "sunset", "--video")
    assert program(*at, "holiday.mp4").returncode == 2  # nobody knows the event yet
    drawn = program(*at, "holiday.mp4", "--file", file, "--out", tmp_path / "parts.png")
    assert drawn.returncode == 0, drawn.stderr
    assert Image.open(tmp_path / "parts.png").width == 1400
    assert not stored_moments(engine)
    program("--catalog", engine.catalog.folder, "events", file)
    parts = json.loads(program(*at, "holiday.mp4", "--json").stdout)
    stored = {(m.start, m.score) for m, _ in stored_moments(engine)["sunset"] if m.video.endswith("holiday.mp4")}
    assert {(each["start"], round(each["score"], 6)) for each in parts["alerts"]} == {
        (start, round(score, 6)) for start, score in stored
    }
    for row in parts["keyframes"]:  # a threshold of one half and no context: the score is the difference of the parts
        assert row["score"] == pytest.approx(row["event"] - row["likeliest confusion of event"], abs=2e-3)
    missing = program(*at, "nowhere.mp4")
    assert (missing.returncode, "no video 'nowhere.mp4' in the catalog" in missing.stderr) == (2, True)


def test_a_video_is_tried_by_the_name_of_any_of_its_files(engine: Engine, tmp_path: Path, file: Path) -> None:
    with engine.catalog.snapshot() as snapshot:
        first = next(video for video in snapshot.video_facts() if video.path.endswith("holiday.mp4"))
    copy = tmp_path / "copied" / "another name.mp4"
    copy.parent.mkdir()
    shutil.copyfile(first.path, copy)
    indexer.index(engine.catalog, [copy.parent])
    by_copy, by_name, by_first = (
        parts_of(engine, "sunset", path, file) for path in (str(copy), "another name.mp4", first.path)
    )
    assert to_json(by_copy) == to_json(by_name) == to_json(by_first)


def test_the_list_says_where_alone_an_event_counts(engine: Engine, program: Program, file: Path) -> None:
    at = ("--catalog", engine.catalog.folder, "events")
    file.write_text(SUNSET.format("sunset") + "[sunset.only]\ncameras = ['cam01']\nhours = '21:00-06:00'\n")
    assert program(*at, file).returncode == 0
    (listed,) = json.loads(program(*at, "list", "--json").stdout)
    assert listed["only"] == {"cameras": ["cam01"], "hours": "21:00-06:00", "prompts": []}
    assert program(*at, "list").stdout.rstrip("\n").endswith(f"\t{file}\tcam01, 21:00-06:00")
    file.write_text(SUNSET.format("sunset"))  # changed since: what it says now isn't what was looked for
    (listed,) = json.loads(program(*at, "list", "--json").stdout)
    assert listed["only"] is None
