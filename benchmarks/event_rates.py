"""Whether a camera without the event alarms as often as was asked, on real calm footage and on made hours of it.

    python benchmarks/event_rates.py CATALOG MANIFEST

CATALOG: an index of the real footage that lies beside the project; MANIFEST: its manifest.csv with labels. Real: the
clips that show neither fights nor falls, joined to one camera. Made: two cameras, a day each, a keyframe every four
seconds, that drift from one calm keyframe's embedding to another's, each like the one before.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from benchmarks.events import EXAMPLE
from benchmarks.record import recorded
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Model, Probe, ReadEnd
from framescout.timeline import Span
from query.engine import Engine
from query.events import Event, detect, read_events

WANTED = (1.0, 10.0)
STEP, HOURS = 4.0, 24
BEGAN = datetime(2026, 2, 14, tzinfo=UTC)


def calm_clips(catalog: Catalog, manifest: Path) -> tuple[Model, list[tuple[np.ndarray, np.ndarray]]]:
    """The model, and of each calm clip its embeddings and the lengths of its keyframes' stretches."""
    with manifest.open(newline="", encoding="utf-8") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    calm = {name for name, label in labels.items() if "falling" not in label and "fighting" not in label}
    engine = Engine(catalog)
    clips = []
    with engine.space() as space:
        names = {video.id: "/".join(Path(video.path).parts[-2:]) for video in space.snapshot.video_facts()}
        for block in space.blocks():
            times = space.keyframe_times(block.video_id)
            if names[block.video_id] in calm and times is not None:
                clips.append((block.embeddings, times.ends - times.starts))
        return space.model, clips


def video(camera: str, number: int, at: datetime, rows: np.ndarray, lengths: np.ndarray) -> IndexedVideo:
    ends = np.cumsum(lengths).tolist()
    spans = [Span(start, end) for start, end in zip([0.0, *ends[:-1]], ends, strict=True)]
    keyframes = tuple(Keyframe(place, Fraction(1), span.start, span) for place, span in enumerate(spans))
    probe = Probe(
        ends[-1],
        1.0,
        False,
        224,
        224,
        0,
        Fraction(1),
        0.0,
        "none",
        False,
        {"container": "mov", "creation_time": at.isoformat()},
    )
    path = f"/{camera}/{number:05d}.mp4"
    return IndexedVideo(
        FileIdentity(path, 1, 1, path), probe, ReadEnd(ends[-1], True), keyframes,
        rows.astype(np.float16), "balanced",
    )  # fmt: skip


def real(clips: list[tuple[np.ndarray, np.ndarray]]) -> list[IndexedVideo]:
    at, videos = BEGAN, []
    for number, (rows, lengths) in enumerate(clips):
        videos.append(video("joined", number, at, rows, lengths))
        at += timedelta(seconds=float(lengths.sum()))
    return videos


def made(clips: list[tuple[np.ndarray, np.ndarray]]) -> list[IndexedVideo]:
    random, pool = np.random.default_rng(3), np.concatenate([rows for rows, _ in clips]).astype(np.float32)
    videos = []
    for camera in ("made one", "made other"):
        state = pool[random.integers(len(pool))]
        for hour in range(HOURS):
            rows = np.empty((int(3600 / STEP), pool.shape[1]), np.float32)
            for place, other in enumerate(random.integers(len(pool), size=len(rows)).tolist()):
                state = 0.8 * state + 0.2 * pool[other] * random.exponential()
                state /= np.linalg.norm(state)
                rows[place] = state
            at = BEGAN + timedelta(hours=hour)
            videos.append(video(camera, hour, at, rows, np.full(len(rows), STEP)))
    return videos


def rates(model: Model, videos: list[IndexedVideo], event: Event) -> list[float]:
    """Alarms an hour for each rate of WANTED."""
    hours = sum(each.probe.duration for each in videos) / 3600
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog.open(folder)
        with catalog.writer() as writer:
            own = writer.model(model.name, model.fingerprint, model.dimensions)
            writer.activate(own)
            for each in videos:
                writer.commit_video(each, own)
        engine = Engine(catalog)
        with engine.space() as space:
            found = [detect(engine, space, "event", replace(event, false_alarms_per_hour=rate)) for rate in WANTED]
    return [len(each.alerts) / hours for each in found]


def main() -> None:
    source = Catalog.open(Path(sys.argv[1]), create=False)
    model, clips = calm_clips(source, Path(sys.argv[2]))
    example = read_events(EXAMPLE)
    heads = "".join(f" alarms an hour where {rate:g} was asked |" for rate in WANTED)
    print(f"| event | footage | hours |{heads}\n|---|---|---|{'---|' * len(WANTED)}")
    for kind, videos in (("real, joined", real(clips)), ("made", made(clips))):
        hours = sum(each.probe.duration for each in videos) / 3600
        for name in ("fighting", "falling", "running"):
            event = replace(example[name], motion=None, normal={}, suspicious={})
            cells = "".join(f" {rate:.2f} |" for rate in rates(model, videos, event))
            print(f"| {name} | {kind} | {hours:.2f} |{cells}")


if __name__ == "__main__":
    with recorded(__file__):
        main()
