"""Processor time that the engine of the server takes for a question, in this state of framescout and in another.

    python benchmarks/questions.py [--keyframes 100000] [--rounds 5] [--before CHECKOUT] [--folder FOLDER]

A round is a process a state, in turn: it opens a catalog that stays open, warms up, and answers sentences, one at a
time and four at a time, as the server does when people wait. What HTTP and JSON take is not in it. Each state's catalog
is made by its own code, of the same archive (realistic.py). Figures are of the processor, with all its threads.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from benchmarks.cold_search import _MAKE
from benchmarks.record import recorded
from benchmarks.states import parser_of, run_in, states_of

TOGETHER = (1, 4)
_ASK = """
import json, os, sys, time
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as `framescout serve` has it
from benchmarks.serving import sentences
from framescout.catalog import Catalog
from query.engine import Engine
from query.request import Query
engine = Engine(Catalog.open(sys.argv[1], stays=True))
texts, taken = iter(sentences()), []
for together in json.loads(sys.argv[2]):
    for count in (80, 160):  # the first ones warm up
        asked = [[Query(next(texts)) for _ in range(together)] for _ in range(count // together)]
        began = time.process_time()
        for queries in asked:
            engine.answer_all(queries)
    taken.append((time.process_time() - began) / 160 * 1000)
print(json.dumps(taken))
"""


def make_catalog(folder: Path, keyframes: int, state: Path) -> Path:
    """As `framescout index` of this state leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "catalog").exists():
        run_in(state, _MAKE, str(folder), str(keyframes))
    return folder / "catalog"


def ask(catalog: Path, state: Path) -> list[float]:
    """Milliseconds of processor time a question, for each of TOGETHER."""
    taken: list[float] = json.loads(run_in(state, _ASK, str(catalog), json.dumps(TOGETHER)).splitlines()[-1])
    return taken


def table(taken: dict[str, list[list[float]]]) -> str:
    """As Markdown; ratios are those of the medians, now to before."""
    lines = [f"| questions at a time | {' | '.join(f'{name}, ms: median (least)' for name in taken)} | ratio |"]
    lines.append("|---|" + "---|" * (len(taken) + 1))
    for number, together in enumerate(TOGETHER):
        own = [[each[number] for each in rounds] for rounds in taken.values()]
        middles = [statistics.median(each) for each in own]
        shown = " | ".join(f"{middle:.1f} ({min(each):.1f})" for middle, each in zip(middles, own, strict=True))
        lines.append(f"| {together} | {shown} | {middles[0] / middles[-1]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = parser_of(__doc__, rounds=5)
    parser.add_argument("--keyframes", type=int, default=100_000)
    given = parser.parse_args()
    states = states_of(given.before)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        catalogs = {name: make_catalog(folder / name, given.keyframes, state) for name, state in states.items()}
        taken: dict[str, list[list[float]]] = {name: [] for name in states}
        for _ in range(given.rounds):
            for name, state in states.items():
                taken[name].append(ask(catalogs[name], state))
    print(f"{given.keyframes} keyframes, {given.rounds} rounds\n")
    print(table(taken))


if __name__ == "__main__":
    with recorded(__file__):
        main()
