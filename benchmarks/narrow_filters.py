"""How long the nearest keyframes are looked for where a filter leaves few of them, which are then compared one by one.

    python benchmarks/narrow_filters.py [--videos 5000] [--keyframes 200] [--rounds 3] [--before CHECKOUT]
        [--folder FOLDER]

"a hundredth": a hundredth of the videos is left, other ones for each question, and read from the catalog. The catalog
is filtered.py's, with 384 dimensions; each state's own. A round is a process a state, in turn, which asks 40 questions
after a few that warm up; processor time, the median of the least of each round.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from benchmarks.filtered import make_catalog
from benchmarks.record import recorded
from benchmarks.states import parser_of, run_in, states_of

_ASK = """
import json, sys, time
import numpy as np
from framescout.catalog import Catalog
from framescout.vectors import VectorIndex
random, taken = np.random.default_rng(7), []
with Catalog.open(sys.argv[1]).snapshot() as snapshot:
    model = snapshot.active_model()
    if hasattr(snapshot, "space"):
        space = snapshot.space(model)
        index, spans = VectorIndex(space), space.video_ranges()
    else:
        index, spans = VectorIndex.open(snapshot, model, None), snapshot.video_ranges(model.id)
    for _ in range(45):
        query = random.normal(size=(1, model.dimensions)).astype(np.float32)
        query /= np.linalg.norm(query)
        ranges = spans[np.sort(random.choice(len(spans), len(spans) // 100, replace=False)), 1:]
        began = time.process_time()
        ids, scores = index.search(query, 100, ranges)
        taken.append(time.process_time() - began)
print(json.dumps([min(taken[5:]) * 1000, ids.tolist(), np.round(scores, 4).tolist()]))
"""


def main() -> None:
    """Command line."""
    parser = parser_of(__doc__, rounds=3)
    parser.add_argument("--videos", type=int, default=5_000)
    parser.add_argument("--keyframes", type=int, default=200)
    given = parser.parse_args()
    states = states_of(given.before)
    taken: dict[str, list[float]] = {name: [] for name in states}
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        catalogs = {
            name: make_catalog(folder / name, given.videos, state, keyframes=given.keyframes, dimensions=384)
            for name, state in states.items()
        }
        for _ in range(given.rounds):
            said = {name: json.loads(run_in(state, _ASK, str(catalogs[name]))) for name, state in states.items()}
            if any(answer != said["now"][1:] for _, *answer in said.values()):
                raise RuntimeError("the states find other keyframes")
            for name, (least, *_) in said.items():
                taken[name].append(least)
    middles = {name: statistics.median(each) for name, each in taken.items()}
    print(f"{given.videos} videos with {given.keyframes} keyframes each, {given.rounds} rounds; the same is found\n")
    print(f"| left | {' | '.join(f'{name}, ms' for name in states)} | ratio |")
    print("|---|" + "---|" * (len(states) + 1))
    cells = " | ".join(f"{middle:.1f}" for middle in middles.values())
    print(f"| a hundredth | {cells} | {middles['now'] / middles[[*states][-1]]:.2f} |")


if __name__ == "__main__":
    with recorded(__file__):
        main()
