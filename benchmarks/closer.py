"""What a second look gains: events told with `--look-closer` and without it, on clips whose act is known.

    python benchmarks/closer.py CATALOG MANIFEST

CATALOG: an index of the clips; MANIFEST: their manifest.csv with labels. A clip scores as its best keyframe by
configs/events.example.toml at the rate that stands there, without contexts. `none` has what an index run saw. `bounded`
is what the command does: 36 seconds of each hour of footage at most, the likeliest. `everything` lifts that bound,
which the command never does. Nobody looks closer at events of steps. The threshold of "found" is that of one false
alarm an hour by the calm clips, all seen in the same way.
"""

from __future__ import annotations

import csv
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
from msgspec.structs import replace

from benchmarks.events import EXAMPLE, with_interval
from benchmarks.record import recorded
from framescout.catalog import Catalog
from query.engine import Engine
from query.events import Event, closer, detect, read_events
from query.events.threshold import Tail

ACTS = {"fighting": ("fight-det", "surveillance: fighting"), "falling": ("up-fall", "falling")}
"""Event -> how the paths of its clips and of those without it begin, and the labels of its clips."""
LOOKS = ("none", "bounded", "everything")


@contextmanager
def unbounded() -> Iterator[None]:
    """Within, a second look takes in everything."""
    with mock.patch.object(closer, "SECONDS_AN_HOUR", 1e9):
        yield


def measure(engine: Engine, event: Event, look: str, begins: str, label: str, labels: dict[str, str]) -> str:
    """A row of the table."""
    told: list[str] = []
    event = replace(event, normal={}, suspicious={})
    with engine.space() as space:
        second = closer.Closer.of(space.model, engine.catalog.cache_folder, told.append) if look != "none" else None
        began = time.process_time()
        if look == "everything":
            with unbounded():
                found = detect(engine, space, "event", event, closer=second)
        else:
            found = detect(engine, space, "event", event, closer=second)
        took = time.process_time() - began
    right, wrong, calm, calm_seconds = [], [], [], 0.0
    for watched in found.cameras:
        for number, video in enumerate(watched.videos):
            name = "/".join(Path(video.path).parts[-2:])
            own = watched.video_of == number
            if not name.startswith(begins):
                continue
            if labels[name].startswith(label):
                right.append(float(watched.evidence[own].max()))
            else:
                wrong.append(float(watched.evidence[own].max()))
                calm.append(watched.evidence[own])
                calm_seconds += float(watched.lengths[own].sum())
    threshold = Tail.of(np.concatenate(calm), calm_seconds).at_rate(1.0)
    reached = int((np.array(right) >= threshold).sum())
    seconds = sum(float(each) for said in told for each in re.findall(r"look at (\d+) s", said))
    figure = with_interval(np.array(right), np.array(wrong))
    return f"{len(right)} / {len(wrong)} | {figure} | {reached} | {seconds:.0f} | {took:.1f}"


def main(folder: Path, manifest: Path) -> None:
    """Print the table."""
    with manifest.open(newline="", encoding="utf-8") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    engine, example = Engine(Catalog.open(folder, create=False)), read_events(EXAMPLE)
    print("| event | second look | with / without | AUROC (95 % interval) | found at one false alarm an hour |"
          " seconds looked at | processor s |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for act, (begins, label) in ACTS.items():
        for look in LOOKS:
            print(f"| {act} | {look} | {measure(engine, example[act], look, begins, label, labels)} |", flush=True)


if __name__ == "__main__":
    with recorded(__file__):
        main(Path(sys.argv[1]), Path(sys.argv[2]))
