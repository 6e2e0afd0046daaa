"""`framescout roots`: an existing catalog is taken over, and serves machines that mount its footage elsewhere."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import framescout
import indexer
import query
from framescout import settings
from framescout.catalog import Catalog
from framescout.cli import main
from framescout.commands.roots import with_root
from framescout.errors import NotAvailableError, Reason
from framescout.recording import Said
from indexer.verify import check
from tests.conftest import Place
from tests.footage import make
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import make_indexed

TABLES = (
    "", "# mine\n", 'density = "fast"\n', '[roots]\nother = "/o"\n\n# of what comes next\n',
    '[roots] # x\narchive = "/old" # y\n', "['roots']\n# z\n", 'roots.other = "/o"\n', 'roots = { other = "/o" }\n',
    'density = "fast"\r\n[roots]\r\nother = "/o"\r\n',
)  # fmt: skip


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's file of settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings.own_file().parent.mkdir(parents=True)
    return settings.own_file()


def run(catalog: Catalog, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--catalog", str(catalog.store), *arguments])


def opened(place: Place, **roots: str) -> Catalog:
    """As a machine opens it that has these roots."""
    return Catalog.open(place, settings=settings.load(roots=roots))


def paths(catalog: Catalog) -> list[str]:
    with catalog.snapshot() as snapshot:
        return sorted(snapshot.known_files())


def test_a_machine_finds_the_footage_at_its_own_place(place: Place) -> None:
    with Catalog.open(place).writer() as writer:
        model = writer.model("starter", "f1", 8)
        for path in ("/mnt/a/cam1/20260214_221500.mp4", "/mnt/a/caf\udce9.mp4", "/mnt/ab/x.mp4"):
            writer.commit_video(make_indexed(path, content_hash=ascii(path)), model)
        writer.quarantine("/mnt/a/bad.mp4", 1, 1, Reason.EMPTY, "")
    one, two = opened(place, archive="/mnt/a"), opened(place, archive="/Volumes/b")
    before = paths(one)
    with one.writer():
        pass
    assert {bytes(path) for (path,) in execute(place, "SELECT path FROM file")} == {
        b"archive:cam1/20260214_221500.mp4", b"archive:caf\xe9.mp4", b"/mnt/ab/x.mp4",
    }  # fmt: skip
    assert paths(one) == before
    assert paths(two) == sorted(path.replace("/mnt/a/", "/Volumes/b/") for path in before)
    with two.snapshot() as snapshot:
        assert [file.path for file in snapshot.quarantined()] == ["/Volumes/b/bad.mp4"]
        assert snapshot.checks.altered_files() == []
        assert snapshot.files_by_root() == {"archive": 2}
        assert snapshot.cameras() == ["cam1"]
    with two.writer() as writer:
        writer.mark_gone(["/Volumes/b/caf\udce9.mp4"])
        writer.offer_again(["/Volumes/b/bad.mp4"])
        writer.commit_video(replace(make_indexed("/Volumes/b/new.mp4"), density="fast"), model)
        writer.forget_file("/Volumes/b/cam1/20260214_221500.mp4")
        assert writer.prune() == ["/Volumes/b/caf\udce9.mp4"]
    assert paths(one) == ["/mnt/a/new.mp4", "/mnt/ab/x.mp4"]
    assert paths(opened(place)) == ["/mnt/ab/x.mp4", "archive:new.mp4"]


def test_what_was_said_of_a_folder_holds_on_every_machine(place: Place) -> None:
    one, two = opened(place, archive="/mnt/a"), opened(place, archive="/Volumes/b")
    one.say([Said(folder="/mnt/a/cam1", camera="yard"), Said(folder="/mnt/a"), Said(camera="gate", fast=1.0)])
    assert {each.folder for each in two.rules.said} == {"/Volumes/b/cam1", "/Volumes/b", None}
    assert two.rules.recording("/Volumes/b/cam1/x.mp4", {}, 1.0).camera == "yard"


def test_a_file_that_two_machines_have_indexed_is_one(place: Place) -> None:
    with opened(place, archive="/mnt/a").writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.commit_video(make_indexed("/mnt/a/x.mp4", content_hash="same"), model)
    with opened(place).writer() as writer:
        writer.commit_video(make_indexed("/Volumes/b/x.mp4", content_hash="same"), model)
    with opened(place, archive="/Volumes/b").writer():
        pass
    assert paths(opened(place)) == ["archive:x.mp4"]


def test_a_row_that_fails_its_seal_is_not_sealed_anew(place: Place) -> None:
    with opened(place).writer() as writer:
        writer.commit_video(make_indexed("/mnt/a/x.mp4"), writer.model("starter", "f1", 8))
    execute(place, "UPDATE file SET size_bytes = 7")
    catalog = opened(place, archive="/mnt/a")
    with catalog.writer(), catalog.snapshot() as snapshot:
        assert snapshot.checks.altered_files() == ["/mnt/a/x.mp4"]


def test_an_existing_catalog_is_taken_over_and_moves_to_another_mount(
    tmp_path: Path, catalog: Catalog, config: Path
) -> None:
    (tmp_path / "one" / "cam1").mkdir(parents=True)
    make.numbered(tmp_path / "one" / "cam1", "a.mp4")
    indexer.index(catalog, [tmp_path / "one"])
    said = run(catalog, "roots", "add", "archive", str(tmp_path / "one"))
    assert said.exit_code == 0, said.output
    assert "files that are stored by that name: 1, of these 1 since now" in said.stderr
    assert tomllib.loads(config.read_text()) == {"roots": {"archive": str(tmp_path / "one")}}
    assert run(catalog, "roots").stdout == f"archive\t{tmp_path / 'one'}\t1\n"
    assert "1 unchanged" in run(catalog, "index", str(tmp_path / "one")).stderr

    shutil.move(tmp_path / "one", tmp_path / "two")  # as another machine mounts it
    config.write_text("")
    nowhere = framescout.open(tmp_path / "catalog")
    assert [problem.kind for problem in check(nowhere)] == ["root"]
    answer = query.search(nowhere, "a number")
    assert answer.moments[0].video == "archive:cam1/a.mp4"
    with pytest.raises(NotAvailableError, match="its root archive has no place on this machine; name it with"):
        query.export(answer.moments, tmp_path / "clips")
    assert "gone" not in run(nowhere, "index", str(tmp_path / "two" / "cam1" / "a.mp4"), "--dry-run").stderr

    assert run(catalog, "roots", "add", "archive", str(tmp_path / "two")).exit_code == 0
    there = framescout.open(tmp_path / "catalog")
    assert check(there) == []
    assert "1 unchanged" in run(there, "index", str(tmp_path / "two")).stderr
    (clip,) = query.export(query.search(there, "a number", limit=1).moments, tmp_path / "clips")
    assert (tmp_path / "clips" / clip.file).is_file()
    status = json.loads(run(there, "status", "--json").stdout)
    assert (status["videos"], status["gone"]) == (1, 0)


def test_every_command_reads_the_roots_from_a_file_that_is_named(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "one").mkdir()
    make.numbered(tmp_path / "one", "a.mp4")
    named = tmp_path / "here.toml"
    named.write_text(f"[roots]\narchive = {json.dumps(str(tmp_path / 'one'))}\n")
    at = ("--config", str(named))
    assert run(catalog, *at, "index", str(tmp_path / "one"), "--quiet").exit_code == 0
    said = {}
    for command in ("verify", "search x", "status", "show 1", "prune --dry-run", "searches list", "cameras", "log"):
        result = run(catalog, *at, *command.split())
        assert result.exit_code == 0, (command, result.output)
        said[command] = result.output
    assert {command: words for command, words in said.items() if "archive:" in words or "no place" in words} == {}
    assert all(str(tmp_path / "one" / "a.mp4") in said[command] for command in ("search x", "show 1"))
    assert "archive:a.mp4" in run(catalog, "search", "x").stdout


def test_what_can_not_be_a_root_is_refused_and_nothing_is_written(tmp_path: Path, config: Path) -> None:
    catalog = framescout.open(tmp_path / "catalog")
    (tmp_path / "one" / "in").mkdir(parents=True)
    assert run(catalog, "roots", "add", "archive", str(tmp_path / "one")).exit_code == 0
    before = config.read_text()
    for name, folder in (("Archive", "one"), ("night", "one/in"), ("other", "one")):
        assert run(catalog, "roots", "add", name, str(tmp_path / folder)).exit_code == 2
    assert run(catalog, "roots", "add", "more", str(tmp_path / "nowhere")).exit_code == 2
    assert config.read_text() == before
    (catalog.folder / settings.FILE).write_text('[roots]\nother = "/o"\n')
    said = run(catalog, "roots", "add", "more", str(tmp_path / "config"))
    assert said.exit_code == 2
    assert "says otherwise of the roots" in " ".join(said.stderr.split())


@given(st.sampled_from(TABLES), st.sampled_from(("", "\n", "\n[other]\nx = 1\n")), st.text(min_size=1))
def test_the_rest_of_the_file_stays_as_it_is(head: str, tail: str, path: str) -> None:
    before = head + tail
    after = with_root(before, "archive", path)
    known = tomllib.loads(before)
    assert tomllib.loads(after) == known | {"roots": known.get("roots", {}) | {"archive": path}}
    kept = [line for line in before.split("\n") if not line.startswith(("archive", "roots = "))]
    left = iter(after.split("\n"))
    assert [line for line in kept if line not in left] == []  # each of them behind the one before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[roots]\narchive = "/old"  # the NAS\n', '[roots]\narchive = "/new"  # the NAS\n'),
        (
            '[roots]\no = "/o"\n\n# sites\n[ray_sites]\n"/o" = "home"\n',
            '[roots]\no = "/o"\narchive = "/new"\n\n# sites\n[ray_sites]\n"/o" = "home"\n',
        ),
    ],
    ids=["beside the root", "above the next table"],
)
def test_a_comment_stays_where_it_belongs(before: str, after: str) -> None:
    assert with_root(before, "archive", "/new") == after


def test_a_file_of_settings_that_is_a_link_stays_one_and_keeps_its_mode(
    tmp_path: Path, catalog: Catalog, config: Path
) -> None:
    theirs = tmp_path / "dotfiles.toml"
    theirs.write_bytes(b"# mine\r\n")
    theirs.chmod(0o606)  # which a usual umask would change
    config.symlink_to(theirs)
    said = run(catalog, "roots", "add", "archive", str(tmp_path))
    assert said.exit_code == 0, said.output
    assert config.is_symlink()
    assert theirs.read_bytes().startswith(b"# mine\r\n")
    assert tomllib.loads(theirs.read_text()) == {"roots": {"archive": str(tmp_path)}}
    assert theirs.stat().st_mode & 0o777 == 0o606
    assert [*config.parent.iterdir()] == [config]
