"""What the motion curve and the jerks cost an index run: processor time with and without in turn, and their bytes.

    python benchmarks/motion_cost.py CATALOG CLIPS [--footage FOLDER] [--minutes 3] [--rounds 5]

CATALOG: one that has the starter made ready for this machine; it is not changed. CLIPS: a folder of real clips. Footage
of known kinds is made beside them (benchmarks/footage.py) and kept where --footage says. Everything runs in this
process, so that its processor time is all there is. `reading` is the reader of the index run, from the file to the
pictures that are embedded: with curve and jerks, with the curve alone and without both in turn; of each the least of
all rounds, since other programs can only add to it. `index run` is the whole road into an empty catalog. The shares are
what curve and jerks add to the reader, of the whole run. Units of H.264 and HEVC are counted either way: that tells
damage.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

import framescout
import indexer
from benchmarks.footage import make_footage
from benchmarks.record import recorded
from framescout.media.container import OpenVideo
from framescout.media.packets import coded_bytes, length_size
from framescout.motion import Motion, Source
from indexer import decode, keyframes, pipeline
from indexer.events import Event, Job
from indexer.scan import VideoFile, scan
from indexer.workers import Identify, Limits

KINDS = ("1080p-h264", "1080p-hevc", "240p-h264-gop250")
_SIZE = 352, 352
_LIMITS = Limits(max_pixels=2**28, memory_mib=0, timeout=0.0, decode_on="cpu")


class NoMeter:
    """Takes nothing in."""

    key_times = ()

    def packet(self, *_: object, **__: object) -> None: ...
    def picture(self, *_: object) -> None: ...

    def motion(self) -> Motion:
        """Nothing."""
        return Motion(np.empty(0, np.uint8), Source.UNKNOWN)


def _counts_units_alone(_: NoMeter, video: OpenVideo) -> Callable[[Packet[VideoStream], float], bool]:
    context = video.stream.codec_context
    prefix, codec = length_size(context), context.name
    return lambda packet, _: coded_bytes(packet, prefix, codec) is not None


@contextmanager
def without_curve() -> Iterator[None]:
    """Within, nothing is taken in for the curve."""
    with (
        mock.patch.object(decode, "MotionMeter", NoMeter),
        mock.patch.object(keyframes, "packet_taker", _counts_units_alone),
    ):
        yield


@contextmanager
def without_jerks() -> Iterator[None]:
    """Within, nobody glances at pictures."""
    with mock.patch.object(decode, "glances", lambda _, times, **__: [float("nan")] * len(times)):
        yield


class InThisProcess:
    """Decodes one file after the other where `events` is iterated."""

    def begin(self, files: Sequence[VideoFile], identify: Identify) -> None:
        """Of these files."""
        self._files, self._identify = files, identify

    def events(self) -> Iterator[Event | None]:
        """Of every file, in order."""
        for key, file in enumerate(self._files):
            identified = self._identify(key, file)
            yield identified
            if isinstance(identified, Job):
                yield from decode.decode(identified, _LIMITS)

    def take_no_more(self) -> None: ...
    def close(self) -> None: ...


def read(files: Sequence[VideoFile]) -> float:
    """Processor seconds of the reader."""
    began = time.process_time()
    for file in files:
        for _ in decode.decode(Job(0, file, "", "balanced", _SIZE), _LIMITS):
            pass
    return time.process_time() - began


def index(files: Sequence[VideoFile], ready: Path) -> tuple[float, float, int]:
    """Processor seconds of a whole run, hours of footage, bytes of their curves and jerks."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = framescout.open(Path(folder) / "catalog")
        shutil.copytree(ready / "cache", catalog.cache_folder, dirs_exist_ok=True)
        with mock.patch.object(pipeline, "workers_for", return_value=InThisProcess()):
            began = time.process_time()
            report = indexer.index(catalog, [file.path for file in files])
            took = time.process_time() - began
        with closing(sqlite3.connect(catalog.folder / "catalog.sqlite")) as opened:
            (size,) = opened.execute("SELECT sum(length(motion_levels) + length(motion_jerks)) FROM video").fetchone()
        return took, report.footage / 3600, size


def main(ready: Path, clips: Path, made: Path, minutes: int, rounds: int) -> None:
    """Print the table."""
    footage = {"real clips": list(scan([clips]))}
    footage |= {kind: list(scan([make_footage(made, kind, minutes)])) for kind in KINDS}
    print("| footage | hours | reading with curve and jerks, s | with the curve, s | without, s | index run, s |"
          " of the curve | of the jerks | bytes an hour |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, files in footage.items():
        whole, hours, size = index(files, ready)
        times: tuple[list[float], list[float], list[float]] = ([], [], [])
        for _ in range(rounds):
            times[0].append(read(files))
            with without_jerks():
                times[1].append(read(files))
            with without_curve():
                times[2].append(read(files))
        both, with_curve, without = map(min, times)
        row = [
            f"{hours:.2f}",
            f"{both:.2f}",
            f"{with_curve:.2f}",
            f"{without:.2f}",
            f"{whole:.1f}",
            f"{(with_curve - without) / whole:.2%}",
            f"{(both - with_curve) / whole:.2%}",
            f"{size / hours:.0f}",
        ]
        print(f"| {name} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("catalog", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--footage", type=Path, default=Path(tempfile.gettempdir()) / "framescout-footage")
    parser.add_argument("--minutes", type=int, default=3, help="of footage that is made of each kind")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    arguments.footage.mkdir(parents=True, exist_ok=True)
    with recorded(__file__):
        main(arguments.catalog, arguments.clips, arguments.footage, arguments.minutes, arguments.rounds)
