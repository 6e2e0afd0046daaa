"""What a graphics card gains on each path, and whether its results are the processor's; started by gpu.sh.

    benchmarks/gpu.sh [--minutes 5] [--vectors 200000] [--rounds 3] [--limit 150] [--rehearse]

Steps, the shortest first: embed pictures; build and ask a FAISS index; decode; index the footage from end to end. Each
is done by two processes, one after the other: one from which the card is hidden, and one with configs/gpu.toml; medians
of the rounds. A process has --limit seconds, and a step's rows and differences are printed as soon as both are done, so
that something is known whenever the card is taken away. A step for which a package is missing, or which sees no card,
is named and passed over. Nothing needs a network. Exact search on a card is measured only to see whether it would pay:
framescout doesn't use it. Results are compared: the same keyframes, embeddings that agree (cosine), the same nearest
neighbours (recall). --rehearse: the card is hidden from both, to try everything on a machine without one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import recorded

PROCESSOR, CARD = "cpu", "cuda"
LEAST_COSINE, LEAST_RECALL = 0.999, 0.99
_AT, _QUERIES, _NPROBE = 100, 256, 32
_MOMENTS = 3
_WHO = 3  # that need a card
_SENTENCES = ("trees in a green meadow", "a person on a street", "clouds", "stripes in many colours")


@dataclass(frozen=True)
class Work:
    """What is to be done, and where."""

    footage: Path
    folder: Path
    vectors: int
    rounds: int
    pictures: int = 256
    """So many are embedded at once."""


def blind() -> list[str]:
    """Who of the three that need a card sees none."""
    import faiss
    import torch

    from framescout.media.container import has_device

    sees = {"torch": torch.cuda.is_available(), "FAISS": faiss.get_num_gpus() > 0, "libav": has_device(CARD)}
    return [name for name, is_seen in sees.items() if not is_seen]


def make_footage(folder: Path, minutes: float) -> Path:
    """1080p H.264 with cuts; 15 s are encoded, the rest is joined on."""
    from tests.footage.make import ffmpeg, repeated

    one = folder / "one.mp4"
    scene = "mandelbrot=s=1920x1080:r=25:start_scale=0.5:end_scale=0.05:end_pts=375,noise=alls=6:allf=t"
    ffmpeg("-f", "lavfi", "-i", scene, "-t", "15", "-c:v", "libx264", "-pix_fmt", "yuv420p", one)
    return repeated(folder, one, max(1, round(minutes * 4)), "footage.mp4")


def median_of(work: Work, job: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of a job, after one that warms up; and what it returned last."""
    result, taken = job(), []
    for _ in range(work.rounds):
        started = time.perf_counter()
        result = job()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), result


