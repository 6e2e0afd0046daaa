"""Indexing against the ways of others, on the same footage with the same weights; ratios of runs side by side.

    python benchmarks/index_peers.py [--minutes 3] [--kind 1080p-h264-gop250]... [--rounds 2] [--footage FOLDER]

Each reads one frame a second and embeds it with the starter's image tower; reading is as each one's documents say:
  PyAV            every frame decoded in order, the due ones scaled by swscale
  OpenCV          `grab` for every frame, `retrieve` and `resize` for the due ones
  torchcodec      `VideoDecoder.get_frames_played_at`, 32 at a time
  decord          `VideoReader(width, height).get_batch`, 32 at a time
  clip-video-encode  its reader (video2numpy's `FrameReader`, one worker, target_fps=1); by its own command it embeds
                  one video after another, when all of its frames are there
With the tower of `index` (onnxruntime, 32 pictures at once, all cores); "as usual" is PyAV, and each picture by itself
in torch, fp32. Decoders use the threads that their defaults say. rclip (benchmarks/rclip_way.py) is given frames that
ffmpeg extracted before: not counted in one row, counted in the other.
Where a package is not installed its row is left out. Every run is a process of its own; starting and loading count,
for `index` too.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import rclip_way
from benchmarks.record import recorded

Pictures = Iterator[np.ndarray]
"""(H, W, 3) uint8 RGB."""
Read = Callable[[str, tuple[int, int]], Pictures]
BATCH = 32


def pyav(path: str, size: tuple[int, int]) -> Pictures:
    """All frames in order."""
    import av

    due = 0.0
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= due:
                due += 1.0
                yield frame.reformat(*size, "rgb24", interpolation="AREA").to_ndarray()


def opencv(path: str, size: tuple[int, int]) -> Pictures:
    """All frames in order; those that are due are converted."""
    import cv2

    capture = cv2.VideoCapture(path)
    rate, number, due = capture.get(cv2.CAP_PROP_FPS), 0, 0.0
    while capture.grab():
        if number / rate >= due:
            due += 1.0
            _, frame = capture.retrieve()
            yield cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
        number += 1


def torchcodec(path: str, size: tuple[int, int]) -> Pictures:
    """By time."""
    from torch.nn.functional import interpolate
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(path)
    times = list(np.arange(decoder.metadata.begin_stream_seconds, decoder.metadata.end_stream_seconds - 1e-3, 1.0))
    for start in range(0, len(times), BATCH):
        frames = decoder.get_frames_played_at(seconds=times[start : start + BATCH]).data
        for frame in frames:
            small = interpolate(frame[None].float(), size[::-1], mode="area")
            yield small[0].round().byte().permute(1, 2, 0).numpy()


def decord(path: str, size: tuple[int, int]) -> Pictures:
    """By number."""
    from decord import VideoReader, cpu

    reader = VideoReader(path, ctx=cpu(0), width=size[0], height=size[1])
    numbers = [round(second * reader.get_avg_fps()) for second in range(int(len(reader) / reader.get_avg_fps()))]
    for start in range(0, len(numbers), BATCH):
        yield from reader.get_batch(numbers[start : start + BATCH]).asnumpy()


def clip_video_encode(path: str, size: tuple[int, int]) -> Pictures:
    """Its reader hands out a video's frames at once, when it has all."""
    from video2numpy.frame_reader import FrameReader

    reader = FrameReader([path], target_fps=1, resize_size=size[0], workers=1, memory_size=1)
    reader.start_reading()
    for frames, _ in reader:
        yield from frames


READERS: dict[str, tuple[str, Read]] = {
    "PyAV": ("av", pyav),
    "OpenCV": ("cv2", opencv),
    "torchcodec": ("torchcodec", torchcodec),
    "decord": ("decord", decord),
    "clip-video-encode": ("video2numpy", clip_video_encode),
}
RCLIP, EXTRACTING = "rclip on frames extracted before", "ffmpeg extracts them, then rclip"
USUAL = "as usual: PyAV, one by one in torch fp32"


def embed_all(read: Read, path: str, cache: str) -> int:
    """A second's frame after the other, 32 at once through the image tower of `index`."""
    from framescout.embedding import load_embedder

    embedder = load_embedder("starter", cache=Path(cache))
    waiting: list[np.ndarray] = []
    count = 0
    for picture in read(path, embedder.image_size):
        waiting.append(picture)
        if len(waiting) == BATCH:
            count += len(embedder.encode_pixels(np.stack(waiting)))
            waiting.clear()
    return count + (len(embedder.encode_pixels(np.stack(waiting))) if waiting else 0)


