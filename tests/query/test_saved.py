"""Saved searches report what is new, once."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path

import pytest

import framescout
import indexer
from framescout import settings
from framescout.catalog import Catalog
from framescout.errors import FramescoutError
from query.engine import Engine
from query.saved import run
from tests.conftest import Program


@pytest.fixture
def footage(landscapes: Path, tmp_path: Path) -> Path:
    """One video of mountains; more may come."""
    folder = tmp_path / "footage"
    folder.mkdir()
    shutil.copy(landscapes / "mountain_tour.mp4", folder)
    return folder


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_only_what_came_since_is_reported_and_only_once(
    catalog: Catalog, footage: Path, landscapes: Path, program: Program
) -> None:
    at = ("--catalog", catalog.folder)
    indexer.index(catalog, [footage])
    assert program(*at, "searches", "save", "sea", "sunset over the sea").returncode == 0
    assert program(*at, "searches", "save", "peaks", "mountains", "--past").returncode == 0
    listed = json.loads(program(*at, "searches", "--json").stdout)
    assert [each["name"] for each in listed] == ["peaks", "sea"]
    for written in (("list", "--json"), ("--json", "list")):
        assert json.loads(program(*at, "searches", *written).stdout) == listed
    assert program(*at, "searches", "list", "sea").stdout == "sea\t'sunset over the sea'\n"
    shutil.copy(landscapes / "evening_at_the_sea.mp4", footage)
    first = program(*at, "index", footage, "--quiet")
    assert first.returncode == 0
    assert {(line["search"], Path(str(line["video"])).name) for line in lines(first.stdout)} == {
        ("sea", "evening_at_the_sea.mp4"),
        ("peaks", "mountain_tour.mp4"),
    }
    assert program(*at, "searches", "run").stdout == ""
    (footage / "evening_at_the_sea.mp4").rename(footage / "moved.mp4")
    assert program(*at, "index", footage, "--quiet").stdout == ""


def test_a_program_gets_the_lines_and_gets_them_again_after_it_failed(
    catalog: Catalog, footage: Path, program: Program, tmp_path: Path
) -> None:
    indexer.index(catalog, [footage])
    at, taken = ("--catalog", catalog.folder), tmp_path / "taken.jsonl"
    script = f"import sys; open({str(taken)!r}, 'a').write(sys.stdin.read()); sys.exit({{code}})"
    for code in (3, 0):
        command = shlex.join([sys.executable, "-c", script.format(code=code)])
        saved = program(*at, "searches", "save", "peaks", "mountains", "--past", "--exec", command)
        assert saved.returncode == 0
        result = program(*at, "searches", "run", "peaks")
        assert result.returncode == (1 if code else 0)
        assert ("ended with 3" in result.stderr) == bool(code)
    given = taken.read_text().splitlines()
    half = len(given) // 2
    assert given[:half] == given[half:] != []
    assert program(*at, "searches", "run").returncode == 0
    assert taken.read_text().splitlines() == given


def test_another_model_makes_nothing_new(catalog: Catalog, footage: Path, small_model: str) -> None:
    indexer.index(catalog, [footage])
    with catalog.snapshot() as snapshot:
        before = snapshot.next_keyframe_id()
    indexer.index(catalog, [footage], settings=settings.load(model=small_model))
    with catalog.snapshot() as snapshot:
        for model in snapshot.models():
            assert len(snapshot.space(model).ranges_since(before)) == 0
            assert len(snapshot.space(model).ranges_since(0)) == 1


def test_a_search_that_fails_is_not_marked(catalog: Catalog, footage: Path) -> None:
    catalog.saved_searches.save("gone", {"text": "x", "cameras": ["cam9"]}, None, 0)
    indexer.index(catalog, [footage])
    with pytest.raises(FramescoutError, match="cam9"):
        run(Engine(catalog), catalog.saved_searches.all()[0], lambda *_: None)
    assert catalog.saved_searches.all()[0].seen_below == 0


def test_a_search_that_fails_after_an_index_run_is_named_and_does_not_fail_it(
    catalog: Catalog, footage: Path, program: Program
) -> None:
    for name, query in (("gone", {"text": "x", "cameras": ["cam9"]}), ("peaks", {"text": "mountains"})):
        catalog.saved_searches.save(name, query, None, 0)
    ran = program("--catalog", catalog.folder, "index", footage, "--quiet")
    assert ran.returncode == 0
    assert "framescout: gone: " in ran.stderr
    assert "cam9" in ran.stderr
    assert {line["search"] for line in lines(ran.stdout)} == {"peaks"}
    assert json.loads(program("--catalog", catalog.folder, "index", footage, "--json").stdout)["unchanged"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["save", "x", "dog", "--exec", "'"], "no command"),
        (["save", "x", "dog", "--exec", ""], "empty"),
        (["save", "x", "dog", "--page", "2"], "--page"),
        (["save", "x"], "nothing to search for"),
        (["run", "nowhere"], "no saved search 'nowhere'"),
        (["remove", "nowhere"], "no saved search 'nowhere'"),
        (["list", "nowhere"], "no saved search 'nowhere'; saved are: none"),
        (["lst"], "No such command 'lst'"),
    ],
)
def test_mistakes_are_one_sentence_and_save_nothing(
    catalog: Catalog, program: Program, arguments: list[str], said: str
) -> None:
    result = program("--catalog", catalog.folder, "searches", *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert framescout.open(catalog.folder).saved_searches.all() == []
