"""What walking more lists of an index finds and costs, and how many lists the index was told to walk.

    python benchmarks/search_peers.py --keyframes 200000 --like FOLDER ... --engines framescout --keep WORLD
    python benchmarks/lists_walked.py WORLD

Questions are those of search_peers.py: sentences, then keyframes of the archive. Processor time of one question at a
time on one thread.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.record import recorded
from benchmarks.search_engines import Framescout
from framescout.vectors.files import threads_for
from framescout.vectors.recall import AT, recall

LISTS = (24, 48, 88, 144, 300, 450, 700, 1000, 1400, 2000)


def main() -> None:
    """Print a table."""
    world = Path(sys.argv[1])
    queries, exact = np.load(world / "queries.npy"), np.load(world / "exact.npy")[:, :AT]
    engine, half = Framescout(), len(queries) // 2
    engine.open(world / "framescout", queries.shape[1])
    tuned = engine._space.generation()
    assert tuned
    print(f"{tuned.vector_count} keyframes; told to walk {tuned.nprobe} lists, with a recall of {tuned.recall:.4f}\n")
    print(f"| lists | ms a question | recall@{AT} of sentences | of keyframes |\n|---|---|---|---|")
    for lists in (*LISTS, None):
        engine.turn(lists)
        with threads_for(1):
            engine.search(queries[0], AT)
            began = time.process_time()
            found = [engine.search(query, AT) for query in queries]
            taken = (time.process_time() - began) / len(queries) * 1000
        of_sentences, of_keyframes = recall(found[:half], exact[:half]), recall(found[half:], exact[half:])
        print(f"| {lists or f'{tuned.nprobe}, as told'} | {taken:.2f} | {of_sentences:.4f} | {of_keyframes:.4f} |")


if __name__ == "__main__":
    with recorded(__file__):
        main()
