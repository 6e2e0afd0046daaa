"""One trial: a fresh start, a kill, a look at what is left, a run to the end, a look at that."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from framescout.catalog import Catalog
from indexer.verify import check
from tests.torture.contents import Comparison, Contents, compare, compare_between, contents
from tests.torture.scenes import Scene, World, ask

_AGAIN = 0.25  # share of trials in which the run after the kill is killed too


@dataclass
class Rehearsal:
    """What an undisturbed run of a scene is like."""

    scene: Scene
    before: Contents
    after: Contents
    points: list[str]
    seconds: float


@dataclass
class Outcome:
    """What one trial found."""

    scene: str
    way: str
    """How it was killed: at a point, at a moment, the whole group at a moment, or a decoder."""
    kills: list[str] = field(default_factory=list)
    """The point's name or the moment, for each kill."""
    comparison: Comparison = field(default_factory=Comparison)


def rehearse(world: World, scene: Scene) -> Rehearsal:
    """Prepare the start of a scene and run it undisturbed."""
    world.go_back_to("bare")
    scene.prepare(world)
    world.keep_as(scene.name)
    catalog_file = world.catalog / "catalog.sqlite"
    before = contents(catalog_file) if catalog_file.exists() else {}
    trace = world.root / "trace"
    trace.unlink(missing_ok=True)
    started = time.monotonic()
    world.run(scene.command(world), [*scene.options, "--trace", trace], **scene.settings)
    seconds = time.monotonic() - started
    _assert_tidy(world)
    return Rehearsal(scene, before, contents(catalog_file), trace.read_text().splitlines(), seconds)


def attempt(world: World, rehearsal: Rehearsal, chance: random.Random) -> Outcome:
    """Kill the scene's command as chance will have it, until a kill has hit, and judge.

    Raises:
        AssertionError: something was lost, was wrong, or the next run did not complete.
    """
    scene = rehearsal.scene
    ways = ["point", "point", "moment", "group"] + ["decoder"] * scene.decodes
    outcome = Outcome(scene.name, chance.choice(ways))
    journal = world.root / "journal"
    while not outcome.kills:
        world.go_back_to(scene.name)
        journal.unlink(missing_ok=True)
        _kill(world, rehearsal, outcome, chance, journal)
    _judge_between(world, rehearsal, outcome, journal)
    if chance.random() < _AGAIN:
        _kill(world, rehearsal, outcome, chance, journal)
        _judge_between(world, rehearsal, outcome, journal)
    world.run(scene.command(world), scene.options, **scene.settings)
    if outcome.way == "decoder":
        world.run(["retry"], scene.options, **scene.settings)
    _judge_end(world, rehearsal, outcome)
    return outcome


def _kill(world: World, rehearsal: Rehearsal, outcome: Outcome, chance: random.Random, journal: Path) -> None:
    """Run the command and kill it; where it ended before, there was no kill."""
    scene = rehearsal.scene
    options: list[str | Path] = [*scene.options, "--journal", journal]
    if outcome.way == "point":
        name = chance.choice(sorted(set(rehearsal.points)))
        number = chance.choice([i for i, point in enumerate(rehearsal.points) if point == name])
        process = world.begin(scene.command(world), [*options, "--fatal", str(number)], **scene.settings)
        if process.end(300) == -signal.SIGKILL:
            outcome.kills.append(rehearsal.points[number])
    else:
        process = world.begin(scene.command(world), options, **scene.settings)
        moment, began = chance.uniform(0.0, rehearsal.seconds), time.monotonic()
        if process.wait(moment) is not None:
            rehearsal.seconds = time.monotonic() - began  # the machine has become faster
        elif _strike(process.pid, outcome.way, chance):
            outcome.kills.append(f"{moment:.3f} s")
        process.end(300)
        if outcome.way == "decoder":
            assert process.returncode == 0, f"a dead decoder ended the run: {world.said()}"
    if process.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(f"ended with {process.returncode}: {world.said()}")
    _assert_alone(process.pid)


def _strike(pid: int, way: str, chance: random.Random) -> bool:
    if way == "decoder":
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):  # it may end at any moment by itself
            children = psutil.Process(pid).children()
            chance.choice([child for child in children if "spawn_main" in " ".join(child.cmdline())]).kill()
            return True
        return False
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if way == "group" else os.kill)(pid, signal.SIGKILL)
    return True


def _assert_alone(group: int) -> None:
    """The dead process's children end by themselves."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("processes of a dead run go on")


def _judge_between(world: World, rehearsal: Rehearsal, outcome: Outcome, journal: Path) -> None:
    catalog_file = world.catalog / "catalog.sqlite"
    if not catalog_file.exists():
        assert not rehearsal.before, "the catalog is gone"
        return
    catalog = Catalog.open(world.catalog)  # as the next command does; a half-made one is made whole
    problems = [problem for problem in check(catalog) if problem.kind not in rehearsal.scene.expected_problems]
    assert not problems, f"verify: {problems[0].sentence}"
    ask(catalog)
    found = contents(catalog_file)
    if outcome.way == "decoder":  # what it read is in quarantine till the next try
        found = {key: value for key, value in found.items() if key[0] != "quarantine" or key in rehearsal.before}
    comparison = compare_between(found, rehearsal.before, rehearsal.after)
    for line in journal.read_text().splitlines() if journal.exists() else ():
        if ("embeddings", *line.split()) not in found:
            comparison.differences.append(f"was reported as committed, and is not there: {line}")
    _take(outcome, comparison)


def _judge_end(world: World, rehearsal: Rehearsal, outcome: Outcome) -> None:
    _take(outcome, compare(contents(world.catalog / "catalog.sqlite"), rehearsal.after))
    for copy in world.catalog.glob("catalog.sqlite.before-*"):
        _take(outcome, compare(contents(copy), rehearsal.before))
    problems = [problem for problem in check(Catalog.open(world.catalog)) if problem.kind != "file"]
    assert not problems, f"verify in the end: {problems[0].sentence}"
    _assert_tidy(world)


def _assert_tidy(world: World) -> None:
    cache = world.catalog / "cache"  # what a kill leaves in there is never read
    left = [path for path in world.catalog.rglob("*.part") if cache not in path.parents]
    assert not left, f"left behind: {left}"
    indexes = list((world.catalog / "vectors").glob("*.faiss"))
    with Catalog.open(world.catalog).snapshot() as snapshot:
        current = [snapshot.space(model).generation() for model in snapshot.models()]
    named = {generation.file_name for generation in current if generation}
    extra = {path.name for path in indexes} - named
    assert not extra, f"index files that nothing names: {extra}"


def _take(outcome: Outcome, comparison: Comparison) -> None:
    outcome.comparison.add(comparison)
    assert not comparison.differences, "; ".join(comparison.differences[:5])
