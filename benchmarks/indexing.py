"""How fast indexing is, against what bounds it; ratios of runs side by side.

    python benchmarks/indexing.py [--footage FOLDER] [--minutes 3] [--rounds 3] [--kind KIND]... [--like FOLDER]
    python benchmarks/indexing.py --hours 10

Footage is made here (benchmarks/footage.py) and kept where --footage says; --like takes a folder of real clips beside
it. In each round, one after the other:
  demux       every packet read, none decoded
  I-frames    the I-frames decoded alone, one in each second at most, and scaled to the model's square: plain PyAV with
              the quickest settings known, in one process and in two
  reader      the index run's own choice of pictures (gaps filled, three a clip at least), in one process
  embedding   as many pictures as the index run stores, embedded alone on all cores
  index       the whole `framescout index` road into an empty catalog, in this process
  fixed       the same for one clip of a second: starting the decoders, loading the model, the catalog
`larger` is the larger of I-frames in two processes and embedding: the limit of a machine on which one of the two costs
nothing. `bound` is what no run can go below: the processor seconds of decoding and embedding spread evenly over the
cores. For a folder of short clips decoding means the reader, elsewhere the plain I-frames. With --hours only memory is
looked at: the largest resident memory of an index run, decoders included, over one video so long; of small pictures, or
ten hours would be 60 GB.
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
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import framescout
import indexer
from benchmarks.record import recorded

if TYPE_CHECKING:
    import psutil

    from framescout.embedding import Embedder

CORES = os.cpu_count() or 1
_FULL_HD = 1080  # lines
_FEWEST_SECONDS = 1.0  # between two I-frames that are decoded: what `balanced` does
_AT_ONCE = 64  # pictures handed to the image tower: not so many that they fill the memory


@dataclass(frozen=True, slots=True)
class Taken:
    """What a job took."""

    wall: float
    cpu: float
    """Processor seconds of the process and of its children that ended."""
    pictures: int = 0


def take(job: Callable[[], int | None]) -> Taken:
    """Run a job that says how many pictures it made."""
    before, started = os.times(), time.perf_counter()
    pictures = job()
    return Taken(time.perf_counter() - started, sum(os.times()[:4]) - sum(before[:4]), pictures or 0)


def demux(paths: Sequence[Path]) -> int:
    """Read every packet of the pictures; returns how many."""
    import av

    count = 0
    for path in paths:
        with av.open(str(path)) as container:
            count += sum(1 for _ in container.demux(container.streams.video[0]))
    return count


def decode_i_frames(paths: Sequence[Path], size: tuple[int, int], part: int = 0, parts: int = 1) -> int:
    """Decode the I-frames, or every `parts`-th of them from the `part`-th on; returns how many."""
    import av

    count = number = 0
    for path in paths:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"skip_loop_filter": "all"}
            due = 0.0
            for packet in container.demux(stream):
                if not packet.is_keyframe or packet.pts is None or float(packet.pts * packet.time_base) < due:
                    continue
                due = float(packet.pts * packet.time_base) + _FEWEST_SECONDS - 1e-3
                number += 1
                if number % parts != part:
                    continue
                for frame in [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]:
                    frame.reformat(*size, "rgb24", interpolation="AREA").to_ndarray()
                    count += 1
                stream.codec_context.flush_buffers()
    return count


def read(paths: Sequence[Path], size: tuple[int, int], density: str = "balanced") -> int:
    """The pictures that the indexer chooses, without all that follows; returns how many."""
    from indexer.duplicates import DuplicateFilter
    from indexer.key_pictures import PicturedKeyframe
    from indexer.keyframes import read_keyframes
    from indexer.probe import probe

    count = 0
    for path in paths:
        items, duplicates = read_keyframes(str(path), probe(str(path)), density, size), DuplicateFilter()
        count += sum(isinstance(item, PicturedKeyframe) and duplicates.is_new(item.picture) for item in items)
    return count


def embed(embedder: Embedder, count: int) -> int:
    """Embed so many pictures of noise."""
    import numpy as np

    width, height = embedder.image_size
    pixels = np.random.default_rng(1).integers(0, 255, (min(count, _AT_ONCE), height, width, 3), np.uint8)
    for start in range(0, count, _AT_ONCE):
        embedder.encode_pixels(pixels[: count - start])
    return count


def index(paths: Sequence[Path], empty: Path, density: str = "balanced") -> int:
    """The whole road into a copy of an empty catalog, in which the model's towers lie as from the second run on."""
    from framescout import settings

    with tempfile.TemporaryDirectory(dir=empty.parent) as folder:
        catalog = framescout.open(shutil.copytree(empty, Path(folder) / "catalog", copy_function=_placed))
        report = indexer.index(catalog, paths, settings=settings.load(density=density))
        assert report.indexed, report.sentence()
        with catalog.snapshot() as snapshot:
            return snapshot.totals().keyframes


