"""How well acts are told by motion, by single pictures and by both, and what each way of seeing motion costs.

    python benchmarks/motion.py CATALOG FOOTAGE

FOOTAGE: a folder of clips with manifest.csv; CATALOG: an index of it. Prints clip-level AUROC with 95 % bootstrap
intervals over clips, of fighting against calm scenes of surveillance, and of falling against other acts of the same man
in the same hall.

The ways: coded sizes (a clip's mean level for fighting, its highest half second for falling), motion vectors (the mean
length a picture), differences of decoded pictures on a grid of 12 x 8 (the mean of two successive ones), jerks of the
same grid (the change of the change, in the ten cells where it is most), and those of one glance a minute, which an
index run takes. Single pictures score as the best keyframe by
configs/events.example.toml; of an event that asks for what comes then, by that step. Both: the sum of the two, each
less its mean and by its standard deviation over all clips of the act, so that no weight is fitted. The time is the
processor's, of the way alone.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from benchmarks.discrimination import auroc, auroc_interval
from benchmarks.record import recorded
from framescout.catalog import Catalog
from framescout.jerks import jerk_octaves
from framescout.media.container import OpenVideo, open_video
from framescout.media.frame_rates import measured_rate
from framescout.media.frames import Scaler, orientation_of
from framescout.media.glances import glances
from framescout.motion import OCTAVE, UNKNOWN
from indexer.glances import glance_times
from indexer.motion import SIDE, MotionMeter, change, packets_alone, read_motion, small
from query.engine import Engine
from query.events import read_events
from query.events.evidence import Directions

EXAMPLE = Path(__file__).parents[1] / "configs" / "events.example.toml"
ACTS = {
    "fighting": ("fight-detection-surv-dataset", "surveillance: fighting"),
    "falling": ("up-fall", "falling"),
}
"""Act -> the folder of its clips and of those without it, and how the labels of its clips begin."""
_DRAWS = 2000
_A_LOOK, _SAME = (
    1 / 8,
    0.05,
)  # seconds between pictures whose jerks are taken; levels of 255 up to which one is repeated

Way = Callable[[Path], np.ndarray]
"""A clip -> its levels in octaves, in order of time."""


def with_interval(scores: np.ndarray, is_right: np.ndarray) -> str:
    """AUROC and its 95 % interval, drawing clips with and clips without the act anew."""
    right, wrong = scores[is_right], scores[~is_right]
    low, high = auroc_interval(right, wrong, np.random.default_rng(5), _DRAWS)
    return f"{auroc(right, wrong):.3f} ({low:.2f} to {high:.2f})"


def by_sizes(path: Path) -> np.ndarray:
    """The stored curve, read anew."""
    levels = read_motion(str(path)).levels
    octaves: np.ndarray = levels[levels != UNKNOWN] / OCTAVE
    return octaves


def by_sizes_a_second(path: Path) -> np.ndarray:
    """The same, times the pictures a second: how much is coded in a second."""
    with open_video(path) as video:
        rate, _ = measured_rate(video)
    octaves: np.ndarray = by_sizes(path) + np.log2(rate or 25.0)
    return octaves


def by_vectors(path: Path) -> np.ndarray:
    """The mean length of the motion vectors of each picture; of codecs that have none, nothing."""

    def length(frame: VideoFrame) -> float | None:
        vectors = frame.side_data.get("MOTION_VECTORS")
        if vectors is None:
            return None
        moved = np.asarray(vectors.to_ndarray())
        return float(np.hypot(moved["motion_x"], moved["motion_y"]).mean() / 4) if len(moved) else 0.0

    lengths = [each for each in _of_frames(path, length, {"flags2": "+export_mvs"}) if each is not None]
    return np.log2(np.array(lengths) + 0.05)


def by_differences(path: Path) -> np.ndarray:
    """How far each picture differs from the one before."""
    scaler = Scaler()
    before: list[np.ndarray] = []

    def difference(frame: VideoFrame) -> float | None:
        grey = small(scaler.squash(frame, (SIDE, SIDE), orientation_of(frame, video_of[0])))
        before.append(grey)
        return change(before.pop(0), grey) if len(before) == 2 else None

    video_of: list[OpenVideo] = []
    differences = [each for each in _of_frames(path, difference, {}, video_of) if each is not None]
    return np.log2(np.array(differences) + 0.001)


def by_jerks(path: Path) -> np.ndarray:
    """How much the change itself changes, eight times a second, in the ten of 96 cells of the grid where it does most.

    What only passes through a cell changes it evenly; a blow does not.
    """
    scaler = Scaler()
    video_of: list[OpenVideo] = []
    shown: list[tuple[float, np.ndarray]] = []

    def look(frame: VideoFrame) -> None:
        grey = small(scaler.squash(frame, (SIDE, SIDE), orientation_of(frame, video_of[0])))
        time = video_of[0].seconds(frame.pts or 0)
        is_new = not shown or np.abs(grey - shown[-1][1]).mean() > _SAME
        if is_new and (not shown or time - shown[-1][0] >= _A_LOOK - 1e-3):
            shown.append((time, grey))

    _of_frames(path, look, {}, video_of)
    return jerk_octaves(np.stack([grey for _, grey in shown]) if shown else np.empty((0, SIDE, SIDE)))


def by_glances(path: Path) -> np.ndarray:
    """What an index run sees of jerks: half a second of each minute, reading the packets counted."""
    meter = MotionMeter()
    for _ in packets_alone(str(path), meter):
        pass
    octaves = np.array([*glances(str(path), glance_times(meter.motion(), meter.key_times))])
    known: np.ndarray = octaves[~np.isnan(octaves)]
    return known


def _of_frames(
    path: Path,
    look: Callable[[VideoFrame], float | None] | Callable[[VideoFrame], None],
    options: dict[str, str],
    opened: list[OpenVideo] | None = None,
) -> list[float | None]:
    with open_video(path) as video:
        video.stream.codec_context.options |= {"skip_loop_filter": "all", **options}
        if opened is not None:
            opened.append(video)
        frames = (frame for packet in [*video.packets(), None] for frame in video.decode(packet))
        return [look(frame) for frame in frames]


WAYS: dict[str, Way] = {
    "coded sizes": by_sizes,
    "coded sizes a second": by_sizes_a_second,
    "motion vectors": by_vectors,
    "decoded differences": by_differences,
    "decoded jerks": by_jerks,
    "jerks of glances": by_glances,
}


def summary(act: str, levels: np.ndarray) -> float:
    """Of a clip's levels its mean for what lasts, its highest for what is sudden."""
    if not len(levels):
        return float("nan")
    return float(levels.mean() if act == "fighting" else _half_seconds(levels).max())


