"""`framescout config` says where each setting comes from; files are found by themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import framescout
from framescout import settings
from framescout.cli import main


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog's folder; the person's settings lie in a folder of their own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings.own_file().parent.mkdir(parents=True)
    (tmp_path / "catalog").mkdir()
    return tmp_path / "catalog"


def told(*arguments: str) -> dict[str, tuple[object, str]]:
    said = CliRunner().invoke(main, ["config", "--json", *arguments])
    assert said.exit_code == 0, said.output
    return {name: (each["value"], each["from"]) for name, each in json.loads(said.stdout).items()}


def test_each_value_and_where_it_comes_from(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.own_file().write_text('density = "fast"\ntimezone = "Europe/Berlin"\nworkers = 2\n')
    (at / settings.FILE).write_text('timezone = "Asia/Tokyo"\nworkers = 3\n')
    monkeypatch.setenv("FRAMESCOUT_WORKERS", "4")
    found = told("--catalog", str(at))
    assert list(found) == list(settings.Settings.__struct_fields__)
    assert found["density"] == ("fast", str(settings.own_file()))
    assert found["timezone"] == ("Asia/Tokyo", str(at / settings.FILE))
    assert found["workers"] == (4, "environment")
    assert found["batch"] == (0, "default")
    assert framescout.open(at).settings.timezone == "Asia/Tokyo"


def test_a_named_file_takes_the_place_of_those_that_are_found(at: Path) -> None:
    settings.own_file().write_text('density = "fast"\n')
    (at / settings.FILE).write_text("workers = 3\n")
    found = told("--catalog", str(at), "--config", "overnight.toml")
    assert found["density"][0] == "thorough"
    assert found["density"][1].endswith("overnight.toml")
    assert found["workers"] == (0, "default")


def test_the_older_name_of_the_persons_file_still_counts(at: Path) -> None:
    older = settings.own_file().with_name("config.toml")
    older.write_text('density = "fast"\n')
    assert told("--catalog", str(at))["density"] == ("fast", str(older))
    older.with_name(settings.FILE).write_text('density = "thorough"\n')
    assert told("--catalog", str(at))["density"][0] == "thorough"


def test_a_catalogs_file_names_no_program(at: Path) -> None:
    (at / settings.FILE).write_text('ffmpeg = "/tmp/anything"\n')
    for command in (["config"], ["status"], ["index", str(at)], ["export", "a dog"], ["doctor"]):
        said = CliRunner().invoke(main, ["--catalog", str(at), *command])
        assert said.exit_code in (2, 3)
        assert "names a program (ffmpeg), which only your own" in said.output


def test_a_mistake_in_a_found_file_is_named_with_its_place(at: Path) -> None:
    (at / settings.FILE).write_text('densty = "fast"\n')
    said = CliRunner().invoke(main, ["--catalog", str(at), "config"])
    assert said.exit_code == 2
    assert f"{at / settings.FILE}: there is no setting 'densty'; did you mean density?" in said.stderr


def test_lines_with_tabs_where_no_terminal_is(at: Path) -> None:
    said = CliRunner().invoke(main, ["--catalog", str(at), "config"])
    assert said.stdout.splitlines()[0] == 'model\t"starter"\tdefault'
