"""How long a question about motion takes in a large archive: the filter that leaves the keyframes where so much moves.

    python benchmarks/motion_search.py [--hours 2000] [--catalog FOLDER]

The catalog is made: videos of an hour with 1,160 keyframes each (what `balanced` keeps) at ten cameras, and curves
that rest, with bursts of motion. Its embeddings are short, since no filter looks at them. Three times are told: the
first question of a program (`framescout search` is one each time), the next ones of a program that stays (`framescout
serve`), and the first one after an index run has committed another video. Times are of the processor.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.record import recorded
from framescout.catalog import Catalog, Writer
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Model, Probe, ReadEnd
from framescout.motion import OCTAVE, STEP, Motion, Source
from framescout.settings import load
from framescout.timeline import Span
from query.filters import wanted_ranges
from query.request import MOTIONS, Query

_KEYFRAMES, _SECONDS, _DIMENSIONS, _CAMERAS = 1160, 3600.0, 8, 10
_AGAIN = 5


def video(number: int, random: np.random.Generator) -> IndexedVideo:
    """An hour in which something moves a twentieth of the time."""
    times = np.concatenate([[0.0], np.sort(random.uniform(0.5, _SECONDS - 1, _KEYFRAMES - 1))])
    edges = [*times.tolist(), _SECONDS]
    rows = random.normal(size=(_KEYFRAMES, _DIMENSIONS))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    levels = np.clip(random.normal(40, 2, round(_SECONDS / STEP)), 1, 255)
    for start in random.integers(0, len(levels), 36):
        levels[start : start + 10] += random.uniform(1, 5) * OCTAVE
    return IndexedVideo(
        FileIdentity(f"/archive/cam{number % _CAMERAS}/{number:06}.mp4", 1, 1, f"content {number}"),
        Probe(_SECONDS, 25.0, False, 1920, 1080, 0, Fraction(1), 0.0, "h264", False, {}),
        ReadEnd(_SECONDS, True),
        tuple(Keyframe(n, Fraction(1, 25), edges[n], Span(edges[n], edges[n + 1])) for n in range(_KEYFRAMES)),
        rows.astype(np.float16),
        "balanced",
        motion=Motion(levels.astype(np.uint8), Source.SIZES),
    )


def make_catalog(folder: Path, hours: int) -> None:
    """A catalog of so many videos."""
    with Catalog.open(folder).writer() as writer:
        model, random = model_of(writer), np.random.default_rng(1)
        writer.activate(model)
        for number in range(hours):
            writer.commit_video(video(number, random), model)


def model_of(writer: Writer) -> Model:
    """What stands for a model here."""
    return writer.model("made", "made", _DIMENSIONS)


def asked(catalog: Catalog, kind: str) -> tuple[float, int]:
    """Processor seconds that the filter takes in a state of now, and how many keyframes it leaves."""
    with catalog.snapshot() as snapshot:
        model = snapshot.active_model()
        assert model
        space = snapshot.space(model)
        began = time.process_time()
        ranges = wanted_ranges(space, Query(motion=kind), load().zone)
        took = time.process_time() - began
    assert ranges is not None
    return took, int((ranges[:, 1] - ranges[:, 0]).sum())


def rows(folder: Path, hours: int) -> Iterator[list[str]]:
    """A row a kind."""
    for kind in (each.value for each in MOTIONS):
        first, _ = asked(Catalog.open(folder, create=False), kind)
        stays = Catalog.open(folder, create=False, stays=True)
        asked(stays, kind)
        again = statistics.median(asked(stays, kind)[0] for _ in range(_AGAIN))
        with Catalog.open(folder, create=False).writer() as writer:
            number = time.time_ns()
            writer.commit_video(video(number, np.random.default_rng(number)), model_of(writer))
        after, left = asked(stays, kind)
        yield [kind, str(hours), f"{left:,}", f"{first:.2f} s", f"{again * 1000:.0f} ms", f"{after * 1000:.0f} ms"]


def main(hours: int, folder: Path) -> None:
    """Make the catalog where there is none, and print the table."""
    if not (folder / "catalog.sqlite").exists():
        make_catalog(folder, hours)
    print("| asked for | video hours | keyframes that pass | first question | the next ones | after a commit |")
    print("|---|---|---|---|---|---|")
    for row in rows(folder, hours):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hours", type=int, default=2000)
    parser.add_argument("--catalog", type=Path)
    arguments = parser.parse_args()
    with recorded(__file__), tempfile.TemporaryDirectory() as temporary:
        main(arguments.hours, arguments.catalog or Path(temporary))