def _half_seconds(levels: np.ndarray) -> np.ndarray:
    """The means of 12 pictures in a row; levels that are half seconds are few and stay as they are."""
    return levels if len(levels) < 100 else np.convolve(levels, np.full(12, 1 / 12), mode="valid")


def pictures(catalog: Path, act: str) -> dict[str, float]:
    """Clip -> the score of its best keyframe."""
    engine = Engine(Catalog.open(catalog, create=False))
    with engine.space() as space:
        sample, event = engine.sample(space), read_events(EXAMPLE)[act]
        names = {video.id: "/".join(Path(video.path).parts[-2:]) for video in space.snapshot.video_facts()}
        directions = Directions.of(engine.text_tower(space.model), event, sample)
        return {
            names[block.video_id]: float(_last_step(directions, block.embeddings.astype(np.float32)).max())
            for block in space.blocks()
        }


def _last_step(directions: Directions, rows: np.ndarray) -> np.ndarray:
    """(N,) log-odds of what is seen at last: a fall is told by who lies, not by who stands."""
    logits = directions.step_logits(rows)[:, -1]
    odds: np.ndarray = logits[:, 0] - logits[:, 1]
    return odds


def main(catalog: Path, footage: Path) -> None:
    """Print the tables."""
    with (footage / "manifest.csv").open(newline="", encoding="utf-8") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    print("| act | with / without | pictures alone | motion by | alone | both | seconds an hour of footage |")
    print("|---|---|---|---|---|---|---|")
    for act, (folder, begins) in ACTS.items():
        seen = pictures(catalog, act)
        clips = [path for path in labels if path.startswith(folder) and path in seen]
        is_right = np.array([labels[path].startswith(begins) for path in clips])
        shown = np.array([seen[path] for path in clips])
        hours = sum(_duration(footage / path) for path in clips) / 3600
        for way, read in WAYS.items():
            began = time.process_time()
            levels = [read(footage / path) for path in clips]
            cost = (time.process_time() - began) / hours
            moved = np.array([summary(act, each) for each in levels])
            moved = np.where(np.isnan(moved), np.nanmedian(moved), moved)
            both = _standard(shown) + _standard(moved)
            figures = [with_interval(each, is_right) for each in (shown, moved, both)]
            counts = f"{is_right.sum()} / {(~is_right).sum()}"
            print(f"| {act} | {counts} | {figures[0]} | {way} | {figures[1]} | {figures[2]} | {cost:.1f} |", flush=True)


def _duration(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / av.time_base


def _standard(values: np.ndarray) -> np.ndarray:
    standard: np.ndarray = (values - values.mean()) / values.std()
    return standard


if __name__ == "__main__":
    with recorded(__file__):
        main(Path(sys.argv[1]), Path(sys.argv[2]))
