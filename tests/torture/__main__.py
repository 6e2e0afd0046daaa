"""Kills framescout at every point where it writes, and at any moment, and looks at what is left.

python -m tests.torture --seconds 60
python -m tests.torture --trials 1000 --seed 7 --json torture.json
"""

from __future__ import annotations

import json
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.torture.scenes import SCENES, World, make_worlds
from tests.torture.trial import Outcome, Rehearsal, attempt, rehearse


@click.command()
@click.option("--trials", type=int, help="How many kills.")
@click.option("--seconds", type=float, help="Begin no trial after so long; preparing is not counted.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "report", type=click.Path(path_type=Path), help="Write the table there too.")
def main(trials: int | None, seconds: float | None, seed: int, report: Path | None) -> None:
    """Kill framescout, look, let it finish, look again. Exit status 1 where anything was lost or wrong."""
    if trials is None and seconds is None:
        raise click.UsageError("say --trials or --seconds")
    logging.disable(logging.WARNING)  # open_clip's, about models without weights
    root = Path(tempfile.mkdtemp(prefix="torture-"))
    began = time.monotonic()
    world = make_worlds(root)
    rehearsals = [rehearse(world, scene) for scene in SCENES]
    points = sum(len(set(rehearsal.points)) for rehearsal in rehearsals)
    click.echo(f"{len(SCENES)} scenes with {points} different points, rehearsed in {time.monotonic() - began:.0f} s")
    began = time.monotonic()
    outcomes, failures = _work(world, rehearsals, trials, seconds, seed, began)
    _tell(rehearsals, outcomes, failures)
    if report:
        report.write_text(json.dumps(_facts(rehearsals, outcomes, failures, seed, time.monotonic() - began), indent=1))
    if failures:
        sys.exit(f"the state of the last failure is kept in {root}")
    shutil.rmtree(root)


def _work(
    world: World, rehearsals: list[Rehearsal], trials: int | None, seconds: float | None, seed: int, began: float
) -> tuple[list[Outcome], list[str]]:
    outcomes: list[Outcome] = []
    failures: list[str] = []
    number = 0
    while (trials is None or number < trials) and (seconds is None or time.monotonic() - began < seconds):
        chance = random.Random(f"{seed}/{number}")
        (rehearsal,) = chance.choices(rehearsals, [known.scene.weight for known in rehearsals])
        try:
            outcomes.append(attempt(world, rehearsal, chance))
        except KeyboardInterrupt:
            break
        except Exception as error:
            failures.append(f"trial {number}, {rehearsal.scene.name}: {type(error).__name__}: {error}")
            click.echo(failures[-1], err=True)
            shutil.copytree(world.root / "world", world.root / f"failed-{number}", symlinks=True)
        number += 1
        if number % 50 == 0:
            click.echo(f"{number} trials, {len(failures)} failed, {time.monotonic() - began:.0f} s")
    return outcomes, failures


def _facts(
    rehearsals: list[Rehearsal], outcomes: list[Outcome], failures: list[str], seed: int, seconds: float
) -> dict[str, object]:
    scenes = {}
    for rehearsal in rehearsals:
        mine = [outcome for outcome in outcomes if outcome.scene == rehearsal.scene.name]
        at_points = [kill for outcome in mine if outcome.way == "point" for kill in outcome.kills]
        scenes[rehearsal.scene.name] = {
            "trials": len(mine),
            "kills": sum(len(outcome.kills) for outcome in mine),
            "ways": Counter(outcome.way for outcome in mine),
            "points": len(set(rehearsal.points)),
            "points_hit": len(set(at_points)),
            "vectors_same_bits": sum(outcome.comparison.same_bits for outcome in mine),
            "vectors_within_fp16": sum(outcome.comparison.same_within for outcome in mine),
        }
    return {"seed": seed, "seconds": round(seconds), "failures": failures, "scenes": scenes}


def _tell(rehearsals: list[Rehearsal], outcomes: list[Outcome], failures: list[str]) -> None:
    by_scene: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_scene[outcome.scene].append(outcome)
    table = Table("scene", "trials", "kills", "points hit", "vectors equal: bits", "fp16")
    for rehearsal in rehearsals:
        mine = by_scene[rehearsal.scene.name]
        hit = {kill for outcome in mine if outcome.way == "point" for kill in outcome.kills}
        table.add_row(
            rehearsal.scene.name,
            str(len(mine)),
            str(sum(len(outcome.kills) for outcome in mine)),
            f"{len(hit)} of {len(set(rehearsal.points))}",
            str(sum(outcome.comparison.same_bits for outcome in mine)),
            str(sum(outcome.comparison.same_within for outcome in mine)),
        )
    Console().print(table)
    click.echo(f"{len(outcomes)} trials passed, {len(failures)} failed")


if __name__ == "__main__":
    main()
