"""Kinds of FAISS index on the same vectors, one question at a time on one core: which one the project should write.

    python benchmarks/index_kinds.py [--keyframes 200000] [--dimensions 385] [--like FOLDER ...] [--keep FOLDER]

Vectors and questions are those of search_peers.py. All inverted lists have the same centres in the same tree, as
framescout/vectors/lists.py learns them; what is approximate is refined from the float16 rows. Of each kind the quickest
setting is shown with which sentences, and keyframes as questions, both find 98 of the exact hundred best.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import recorded
from benchmarks.search_engines import parts
from benchmarks.search_peers import WANTED, prepare
from framescout.vectors import lists
from framescout.vectors.files import load_faiss
from framescout.vectors.list_writing import centres_of, write_lists
from framescout.vectors.recall import recall

faiss = load_faiss()
_AT, _TRAIN = 100, 40_000
_LISTS = (32, 48, 56, 64, 72, 80, 96, 128, 160, 192, 256)
_TIMES = (3, 5, 8)  # as many candidates are refined as are wanted, so many times
_EF = (200, 300, 500, 800, 1200, 2000, 3000)
Search = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Kind:
    name: str
    make: Callable[[Any, int, int], Any] | None
    """Centres, dimensions and the number of lists -> an empty index; None: as framescout writes it."""
    is_refined: bool = False
    is_graph: bool = False


def scalar(kind: int, *, by_residual: bool) -> Callable[[Any, int, int], Any]:
    product = faiss.METRIC_INNER_PRODUCT
    return lambda centres, width, count: faiss.IndexIVFScalarQuantizer(
        centres, width, count, kind, product, by_residual
    )


KINDS = (
    Kind("lists, 8 bits of the difference, in whole numbers (framescout)", None),
    Kind("lists, float16", scalar(faiss.ScalarQuantizer.QT_fp16, by_residual=False)),
    Kind("lists, 8 bits of the residual", scalar(faiss.ScalarQuantizer.QT_8bit, by_residual=True)),
    Kind(
        "lists, RaBitQ, refined",
        lambda centres, width, count: faiss.IndexIVFRaBitQ(centres, width, count, faiss.METRIC_INNER_PRODUCT),
        is_refined=True,
    ),
    Kind(
        "lists, RaBitQ fast scan, refined",
        lambda centres, width, count: faiss.IndexIVFRaBitQFastScan(centres, width, count, faiss.METRIC_INNER_PRODUCT),
        is_refined=True,
    ),
    Kind(
        "lists, PQ fast scan (4 bits for 2 dimensions), refined",
        lambda centres, width, count: faiss.IndexIVFPQFastScan(
            centres, width, count, width // 2, 4, faiss.METRIC_INNER_PRODUCT
        ),
        is_refined=True,
    ),
    Kind(
        "HNSW, float16, M = 16",
        lambda _, width, __: faiss.IndexHNSWSQ(
            width, faiss.ScalarQuantizer.QT_fp16, 16, faiss.METRIC_INNER_PRODUCT
        ),
        is_graph=True,
    ),
)  # fmt: skip


def build(kind: Kind, rows: np.ndarray, trained: Any, centres: Any, path: Path) -> float:
    """Write it to a file; processor seconds without learning the centres."""
    started = time.process_time()
    if kind.make is None:
        write_lists(trained, lambda: ((np.arange(n, n + len(part)), part) for n, part in parts(rows)), path)
        return time.process_time() - started
    index = kind.make(centres, rows.shape[1], centres.ntotal)
    if kind.is_graph:
        index.hnsw.efConstruction = 200
    index.train(np.asarray(rows[:: max(1, len(rows) // _TRAIN)], np.float32))
    for _, part in parts(rows):
        index.add(part)
    faiss.write_index(index, str(path))
    return time.process_time() - started


def searches(kind: Kind, index: Any, rows: np.ndarray) -> Iterator[tuple[str, Search]]:
    """Every setting of a kind, and how one question is asked with it."""
    if kind.is_graph:
        for ef in _EF:
            yield f"ef {ef}", searching(index, faiss.SearchParametersHNSW(efSearch=ef))
        return
    if kind.make is None:
        yield from ((f"{count} lists", partial(walk_lists, index, count)) for count in _LISTS)
        return
    for count in _LISTS:
        walk = lists.walking(index, count)
        if not kind.is_refined:
            yield f"{count} lists", searching(index, walk)
            continue
        for times in _TIMES:
            yield f"{count} lists, {times} x", refining(index, walk, rows, times)


def walk_lists(index: Any, count: int, query: np.ndarray) -> np.ndarray:
    found: np.ndarray = lists.search_lists(index, query[None], _AT, count)[0][0]
    return found


def searching(index: Any, settings: Any) -> Search:
    return lambda query: index.search(query[None], _AT, params=settings)[1][0]


def refining(index: Any, settings: Any, rows: np.ndarray, times: int) -> Search:
    def search(query: np.ndarray) -> np.ndarray:
        found = index.search(query[None], times * _AT, params=settings)[1][0]
        found = found[found >= 0]
        scores = rows[found].astype(np.float32) @ query
        best = np.argpartition(-scores, _AT)[:_AT] if len(scores) > _AT else np.arange(len(scores))
        chosen: np.ndarray = found[best]
        return chosen

    return search


def ask(search: Search, queries: np.ndarray, exact: np.ndarray) -> tuple[float, float, float]:
    """Median milliseconds, and recall@100 of sentences (the first half of the queries) and of keyframes."""
    taken, found = [], []
    for query in queries[:20]:
        search(query)
    for query in queries:
        started = time.perf_counter()
        found.append(search(query))
        taken.append(time.perf_counter() - started)
    half = len(queries) // 2
    shares = (recall(found[:half], exact[:half]), recall(found[half:], exact[half:]))
    return float(np.median(taken)) * 1000, *shares


def best(kind: Kind, index: Any, rows: np.ndarray, queries: np.ndarray, exact: np.ndarray) -> str:
    """A row of the table: the quickest setting that finds enough."""
    runs = [(*ask(search, queries, exact), name) for name, search in searches(kind, index, rows)]
    enough = [run for run in runs if min(run[1:3]) >= WANTED]
    ms, sentences, keyframes, name = min(enough) if enough else max(runs, key=lambda run: min(run[1:3]))
    return f"{name} | {ms:.2f} | {sentences:.3f} | {keyframes:.3f}"


def unscaled(trained: Any) -> Any:
    """The same tree with centres of unit length, as FAISS's other kinds want them."""
    tree = faiss.clone_index(trained.quantizer)
    rows = centres_of(trained) / np.float32(trained.sq.rangestat_arg)
    tree.reset()
    tree.add(rows)
    if isinstance(tree, faiss.IndexIVF):
        tree.make_direct_map()  # by which differences from centres are worked out
    return tree