def _placed(source: str, target: str) -> None:
    """The database is copied, the towers beside it are linked."""
    (shutil.copyfile if Path(source).name.startswith("catalog") else os.link)(source, target)


class TwoDecoders:
    """Two processes that decode side by side; they stay, so that their start isn't measured."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(2, get_context("spawn"), initializer=_prepare)
        list(self._pool.map(time.sleep, [0.5, 0.5]))  # both have begun

    def __enter__(self) -> TwoDecoders:
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown()

    def i_frames(self, paths: Sequence[Path], size: tuple[int, int]) -> Taken:
        """Each takes every other file, or every other I-frame of the only file."""
        started = time.perf_counter()
        if len(paths) > 1:
            shares = [self._pool.submit(_taken, paths[part::2], size, 0, 1) for part in range(2)]
        else:
            shares = [self._pool.submit(_taken, paths, size, part, 2) for part in range(2)]
        taken = [share.result() for share in shares]
        return Taken(time.perf_counter() - started, sum(t.cpu for t in taken), sum(t.pictures for t in taken))


def _prepare() -> None:
    import_module("av.video.reformatter")


def _taken(*arguments: Any) -> Taken:
    return take(lambda: decode_i_frames(*arguments))


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of one kind of footage."""

    name: str
    is_one_file: bool
    taken: dict[str, Taken]

    @property
    def larger(self) -> float:
        """Seconds: the larger of decoding and embedding, each alone on the machine."""
        return max(self.taken["I-frames in two"].wall, self.taken["embedding"].wall)

    @property
    def bound(self) -> float:
        """Seconds that no run on this machine can go below."""
        return self.work / CORES

    @property
    def work(self) -> float:
        """Processor seconds of decoding and embedding."""
        return self.taken["I-frames" if self.is_one_file else "reader"].cpu + self.taken["embedding"].cpu

    def cells(self) -> list[str]:
        """For the table."""
        names = ("demux", "I-frames", "I-frames in two", "reader", "embedding", "fixed", "index")
        whole = self.taken["index"]
        fixed = self.taken["fixed"]
        ratios = [
            whole.wall / self.larger,
            whole.wall / self.bound,
            (whole.wall - fixed.wall) / self.bound,
            (whole.cpu - fixed.cpu) / self.work,
        ]
        return [
            self.name,
            str(whole.pictures),
            *(f"{self.taken[name].wall:.2f} ({self.taken[name].cpu:.2f})" for name in names),
            *(f"{ratio:.2f}" for ratio in ratios),
        ]


HEADINGS = (
    "footage",
    "pictures",
    "demux",
    "I-frames",
    "I-frames, two processes",
    "reader",
    "embedding",
    "fixed part",
    "`index`",
    "index / larger",
    "index / bound",
    "(index - fixed) / bound",
    "the same by processor",
)


