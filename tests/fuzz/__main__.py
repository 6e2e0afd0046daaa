"""Coverage-guided fuzzing of our own parsers; needs `pip install atheris`.

python -m tests.fuzz --seconds 60
python -m tests.fuzz --seconds 600 --target questions
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.fuzz.targets import TARGETS, check

_LAST = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+)")
_DONE = re.compile(r"Done (\d+) runs")


@click.command()
@click.option("--seconds", type=int, default=60, show_default=True, help="Of each parser.")
@click.option("--target", "targets", multiple=True, type=click.Choice(list(TARGETS)), help="Only this one.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--fuzz", "only", hidden=True, help="Fuzz one parser in this process; atheris ends it.")
@click.option("--corpus", type=click.Path(path_type=Path), hidden=True)
def main(seconds: int, targets: tuple[str, ...], seed: int, only: str | None, corpus: Path | None) -> None:
    """Mutate examples towards code that was not reached yet. Exit status 1 where a parser failed."""
    if only and corpus:
        _fuzz(only, corpus, seconds, seed)
    table = Table("parser", "inputs", "coverage", "failed")
    failed = False
    for name in targets or TARGETS:
        said, code = _run(name, seconds, seed)
        runs = _DONE.search(said)
        last = _LAST.findall(said)
        table.add_row(name, runs[1] if runs else "?", last[-1][1] if last else "?", "" if code == 0 else "yes")
        if code:
            failed = True
            click.echo(said[-3000:], err=True)
    Console().print(table)
    sys.exit(failed)


def _run(name: str, seconds: int, seed: int) -> tuple[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        for number, example in enumerate(TARGETS[name][1]):
            (Path(folder) / str(number)).write_bytes(example)
        options = ["--fuzz", name, "--corpus", folder, "--seconds", str(seconds), "--seed", str(seed)]
        ended = subprocess.run([sys.executable, "-m", "tests.fuzz", *options], capture_output=True, check=False)
    return ended.stderr.decode(errors="replace"), ended.returncode


def _fuzz(name: str, corpus: Path, seconds: int, seed: int) -> None:
    import atheris

    for module in ("query.request", "query.filters", "query.clips.manifest", "query.labels", "query.events.definition",
                   "indexer.recording", "framescout.settings", "framescout.timeline",
                   "query.web.question_parameters"):  # fmt: skip
        for each in vars(sys.modules[module]).values():
            if getattr(each, "__module__", None) == module and callable(each) and hasattr(each, "__code__"):
                atheris.instrument_func(each)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=4096"]
    atheris.Setup(["fuzz", *options, f"-artifact_prefix={tempfile.gettempdir()}/fuzz-", str(corpus)], _check(name))
    atheris.Fuzz()


def _check(name: str) -> Callable[[bytes], None]:
    def one(data: bytes) -> None:
        check(name, data)

    return one


if __name__ == "__main__":
    main()
