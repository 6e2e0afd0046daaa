"""How fast indexing is, against what bounds it and against the usual way; ratios of one run.

    python benchmarks/indexing.py [--minutes 5] [--rounds 5] [--hours 10]

Footage: 1080p H.264 with x264's default group of pictures, made here. In each round, one after the other:
  I-frames    decoding the I-frames alone (PyAV, one thread), scaled to the model's square
  embedding   embedding as many pictures as the index run embeds, alone, on all cores
  index       the whole `framescout index` road into an empty catalog, in this process
and once:
  usual way   every frame decoded in order, one a second embedded one by one in fp32, one process
The bound is what no index run can go below: the CPU seconds of decoding and embedding, spread evenly over the cores.
With --hours, a long video is made by joining the footage without re-encoding, and the largest resident memory of an
index run over it (the process and its decoders, summed) is shown.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

import framescout
import indexer

if TYPE_CHECKING:
    import psutil


def make_footage(folder: Path, minutes: float) -> Path:
    """A slow flight over a noisy landscape with a cut every few seconds; 15 s are encoded, the rest is joined on."""
    from tests.footage.make import ffmpeg, repeated  # not above, as others here: decoding processes import this file

    one = folder / "one.mp4"
    scene = "mandelbrot=s=1920x1080:r=25:start_scale=0.5:end_scale=0.05:end_pts=375,noise=alls=6:allf=t"
    ffmpeg("-f", "lavfi", "-i", scene, "-t", "15", "-c:v", "libx264", "-pix_fmt", "yuv420p", one)
    return repeated(folder, one, max(1, round(minutes * 4)), "footage.mp4")


def seconds_of(job: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and CPU time of one call, with processes that ended in it."""
    before, started = os.times(), time.perf_counter()
    job()
    return time.perf_counter() - started, sum(os.times()[:4]) - sum(before[:4])


def decode_i_frames(path: Path, size: tuple[int, int]) -> int:
    """I-frames alone; returns how many."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            frame.reformat(*size, "rgb24").to_ndarray()
            count += 1
    return count


def usual_way(path: Path) -> None:
    """One frame a second of a full decode, embedded one by one in fp32; loads the model, too."""
    import torch

    from framescout.embedding.loading import load
    from framescout.embedding.presets import resolve

    model = load(resolve("starter"))
    visual = model.model.visual
    due = 0.0
    with av.open(str(path)) as container, torch.inference_mode():
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= due:
                due += 1.0
                picture = Image.fromarray(frame.to_ndarray(format="rgb24")).resize(model.image_size)
                visual(torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255)


def index(path: Path, empty: Path) -> None:
    """The whole road into a copy of an empty catalog, in which the model's towers lie as from the second run on."""
    from framescout import settings

    with tempfile.TemporaryDirectory(dir=empty.parent) as folder:
        catalog = shutil.copytree(empty, Path(folder) / "catalog")
        indexer.index(framescout.open(catalog), [path], settings=settings.load())


def measure(path: Path, folder: Path, rounds: int) -> None:
    """Print the table."""
    from framescout.embedding import load_embedder

    empty = folder / "empty"
    cache = framescout.open(empty).cache_folder
    load_embedder("starter", cache=cache)
    embedder = load_embedder("starter", cache=cache)
    pictures = np.random.default_rng(1).integers(0, 255, (1, *embedder.image_size[::-1], 3), np.uint8)
    frames = decode_i_frames(path, embedder.image_size)
    batch = np.repeat(pictures, frames, axis=0)
    jobs: dict[str, Callable[[], object]] = {
        "loading": lambda: load_embedder("starter", cache=cache),
        "I-frames": lambda: decode_i_frames(path, embedder.image_size),
        "embedding": lambda: embedder.encode_pixels(batch),
        "index": lambda: index(path, empty),
    }
    index(path, empty)  # warms what a first run would
    taken = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            taken[name].append(seconds_of(job))
    taken["usual way"] = [seconds_of(lambda: usual_way(path))]
    wall, cpu = (
        {name: statistics.median(column[i] for column in rows) for name, rows in taken.items()} for i in (0, 1)
    )
    print(f"{frames} I-frames; loading the model is a part of each index run, and no part of the ratios")
    for name, rows in taken.items():
        lowest, highest = min(rows)[0], max(rows)[0]
        print(f"{name:12} {wall[name]:8.2f} s   (lowest {lowest:.2f}, highest {highest:.2f}; {cpu[name]:.2f} s of CPU)")
    working, larger = wall["index"] - wall["loading"], max(wall["I-frames"], wall["embedding"])
    bound = max(larger, (cpu["I-frames"] + cpu["embedding"]) / (os.cpu_count() or 1))
    print(f"index without loading / larger of the two: {working / larger:.2f}   (bound {bound / larger:.2f})")
    print(f"usual way / index without loading:         {wall['usual way'] / working:.1f}")
    print(f"usual way / index:                         {wall['usual way'] / wall['index']:.1f}")


def memory(path: Path, folder: Path, hours: float, minutes: float) -> None:
    """Print the largest resident memory of an index run over a long video."""
    import psutil

    from tests.footage.make import repeated

    long = repeated(folder, path, max(1, round(hours * 60 / minutes)), "long.mp4")
    code = (
        "import sys, framescout, indexer; print(indexer.index(framescout.open(sys.argv[1]), [sys.argv[2]]).sentence())"
    )
    with tempfile.TemporaryDirectory(dir=folder) as catalog:
        process = subprocess.Popen([sys.executable, "-c", code, catalog, str(long)])
        watched, most = psutil.Process(process.pid), 0
        while process.poll() is None:
            most = max(most, _resident(watched))
            time.sleep(0.2)
    print(f"{hours:.0f} hours: at most {most / 2**30:.2f} GiB resident, decoders included")


def _resident(process: psutil.Process) -> int:
    import psutil

    total = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hours", type=float, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = make_footage(folder, arguments.minutes)
        measure(path, folder, arguments.rounds)
        if arguments.hours:
            memory(path, folder, arguments.hours, arguments.minutes)


if __name__ == "__main__":
    main()