def measure(name: str, paths: Sequence[Path], folder: Path, rounds: int) -> Row:
    """Medians over rounds in which each job has its turn; `folder` is for catalogs."""
    from framescout.embedding import load_embedder

    empty = folder / "empty"
    cache = framescout.open(empty).cache_folder
    load_embedder("starter", cache=cache)
    embedder = load_embedder("starter", cache=cache)
    tiny = tiny_clip(folder)
    pictures = index(paths, empty)  # warms what a first run would, and says how many there are
    with TwoDecoders() as two:
        jobs: dict[str, Callable[[], Taken]] = {
            "demux": lambda: take(lambda: demux(paths)),
            "I-frames": lambda: take(lambda: decode_i_frames(paths, embedder.image_size)),
            "I-frames in two": lambda: two.i_frames(paths, embedder.image_size),
            "reader": lambda: take(lambda: read(paths, embedder.image_size)),
            "embedding": lambda: take(lambda: embed(embedder, pictures)),
            "fixed": lambda: take(lambda: index([tiny], empty)),
            "index": lambda: take(lambda: index(paths, empty)),
        }
        rows: dict[str, list[Taken]] = {job: [] for job in jobs}
        for _ in range(rounds):
            for job, do in jobs.items():
                rows[job].append(do())
    return Row(name, len(paths) == 1, {job: median(taken) for job, taken in rows.items()})


def median(taken: Sequence[Taken]) -> Taken:
    """Of each figure by itself."""
    walls, cpus = [one.wall for one in taken], [one.cpu for one in taken]
    return Taken(statistics.median(walls), statistics.median(cpus), taken[0].pictures)


def tiny_clip(folder: Path) -> Path:
    """A second of small footage."""
    from tests.footage.make import numbered

    path = folder / "tiny.mp4"
    return path if path.exists() else numbered(folder, path.name, seconds=1.0)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def videos(folder: Path) -> list[Path]:
    """What an index run would find there."""
    from indexer.scan import scan

    return [Path(found.path) for found in scan([folder])]


def memory(path: Path, folder: Path, hours: float) -> None:
    """Print the largest resident memory of an index run over a long video."""
    import psutil

    code = (
        "import sys, framescout, indexer; print(indexer.index(framescout.open(sys.argv[1]), [sys.argv[2]]).sentence())"
    )
    with tempfile.TemporaryDirectory(dir=folder) as catalog:
        process = subprocess.Popen([sys.executable, "-c", code, catalog, str(path)])
        watched, most = psutil.Process(process.pid), 0
        while process.poll() is None:
            most = max(most, _resident(watched))
            time.sleep(0.2)
    print(f"{hours:g} hours: at most {most / 2**30:.2f} GiB resident, decoders included")


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
    from benchmarks.footage import KINDS, make_footage

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, help="where made footage is kept")
    parser.add_argument("--like", type=Path, help="a folder of real clips")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kind", choices=[*KINDS, "none"], action="append", help="of made footage; may be repeated")
    parser.add_argument("--hours", type=float, default=0)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = arguments.footage or folder
        made.mkdir(parents=True, exist_ok=True)
        if arguments.hours:
            for kind in arguments.kind or ["240p-h264-gop250"]:
                memory(make_footage(made, kind, arguments.hours * 60), folder, arguments.hours)
            return
        large = [kind for kind, how in KINDS.items() if how.height >= _FULL_HD]  # gaps of small videos are filled
        kinds = [kind for kind in arguments.kind or large if kind != "none"]
        footage = {kind: [make_footage(made, kind, arguments.minutes)] for kind in kinds}
        if arguments.like:
            clips = videos(arguments.like)
            footage = {f"{len(clips)} clips": clips, **footage}
        print(f"{CORES} cores, {arguments.minutes:g} minutes a kind, medians of {arguments.rounds} rounds")
        print("seconds of wall-clock time (of processor)\n")
        rows = []
        for name, paths in footage.items():
            rows.append(measure(name, paths, folder, arguments.rounds).cells())
            print(table([], [rows[-1]]).splitlines()[-1], file=sys.stderr)
        print(table(HEADINGS, rows))


if __name__ == "__main__":
    with recorded(__file__):
        main()
