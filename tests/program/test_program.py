"""The real command in a process of its own: exit codes, what goes where, what is loaded."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from msgspec.structs import asdict

import framescout
import indexer
from framescout import vectors
from framescout.catalog import Catalog
from framescout.cli import COMMANDS
from framescout.commands.demo import QUESTION
from tests.conftest import Program, program_path
from tests.footage import make


@pytest.fixture(scope="session")
def indexed_once(tmp_path_factory: pytest.TempPathFactory, towers: Path, landscapes: Path) -> Path:
    """The folder of a catalog of the landscapes; nobody writes to it."""
    folder = tmp_path_factory.mktemp("indexed") / "catalog"
    shutil.copytree(towers, folder / "cache", copy_function=os.link)
    indexer.index(framescout.open(folder), [landscapes])
    return folder


@pytest.fixture
def indexed(indexed_once: Path, tmp_path: Path) -> Catalog:
    """A copy of one's own of the catalog of the landscapes."""
    folder = tmp_path / "indexed"
    shutil.copytree(indexed_once, folder, ignore=shutil.ignore_patterns("cache"))
    shutil.copytree(indexed_once / "cache", folder / "cache", copy_function=os.link)
    return framescout.open(folder)


def test_help_lists_every_command_with_a_sentence(program: Program) -> None:
    said = program("--help")
    assert said.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in said.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    from click.testing import CliRunner

    from framescout.cli import main

    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert "Exit status" in result.output or name in ("models", "retry", "prune")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["serch", "x"], 2, "Did you mean search"),
        (["search"], 2, "nothing to search for"),
        (["search", ""], 2, "nothing to search for"),
        (["search", "x", "--limit", "0"], 2, "--limit"),
        (["search", "x", "--min-confidence", "7"], 2, "between 0 and 1"),
        (["search", "x", "--config", "nowhere.toml"], 3, "nowhere.toml"),
        (["search", "x", "--like", "holiday.mp4@999"], 2, "0:00:18.0 long"),
        (["index", "/nowhere/at/all"], 3, "/nowhere/at/all"),
        (["index", ".", "--until", "25:99"], 2, "time of day"),
        (["index", ".", "--model", "startr"], 3, "did you mean starter"),
        (["--config", "nowhere.toml", "index", "."], 3, "nowhere.toml"),
        (["export"], 2, "nothing to search for"),
        (["export", "x", "--from", "y"], 2, "one of these"),
        (["export", "--from", "/nowhere.json"], 3, "/nowhere.json"),
    ],
)
def test_a_mistake_is_one_sentence_and_its_exit_code(
    indexed: Catalog, program: Program, arguments: list[str], code: int, said: str
) -> None:
    result = program("--catalog", indexed.folder, *arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_options_of_the_program_are_taken_behind_the_command_too(
    indexed: Catalog, program: Program, tmp_path: Path
) -> None:
    for arguments in (["status"], ["searches", "run"], ["cameras"]):
        before = program("--catalog", indexed.folder, *arguments)
        behind = program(*arguments, "--catalog", indexed.folder)
        assert (before.returncode, behind.returncode) == (0, 0)
        assert before.stdout.split("(")[0] == behind.stdout.split("(")[0]
    assert "Traceback" in program("search", "x", "--debug", "--catalog", tmp_path / "none").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("arguments", [["status"], ["search", "a dog"], ["search", "a dog", "--json"], ["--help"]])
def test_output_that_cannot_be_written_is_a_sentence(indexed: Catalog, program: Program, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        result = program(
            "--catalog", indexed.folder, *arguments, stdout=full, stderr=subprocess.PIPE, capture_output=False
        )
    assert result.returncode == 3
    assert "the output can't be written (No space left on device)" in result.stderr
    assert len(result.stderr.splitlines()) <= 2
    assert "fault" not in result.stderr


def test_words_without_quotes_are_answered_with_a_hint(indexed: Catalog, program: Program) -> None:
    told = program("--catalog", indexed.folder, "search", "trees", "in", "a", "green", "meadow").stderr
    assert 'for one sentence, quote it: "trees in a green meadow"' in told
    for texts in (["trees in a green meadow"], ["trees in a meadow", "the sun", "a sky"], ["trees", "meadow"]):
        assert "quote" not in program("--catalog", indexed.folder, "search", *texts).stderr


def test_a_dry_run_leaves_no_catalog_behind(program: Program, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    make.numbered(tmp_path / "archive", seconds=1)
    result = program("--catalog", tmp_path / "none", "index", tmp_path / "archive", "--dry-run")
    assert (result.returncode, result.stdout.split()[:2]) == (0, ["1", "new"])
    assert not (tmp_path / "none").exists()


def test_watching_waits_for_another_writer_and_says_what_takes_long(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    make.numbered(tmp_path / "archive", seconds=1)
    catalog = framescout.open(tmp_path / "catalog")
    command = [program_path(), "--catalog", str(catalog.folder), "index", str(tmp_path / "archive"), "--watch", "1"]
    with catalog.writer():
        watching = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert watching.stderr
        assert any("looking again in 1 s" in line for line in watching.stderr)
    told = []
    at_last = threading.Timer(300, watching.kill)
    at_last.start()
    for line in watching.stderr:
        told.append(line)
        if "videos indexed" in line:
            watching.send_signal(signal.SIGTERM)
    at_last.cancel()
    assert watching.wait(60) == 130
    assert any("getting the model starter ready" in line for line in told)


DROPPING = """
import contextlib, os, signal, sys, time
from framescout import cli

def end_and_drop(*_, **__):  # as in a callback of a weak reference, which Python calls at the end of every import
    with contextlib.suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)

cli._after_index = end_and_drop
cli.main(sys.argv[1:])
"""


def test_watching_ends_though_python_dropped_what_the_signal_raised(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    call = ["--catalog", str(catalog.folder), "index", str(tmp_path / "archive"), "--watch", "500"]
    ended = subprocess.run([sys.executable, "-c", DROPPING, *call], capture_output=True, check=False, timeout=300)
    assert ended.returncode == 130, ended.stderr


def test_a_search_without_a_catalog_says_how_to_make_one(tmp_path: Path, program: Program) -> None:
    result = program("--catalog", tmp_path / "none", "search", "a dog")
    assert result.returncode == 3
    assert "framescout index" in result.stderr
    assert not (tmp_path / "none").exists()


def test_the_right_moment_comes_back_and_becomes_a_clip(indexed: Catalog, program: Program, tmp_path: Path) -> None:
    found = program("--catalog", indexed.folder, "search", QUESTION, "--json")
    answer = json.loads(found.stdout)
    best = answer["moments"][0]
    assert Path(best["video"]).name == "holiday.mp4"
    assert (best["start"], best["end"]) == pytest.approx((6.0, 12.0), abs=0.1)
    assert list(answer) == ["query", "model", "keyframes_searched", "matched", "moments"]
    assert list(best) == [
        "video", "video_id", "camera", "recorded_at", "start", "end", "peak", "score", "confidence", "keyframe_id",
    ]  # fmt: skip
    cut = program("--catalog", indexed.folder, "export", "--from", "-", "--out", tmp_path / "clips", input=found.stdout)
    assert cut.returncode == 0
    clips = cut.stdout.splitlines()
    assert len(clips) == len(answer["moments"])
    assert all(Path(clip).is_file() for clip in clips)


def test_only_moments_that_match_are_cut_unless_others_are_asked_for(
    indexed: Catalog, program: Program, tmp_path: Path
) -> None:
    at = ("--catalog", indexed.folder)
    moments = json.loads(program(*at, "search", QUESTION, "--json").stdout)["moments"]
    match = sum(moment["confidence"] >= 0.5 for moment in moments)
    assert 0 < match < len(moments)
    cut = program(*at, "export", QUESTION, "--copy", "--out", tmp_path / "clips")
    assert len(cut.stdout.splitlines()) == match
    assert f"{len(moments) - match} of {len(moments)} moments match less and are not cut" in cut.stderr
    every = program(*at, "export", QUESTION, "--copy", "--anyway", "--out", tmp_path / "all")
    assert len(every.stdout.splitlines()) == len(moments)
    least = min(moment["confidence"] for moment in moments)
    wanted = ("--copy", "--min-confidence", max(0.0001, least - 0.001), "--out", tmp_path / "wanted")
    assert len(program(*at, "export", QUESTION, *wanted).stdout.splitlines()) == len(moments)


def test_a_path_filter_keeps_to_its_videos(indexed: Catalog, program: Program) -> None:
    found = program("--catalog", indexed.folder, "search", QUESTION, "--path", "cam01*", "--json")
    moments = json.loads(found.stdout)["moments"]
    assert {Path(moment["video"]).name for moment in moments} == {"cam01_20260214_221500.mp4"}
    assert moments[0]["recorded_at"] == "2026-02-14T22:15:00+00:00"
    assert moments[0]["camera"] == "cam01"


def test_results_go_to_stdout_and_talk_to_stderr(catalog: Catalog, program: Program, tmp_path: Path) -> None:
    make.garbage(tmp_path)
    make.numbered(tmp_path, seconds=2)
    run = program("--catalog", catalog.folder, "index", tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    assert "1 videos indexed" in run.stderr
    assert "quarantined" in run.stderr
    strict = program("--catalog", catalog.folder, "retry", "--json")
    assert list(json.loads(strict.stdout)["quarantined"]) == [str(tmp_path / "garbage.mp4")]
    status = json.loads(program("--catalog", catalog.folder, "status", "--json").stdout)
    assert (status["videos"], status["quarantined"][0]["attempts"]) == (1, 2)
    assert program("--catalog", catalog.folder, "verify").returncode == 0


def test_the_first_index_run_names_a_better_model_and_later_ones_do_not(
    catalog: Catalog, program: Program, tmp_path: Path
) -> None:
    make.numbered(tmp_path, seconds=2)
    first, second = (program("--catalog", catalog.folder, "index", tmp_path).stderr for _ in range(2))
    assert "starter is a small model; a real CLIP model answers better (1.5 GB, once): framescout models fetch" in first
    assert "answers better" not in second


def test_verify_names_what_is_wrong_and_repair_mends_it(indexed: Catalog, program: Program) -> None:
    import sqlite3

    with sqlite3.connect(indexed.folder / "catalog.sqlite") as connection:
        connection.execute("UPDATE indexing SET embeddings = zeroblob(length(embeddings)) WHERE video_id = 1")
    broken = program("--catalog", indexed.folder, "verify")
    assert broken.returncode == 1
    assert "video 1" in broken.stdout
    program("--catalog", indexed.folder, "verify", "--repair")
    assert program("--catalog", indexed.folder, "verify").returncode == 0
    with indexed.snapshot() as snapshot:
        assert len(snapshot.videos()) == 3


def test_a_damaged_index_file_never_makes_a_wrong_answer(indexed: Catalog, program: Program) -> None:
    with indexed.snapshot() as snapshot:  # so small a catalog gets none by itself
        model = snapshot.active_model()
        assert model
        built = vectors.store_in(indexed.vectors_folder).publish(snapshot.space(model))
    with indexed.writer() as writer:
        writer.publish_generation(model_id=model.id, **asdict(built))
    assert program("--catalog", indexed.folder, "verify").returncode == 0
    (file,) = indexed.vectors_folder.glob("*")
    file.write_bytes(file.read_bytes()[:-200] + bytes(200))
    found = json.loads(program("--catalog", indexed.folder, "search", QUESTION, "--json").stdout)
    assert Path(found["moments"][0]["video"]).name == "holiday.mp4"
    assert program("--catalog", indexed.folder, "verify").returncode == 1
    assert program("--catalog", indexed.folder, "verify", "--repair").returncode == 0


def test_a_dry_run_changes_nothing(catalog: Catalog, landscapes: Path, program: Program) -> None:
    facts = json.loads(program("--catalog", catalog.folder, "index", landscapes, "--dry-run", "--json").stdout)
    assert facts["new"] == 4
    with catalog.snapshot() as snapshot:
        assert snapshot.totals().videos == 0


def test_prune_drops_what_is_gone(catalog: Catalog, tmp_path: Path, program: Program) -> None:
    path = make.numbered(tmp_path, seconds=2)
    indexer.index(catalog, [tmp_path])
    path.unlink()
    program("--catalog", catalog.folder, "index", tmp_path)
    assert program("--catalog", catalog.folder, "prune", "--dry-run").stdout.splitlines() == [str(path)]
    assert program("--catalog", catalog.folder, "prune").stdout.splitlines() == [str(path)]
    with catalog.snapshot() as snapshot:
        assert snapshot.totals().videos == 0


def test_a_reader_that_leaves_early_is_no_fault(indexed: Catalog, program: Program) -> None:
    from tests.conftest import program_path

    search = subprocess.Popen(
        [program_path(), "--catalog", str(indexed.folder), "search", QUESTION],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert search.stdout
    search.stdout.close()
    _, said = search.communicate()
    assert "Traceback" not in said


HEAVY = (
    "torch", "open_clip", "transformers", "onnx", "alembic", "av", "PIL", "faiss", "sqlalchemy", "psycopg", "filelock",
    "numpy.ma", "rich", "jinja2", "pydantic", "fastapi", "huggingface_hub", "ftfy",
    "concurrent.futures", "difflib", "html", "logging", "zipfile", "zoneinfo",
)  # fmt: skip


def test_a_search_loads_nothing_heavy_and_makes_no_dataclass(indexed: Catalog) -> None:
    """To make a dataclass takes half a millisecond; a search meets some eighty records."""
    code = f"""if True:
        import sys; from framescout.cli import main
        try: main(sys.argv[1:])
        except SystemExit:
            ours = [vars(each) for name, each in sys.modules.items() if name.startswith(("framescout.", "query."))]
            records = [each for module in ours for each in module.values() if hasattr(each, "__dataclass_fields__")]
            print([name for name in {HEAVY} if name in sys.modules], records)
    """
    asked = ["--catalog", str(indexed.folder), "search", "a dog"]
    done = subprocess.run([sys.executable, "-c", code, *asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] []"


@pytest.mark.parametrize(
    ("asked", "code", "is_tidied"), [(["search", "a dog"], 0, False), (["search"], 2, False), (["models"], 0, True)]
)
def test_a_search_ends_without_tidying_up(indexed: Catalog, asked: list[str], code: int, is_tidied: bool) -> None:
    program = "import atexit; from framescout.cli import run; atexit.register(print, 'tidied'); run()"
    command = [sys.executable, "-c", program, "--catalog", str(indexed.folder), *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert bool(done.stdout.removesuffix("tidied\n")) == (code == 0), done  # nothing of the answer is lost
    assert done.stdout.endswith("tidied\n") == is_tidied


def test_the_doctor_finds_all_that_is_needed(program: Program) -> None:
    findings = json.loads(program("doctor", "--json").stdout)
    assert [finding for finding in findings if finding["state"] == "fail"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes of priority, no niceness")
def test_an_index_run_gives_way_to_whoever_asks(tmp_path: Path) -> None:
    code = (
        "import os, sys; from framescout.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    (tmp_path / "archive").mkdir()
    asked = ["--catalog", str(tmp_path / "catalog"), "index", "--quiet", str(tmp_path / "archive")]
    for arguments, least in ((asked, 10), (["--version"], os.getpriority(os.PRIO_PROCESS, 0))):
        ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert int(ended.stdout.split()[-1]) == max(least, os.getpriority(os.PRIO_PROCESS, 0)), ended


def test_an_index_run_leaves_nothing_for_the_first_search_to_make(
    program: Program, landscapes: Path, tmp_path: Path, towers: Path
) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(towers, folder / "cache", copy_function=os.link)
    assert program("--catalog", folder, "index", landscapes, "--quiet").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*")}
    for filters in ((), ("--after", "2020-01-01")):
        assert program("--catalog", folder, "search", QUESTION, *filters).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*")} == before