def decoding(work: Work, decode_on: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Choose and scale keyframes, in this process."""
    from framescout.catalog.records import ReadEnd
    from indexer.keyframes import read_keyframes
    from indexer.probe import probe

    def job() -> list[Any]:
        found = read_keyframes(str(work.footage), facts, "balanced", (224, 224), decode_on=decode_on)
        return [item for item in found if not isinstance(item, ReadEnd)]

    facts = probe(str(work.footage), max_pixels=2**26)
    taken, keyframes = median_of(work, job)
    pictures = np.stack([keyframe.picture for keyframe in keyframes])
    return {"decoding: CPU / NVDEC": taken}, {"pts": np.array([k.pts for k in keyframes]), "pictures": pictures}


def embedding(work: Work, decode_on: str) -> tuple[dict[str, float], dict[str, Any]]:
    """The image tower that this machine chooses: fp32 on a processor, autocast fp16 on a card."""
    import framescout
    from framescout.embedding import load_embedder
    from framescout.embedding.agreement import sample_pixels

    embedder = load_embedder("starter", cache=framescout.open(work.folder / f"catalog-{decode_on}").cache_folder)
    pixels = sample_pixels(embedder.image_size, work.pictures)
    taken, vectors = median_of(work, lambda: embedder.encode_pixels(pixels))
    return {f"embedding {work.pictures} pictures: fp32 / autocast fp16": taken}, {"vectors": vectors}


def rows_of(work: Work) -> np.ndarray:
    """(N, 384) float16 unit rows around some centres."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(512, 384)).astype(np.float32)
    rows = np.empty((work.vectors, 384), np.float16)
    for start in range(0, work.vectors, 65536):
        part = rows[start : start + 65536]
        near = centres[random.integers(0, 512, len(part))] + random.normal(size=part.shape).astype(np.float32)
        part[...] = near / np.linalg.norm(near, axis=1, keepdims=True)
    return rows


def neighbours(work: Work, decode_on: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Inverted lists, and exact search."""
    built, asked = building(work, decode_on), searching(work)
    return built[0] | asked[0], built[1] | asked[1]


def building(work: Work, decode_on: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Learn the centres of inverted lists, and fill them; then ask the file, on the processor."""
    from framescout.vectors.files import read_index
    from framescout.vectors.list_writing import write_lists
    from framescout.vectors.lists import PER_LIST, list_count, search_lists, train

    def parts() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(rows), 65536):
            yield np.arange(start, min(start + 65536, len(rows))), rows[start : start + 65536]

    rows, count = rows_of(work), list_count(work.vectors)
    sample = rows[:: max(1, len(rows) // (PER_LIST * count))].astype(np.float32)
    learning, index = median_of(work, lambda: train(sample, count))
    path = work.folder / f"{decode_on}.faiss"
    filling, _ = median_of(work, lambda: write_lists(index, parts, path))
    opened = read_index(path, decode_on)
    ids, _ = search_lists(opened, queries_of(rows), _AT, min(count, _NPROBE))
    return {"FAISS, learning the centres": learning, "FAISS, filling the lists": filling}, {"ids": ids}


def queries_of(rows: np.ndarray) -> np.ndarray:
    from framescout.vectors.recall import trial_queries

    return np.concatenate(trial_queries(rows[:: len(rows) // _QUERIES][:_QUERIES].astype(np.float32)))


def searching(work: Work) -> tuple[dict[str, float], dict[str, Any]]:
    """Exact search: every vector, fp32 on a processor, fp16 on all cards."""
    import faiss

    from framescout.vectors.gpu import on_gpus

    rows = rows_of(work)
    flat = faiss.IndexFlatIP(rows.shape[1])
    flat.add(rows.astype(np.float32))
    index, queries = on_gpus(flat), queries_of(rows)
    together, (_, ids) = median_of(work, lambda: index.search(queries, _AT))
    alone, _ = median_of(work, lambda: index.search(queries[:1], _AT))
    return {f"FAISS, exact search, {_QUERIES} questions": together, "the same, one question": alone}, {"exact": ids}


def indexing(work: Work, decode_on: str) -> tuple[dict[str, float], dict[str, Any]]:
    """The whole of `framescout index` into a catalog in which only the towers lie, and questions to it."""
    import framescout
    import indexer
    import query
    from framescout import settings

    given = settings.load(Path("gpu.toml")) if decode_on == CARD else settings.load()
    catalog = framescout.open(work.folder / f"catalog-{decode_on}")
    started = time.perf_counter()
    indexer.index(catalog, [work.footage], settings=given)
    taken = time.perf_counter() - started
    with catalog.snapshot() as snapshot:
        (model,) = snapshot.models()
        space = snapshot.space(model)
        (block,) = space.blocks()
        times = space.keyframe_times(block.video_id)
        assert times is not None
    starts = np.full((len(_SENTENCES), _MOMENTS), np.nan)
    for row, text in zip(starts, _SENTENCES, strict=True):
        moments = query.search(catalog, text, limit=_MOMENTS).moments
        row[: len(moments)] = [moment.start for moment in moments]
    found = {"keyframes": times.times, "embeddings": block.embeddings.astype(np.float32)}
    return {"`framescout index`: default.toml / gpu.toml": taken}, {**found, "moments": starts}


@dataclass(frozen=True)
class Step:
    """A path that is measured."""

    do: Callable[[Work, str], tuple[dict[str, float], dict[str, Any]]]
    needs: tuple[str, ...]
    """Packages, and who has to see a card."""


STEPS = {
    "embedding": Step(embedding, ("open_clip", "torch")),
    "neighbours": Step(neighbours, ("FAISS",)),
    "decoding": Step(decoding, ("libav",)),
    "indexing": Step(indexing, ("open_clip", "torch", "libav")),
}


def differences(processor: dict[str, Any], card: dict[str, Any]) -> list[str]:
    """A sentence for each result of the card that is not the processor's, as far as a step has results."""
    from framescout.vectors.recall import recall

    said, found = [], processor.keys()
    for name, what in (("pts", "decoding chose other keyframes"), ("keyframes", "index chose other keyframes")):
        if name in found and not np.array_equal(processor[name], card[name]):
            said.append(what)
    for name in ("vectors", "embeddings"):
        if name in found:
            one, other = processor[name], card[name]
            cosine = float((one * other).sum(axis=1).min()) if one.shape == other.shape else 0.0
            if cosine < LEAST_COSINE:
                said.append(f"{name} differ: least cosine {cosine:.5f}")
    if "exact" in found:
        least = {"exact": LEAST_RECALL, "ids": recall(processor["ids"], processor["exact"]) - 0.01}
        for name, wanted in least.items():
            share = recall(card[name], processor["exact"])
            if share < wanted:
                said.append(f"neighbours differ ({name}): recall@{_AT} {share:.4f}, not {wanted:.4f}")
    if "moments" in found and not np.allclose(processor["moments"], card["moments"], equal_nan=True):
        said.append("search finds other moments")
    return said


def run_step(work: Work, name: str, side: str, *, is_hidden: bool, limit: float = 600.0) -> dict[str, Any]:
    """A step's results and seconds, in a new process of this script.

    Raises:
        subprocess.TimeoutExpired, subprocess.CalledProcessError: it took too long, or failed.
    """
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if is_hidden else {}
    given = [str(work.footage), str(work.folder), str(work.vectors), str(work.rounds), str(work.pictures)]
    command = [sys.executable, __file__, "--step", name, side, *given]
    subprocess.run(command, check=True, env=os.environ | hidden, timeout=limit)
    with np.load(work.folder / f"{name}-{side}.npz") as stored:
        results: dict[str, Any] = dict(stored)
    return results | {"seconds": json.loads((work.folder / f"{name}-{side}.json").read_text())}


def do_step(work: Work, name: str, side: str) -> None:
    """Do it, and leave seconds and results for `run_step`."""
    seconds, results = STEPS[name].do(work, side)
    (work.folder / f"{name}-{side}.json").write_text(json.dumps(seconds))
    np.savez(work.folder / f"{name}-{side}.npz", **results)


def table_rows(processor: dict[str, float], card: dict[str, float]) -> list[str]:
    """Of a Markdown table."""
    return [
        f"| {name} | {taken:.4f} | {card[name]:.4f} | {taken / card[name]:.2f} |" for name, taken in processor.items()
    ]


def report(work: Work, limit: float, unseen: Sequence[str], *, is_rehearsal: bool) -> list[str]:
    """Do one step after the other and print what comes out; what differs or failed, in sentences."""
    said = []
    print("| | processor, s | card, s | ratio |\n|---|---|---|---|", flush=True)
    for name, each in STEPS.items():
        lacking = [need for need in each.needs if need in unseen]
        if lacking:
            print(f"| {name}: passed over, since {' and '.join(lacking)} can't be used here | | | |", flush=True)
            continue
        try:
            processor = run_step(work, name, PROCESSOR, is_hidden=True, limit=limit)
            card = run_step(work, name, CARD, is_hidden=is_rehearsal, limit=limit)
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            what = f"took longer than {limit:g} s" if isinstance(error, subprocess.TimeoutExpired) else "failed"
            said.append(f"{name} {what}")
            print(f"| {name}: {what} | | | |", flush=True)
            continue
        print("\n".join(table_rows(processor["seconds"], card["seconds"])), flush=True)
        own = differences(processor, card)
        for sentence in own:
            print(f"| DIFFERENT: {sentence} | | | |", flush=True)
        said += own
    return said


def main() -> int:
    """Measure, compare, print."""
    if sys.argv[1:2] == ["--step"]:
        name, side, footage, folder, *counts = sys.argv[2:]
        do_step(Work(Path(footage), Path(folder), *map(int, counts)), name, side)
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--vectors", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=150, help="of a process, seconds")
    parser.add_argument("--rehearse", action="store_true")
    given = parser.parse_args()
    unseen = [] if given.rehearse else blind()
    if len(unseen) == _WHO:
        print(f"benchmarks/gpu.sh needs an NVIDIA card; {' and '.join(unseen)} can use none here", file=sys.stderr)
        return 3
    import torch

    from framescout.packages import is_installed

    unseen += [] if is_installed("open_clip") else ["open_clip"]
    device = "a rehearsal without a card" if given.rehearse else torch.cuda.get_device_name(0)
    print(f"{device}; {given.minutes:g} min of footage, {given.vectors} vectors\n", flush=True)
    with tempfile.TemporaryDirectory() as made:
        work = Work(make_footage(Path(made), given.minutes), Path(made), given.vectors, given.rounds)
        said = report(work, given.limit, unseen, is_rehearsal=given.rehearse)
    print("\nWhat was compared agrees." if not said else "\n" + "\n".join(f"NOT THE SAME: {each}" for each in said))
    return 1 if said else 0


if __name__ == "__main__":
    with recorded(__file__):
        sys.exit(main())
