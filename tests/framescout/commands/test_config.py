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
    (at / settings.FILE).write_text('density = "thorough"\n')
    found = told("--catalog", str(at), "--config", "gpu.toml")
    assert found["decode_on"][0] == "cuda"
    assert found["decode_on"][1].endswith("gpu.toml")
    assert found["density"] == ("balanced", "default")


def test_the_older_name_of_the_persons_file_still_counts(at: Path) -> None:
    older = settings.own_file().with_name("config.toml")
    older.write_text('density = "fast"\n')
    assert told("--catalog", str(at))["density"] == ("fast", str(older))
    older.with_name(settings.FILE).write_text('density = "thorough"\n')
    assert told("--catalog", str(at))["density"][0] == "thorough"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('ffmpeg = "/tmp/anything"', "a program (ffmpeg)"),
        ('ray = "192.0.2.1:6379"', "other machines (ray)"),
        ('ray_sites = {"/nas" = "berlin"}', "other machines (ray_sites)"),
        ("ray_gpus_per_video = 1", "other machines (ray_gpus_per_video)"),
        ('vectors = "s3://another/place"', "a place for vectors (vectors)"),
    ],
)
def test_a_catalogs_file_names_no_program_and_no_machine(line: str, what: str, at: Path) -> None:
    (at / settings.FILE).write_text(f"{line}\n")
    for command in (["config"], ["status"], ["index", str(at)], ["export", "a dog"], ["doctor"]):
        said = CliRunner().invoke(main, ["--catalog", str(at), *command])
        assert said.exit_code in (2, 3)
        assert f"names {what}, which only your own" in said.output


def test_the_persons_file_says_where_the_catalog_is(at: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "there"
    for folder in (at, there):
        framescout.open(folder)
    settings.own_file().write_text(f"catalog = {json.dumps(str(there))}\n")
    found = told()
    assert found["catalog"] == (str(there), str(settings.own_file()))
    assert status_of() == str(there)
    assert status_of("--catalog", str(at)) == str(at)
    named = tmp_path / "named.toml"
    named.write_text(f"catalog = {json.dumps(str(at))}\n")
    assert status_of("--config", str(named)) == str(at)
    monkeypatch.setenv("FRAMESCOUT_CATALOG", str(there))
    assert status_of("--config", str(named)) == str(there)


def status_of(*chosen: str) -> str:
    """The catalog that `status` reads."""
    said = CliRunner().invoke(main, [*chosen, "status", "--json"])
    assert said.exit_code == 0, said.output
    return str(json.loads(said.stdout)["catalog"])


def test_a_catalogs_own_file_names_no_catalog(at: Path) -> None:
    (at / settings.FILE).write_text('catalog = "/elsewhere"\n')
    said = CliRunner().invoke(main, ["--catalog", str(at), "config"])
    assert said.exit_code == 2
    assert "names a catalog (catalog), which only your own" in said.output


@pytest.mark.parametrize("command", [["config"], ["config", "--json"], ["status"], ["search", "a dog"]])
@pytest.mark.parametrize("address", ["postgresql://scout:hidden@db/archive", "postgresql://db/archive?password=hidden"])
def test_a_password_in_a_file_is_refused_and_not_printed(at: Path, command: list[str], address: str) -> None:
    settings.own_file().write_text(f'catalog = "{address}"\n')
    said = CliRunner().invoke(main, command)
    assert said.exit_code == 2
    assert "~/.pgpass" in said.output
    assert "hidden" not in said.output


def test_a_mistake_in_a_found_file_is_named_with_its_place(at: Path) -> None:
    (at / settings.FILE).write_text('densty = "fast"\n')
    said = CliRunner().invoke(main, ["--catalog", str(at), "config"])
    assert said.exit_code == 2
    assert f"{at / settings.FILE}: there is no setting 'densty'; did you mean density?" in said.stderr


def test_lines_with_tabs_where_no_terminal_is(at: Path) -> None:
    said = CliRunner().invoke(main, ["--catalog", str(at), "config"])
    assert said.stdout.splitlines()[0] == 'model\t"starter"\tdefault'