def compare(folder: Path, kinds: Sequence[Kind]) -> None:
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    queries, exact = np.load(folder / "queries.npy")[::2], np.load(folder / "exact.npy")[::2]
    count = lists.list_count(len(rows))
    sample = np.sort(np.random.default_rng(1).choice(len(rows), min(len(rows), lists.PER_LIST * count), replace=False))
    trained = lists.train(np.asarray(rows[sample], np.float32), count)
    centres = unscaled(trained)
    print("| kind | setting | p50 ms | recall@100, sentences | keyframes | file MB | build processor s |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for kind in kinds:
        path = folder / "kind.faiss"
        took = build(kind, rows, trained, centres, path)
        index = faiss.read_index(str(path))
        faiss.omp_set_num_threads(1)
        row = best(kind, index, rows, queries, exact)
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        print(f"| {kind.name} | {row} | {path.stat().st_size / 2**20:.0f} | {took:.0f} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=200_000)
    parser.add_argument("--dimensions", type=int, default=385)
    parser.add_argument("--like", type=Path, nargs="*", default=[])
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.keep or Path(made) / "world"
        prepare(folder, arguments.keyframes, arguments.dimensions, arguments.like)
        compare(folder, KINDS)


if __name__ == "__main__":
    with recorded(__file__):
        main()