def usual_way(path: str) -> int:
    """One by one."""
    import torch

    from framescout.embedding.loading import load
    from framescout.embedding.presets import resolve

    model, count = load(resolve("starter")), 0
    with torch.inference_mode():
        for picture in pyav(path, model.image_size):
            model.model.visual(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255)
            count += 1
    return count


def framescout_index(path: str, cache: str) -> int:
    """`index` at its defaults, into a catalog that has the towers."""
    import framescout
    import indexer

    catalog = framescout.open(Path(cache).parent)
    report = indexer.index(catalog, [path])
    assert report.indexed, report.sentence()
    with catalog.snapshot() as snapshot:
        return snapshot.totals().keyframes


def run_one(name: str, path: str, cache: str) -> int:
    """In this process; returns how many pictures were embedded."""
    if name == "index":
        return framescout_index(path, cache)
    if name == EXTRACTING:
        return rclip_way.extract(path, cache)
    if name == RCLIP:
        return rclip_way.index(path, cache)
    return usual_way(path) if name == USUAL else embed_all(READERS[name][1], path, cache)


def timed(name: str, path: Path, towers: Path, folder: Path) -> tuple[float, float, int]:
    """Wall-clock and processor seconds of one way in a process of its own, and its pictures."""
    import shutil

    with tempfile.TemporaryDirectory(dir=folder) as catalog:
        cache = shutil.copytree(towers, Path(catalog) / "cache", copy_function=os.link)
        command = [sys.executable, __file__, "--one", name, str(path), str(cache)]
        return timed_command(command)


def timed_rclip(path: Path, folder: Path) -> dict[str, tuple[float, float, int]]:
    """With the frames extracted before, and with extracting them."""
    models = folder / "rclip"
    if not models.exists():
        rclip_way.put_models(models)
    with tempfile.TemporaryDirectory(dir=folder) as pictures:
        extracting = timed_command([sys.executable, __file__, "--one", EXTRACTING, str(path), pictures])
        alone = timed_command([sys.executable, __file__, "--one", RCLIP, pictures, str(models)])
    return {RCLIP: alone, EXTRACTING: (alone[0] + extracting[0], alone[1] + extracting[1], alone[2])}


def timed_command(command: list[str], **options: Any) -> tuple[float, float, int]:
    """As `timed`; pictures are the last line of what it prints."""
    before, started = _children(), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, **options)
    taken = time.perf_counter() - started, _children() - before
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    last = done.stdout.split()[-1:] or ["0"]
    return *taken, int(last[0]) if last[0].isdigit() else 0


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ways() -> list[str]:
    """Those whose packages are here."""
    found = [name for name, (package, _) in READERS.items() if importlib.util.find_spec(package)]
    return ["index", *found, USUAL]


def compare(path: Path, folder: Path, rounds: int) -> list[str]:
    """Rows of the table: medians, and medians of the ratios to the `index` run of the same round."""
    from framescout.embedding import load_embedder

    towers = folder / "towers"
    load_embedder("starter", cache=towers)
    timed("index", path, towers, folder)  # the file comes into the memory of the system
    names = ways()
    taken: dict[str, list[tuple[float, float, int]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            taken[name].append(timed(name, path, towers, folder))
            print(path.name, name, taken[name][-1], file=sys.stderr)
        if importlib.util.find_spec("rclip"):
            for name, row in timed_rclip(path, folder).items():
                taken.setdefault(name, []).append(row)
    base = taken["index"]
    lines = []
    for name, rows in taken.items():
        wall, busy = (statistics.median(row[i] for row in rows) for i in (0, 1))
        ratios = [statistics.median(row[i] / own[i] for row, own in zip(rows, base, strict=True)) for i in (0, 1)]
        lines.append(
            f"| {path.stem} | {name} | {rows[0][2]} | {wall:.1f} | {busy:.1f} | {ratios[0]:.1f} | {ratios[1]:.1f} |"
        )
    return lines


def main() -> None:
    """Command line."""
    if sys.argv[1:2] == ["--one"]:
        print(run_one(*sys.argv[2:]))
        return
    from benchmarks.footage import KINDS, make_footage

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, help="where made footage is kept")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kind", choices=KINDS, action="append")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = arguments.footage or folder
        made.mkdir(parents=True, exist_ok=True)
        lines = []
        for kind in arguments.kind or ["1080p-h264-gop250"]:
            lines += compare(make_footage(made, kind, arguments.minutes), folder, arguments.rounds)
    print("| footage | way | pictures | seconds | of processor | times `index` | by processor |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    with recorded(__file__):
        main()
