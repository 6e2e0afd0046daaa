"""Makes hostile footage in great number and lets framescout read it.

python -m tests.hostile --files 2000 --seed 1 --json hostile.json
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.hostile.media import make_seeds, mutate
from tests.hostile.trial import Ended, index, read_motion, verify


@click.command()
@click.option("--files", type=int, default=2000, show_default=True)
@click.option("--batch", type=int, default=100, show_default=True, help="Files of one run; they grow one catalog.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "report", type=click.Path(path_type=Path), help="Write the counts there too.")
def main(files: int, batch: int, seed: int, report: Path | None) -> None:
    """Index mutated files. Exit status 1 where a run crashed, hung, or lost sight of a file."""
    root = Path(tempfile.mkdtemp(prefix="hostile-"))
    seeds = make_seeds(root / "seeds")
    fates: dict[str, Counter[str]] = defaultdict(Counter)
    ended: list[Ended] = []
    failures: list[str] = []
    for first in range(0, files, batch):
        folder = root / f"{first:06}"
        folder.mkdir()
        numbers = range(first, min(first + batch, files))
        made = {path: name for name, path in (mutate(seeds, folder, seed, number) for number in numbers)}
        try:
            ended.append(index(root / "catalog", list(made)))
            read_motion(root / "catalog", folder)
        except AssertionError as error:
            failures.append(f"files {first} to {first + len(made) - 1}: {error}")
            click.echo(failures[-1], err=True)
            continue
        for path, name in made.items():
            fates[name][ended[-1].fates[str(path)]] += 1
        click.echo(f"{first + len(made)} files, {ended[-1].seconds:.0f} s, {ended[-1].peak:.0f} MiB", err=True)
    try:
        verify(root / "catalog")
    except AssertionError as error:
        failures.append(f"verify: {error}")
    _tell(fates, ended)
    for failure in failures:
        click.echo(failure)
    if report:
        facts = {
            "seed": seed,
            "seconds": round(sum(each.seconds for each in ended)),
            "peak_mib": round(max((each.peak for each in ended), default=0)),
            "failures": failures,
            "fates": fates,
        }
        report.write_text(json.dumps(facts, indent=1))
    if failures or any("passed over" in counts for counts in fates.values()):
        sys.exit(f"the files are kept in {root}")
    shutil.rmtree(root)


def _tell(fates: dict[str, Counter[str]], ended: list[Ended]) -> None:
    total = sum(fates.values(), Counter())
    kinds = [kind for kind, _ in total.most_common()]
    table = Table("seed", *kinds)
    for name, counts in sorted(fates.items()):
        table.add_row(name, *(str(counts[kind] or "") for kind in kinds))
    table.add_row("all", *(str(total[kind]) for kind in kinds))
    Console(width=200).print(table)
    seconds, peak = sum(each.seconds for each in ended), max((each.peak for each in ended), default=0)
    click.echo(f"{total.total()} files, {seconds:.0f} s, at most {peak:.0f} MiB in all processes")


if __name__ == "__main__":
    main()
