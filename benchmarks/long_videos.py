"""What a question reads of long videos, each in a new process: processor time, and memory beyond what it began with.

    python benchmarks/long_videos.py [--videos 8] [--keyframes 86400] [--rounds 3] [--before CHECKOUT] [--folder FOLDER]

The catalog, a folder, has videos of a day with a keyframe a second. "places": the surroundings of 24 candidates of a
vector index in each video are scored. "an hour": the nearest keyframes in one hour of each video, exactly. "examples":
the embeddings of one keyframe of each video. --before: another state of framescout, which reads the same catalog. The
states take turns, after a round that warms up. Processor time, medians.
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
import json, re, sys, time
from pathlib import Path
import numpy as np
from framescout.catalog import Catalog
from framescout.vectors import VectorIndex
from query.evidence import Direction
from query.moments import Contrast
from query.ranking import Nearest

pick = np.random.default_rng(5)
with Catalog.open(sys.argv[1]).snapshot() as snapshot:
    space = snapshot.space(snapshot.active_model())
    spans = space.video_ranges()
    vector = pick.normal(size=space.model.dimensions).astype(np.float32)
    vector /= np.linalg.norm(vector)
    part, index = Direction(vector, -5.0, 10.0), VectorIndex(space)
    firsts = spans[:, 1]
    places = np.sort(pick.integers(spans[:, 1, None], spans[:, 2, None], (len(spans), 24)), axis=None)
    hours = np.stack([firsts + 43_200, firsts + 46_800], axis=1)
    few = (firsts + 70_000).tolist()
    ways = {
        "places": lambda: [
            curve.evidence[np.isfinite(curve.evidence)] for curve in Nearest(
                space, index, part, None, Contrast(-3.0, 0.0)
            )._look_at(places)
        ],
        "an hour": lambda: index.search(vector[None], 100, hours)[1],
        "examples": lambda: space.embeddings_of(few),
    }
    most = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    before, began = most(), time.process_time()
    found = ways[sys.argv[2]]()
    taken, grown = time.process_time() - began, most() - before
    total = float(sum(np.asarray(each, np.float64).sum() for each in found))
print(json.dumps([taken, grown / 1024, round(total, 2)]))
"""
WAYS = ("places", "an hour", "examples")


def main() -> None:
    """Command line."""
    parser = parser_of(__doc__, rounds=3)
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--keyframes", type=int, default=86_400)
    given = parser.parse_args()
    states = states_of(given.before)
    taken: dict[str, dict[str, list[tuple[float, float]]]] = {way: {name: [] for name in states} for way in WAYS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        catalog = make_catalog(folder, given.videos, states["now"], keyframes=given.keyframes, dimensions=384)
        for number in range(given.rounds + 1):
            for way in WAYS:
                said = {name: json.loads(run_in(state, _ASK, str(catalog), way)) for name, state in states.items()}
                if len({found for *_, found in said.values()}) > 1:
                    raise RuntimeError(f"the states differ in {way}: {said}")
                for name, (seconds, mib, _) in said.items():
                    if number:
                        taken[way][name].append((seconds, mib))
    print(f"{given.videos} videos with {given.keyframes} keyframes of 384 dimensions each, {given.rounds} rounds;")
    print("the states agree on what is read\n")
    print(f"| read | {' | '.join(f'{name}, s | {name}, MiB' for name in states)} |")
    print("|---|" + "---|---|" * len(states))
    for way, own in taken.items():
        cells = (
            f"{statistics.median(s for s, _ in each):.3f} | {statistics.median(m for _, m in each):.0f}"
            for each in own.values()
        )
        print(f"| {way} | {' | '.join(cells)} |")


if __name__ == "__main__":
    with recorded(__file__):
        main()
