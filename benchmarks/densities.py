"""What each density costs and finds, beside one frame a second of a full decode: speed, size, retrieval.

    python benchmarks/densities.py CLIPS MANIFEST [--joined] [--long FILE] [--rounds 1] [--plot FILE]

CLIPS: a folder of real clips; MANIFEST: its manifest.csv, whose checked captions say what they show. Each different
sentence is asked of all clips, a clip's score is that of its best picture, and it is found where a clip with this
caption is among the first 1, 5 or 10. Intervals are 95 % of 10,000 bootstrap samples of the sentences; those of
differences to one frame a second are of the same sentences, asked both ways. Clips get three pictures each, however
short they are and whatever the density; --joined makes one long video of them, with an I-frame every ten seconds and
where a clip begins, in which each clip is looked for. --long: a video on which speed and size are measured too. The
plot needs matplotlib.
"""

from __future__ import annotations

import argparse
import csv
import sqlite3
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

import framescout
import indexer
from benchmarks.index_peers import BATCH, pyav
from benchmarks.indexing import Taken, take, videos
from benchmarks.record import recorded
from framescout import settings
from framescout.catalog import Catalog
from framescout.catalog.packed_times import unpacked
from framescout.embedding import Embedder, load_embedder
from framescout.settings import DENSITIES

EVERY_SECOND = "1 frame a second"
FIRST = (1, 5, 10)
_SAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Way:
    """A density, and what came of it."""

    name: str
    taken: Taken
    size_bytes: int
    """By which the catalog grew; 0 where there is none."""
    vectors: dict[str, np.ndarray]
    """File -> (N, D) unit rows."""
    times: dict[str, np.ndarray]
    """File -> (N,) seconds."""


def by_index(density: str, paths: Sequence[Path], folder: Path, rounds: int) -> Way:
    """Into a catalog of its own; medians over rounds."""
    taken = []
    for number in range(rounds):
        catalog = framescout.open(folder / f"{density}-{number}")
        load_embedder("starter", cache=catalog.cache_folder)  # the towers are there as from the second run on
        before = _database_size(catalog.folder)
        taken.append(take(lambda c=catalog: _index(c, paths, density)))  # type: ignore[misc]
    (vectors, times), size = _stored(catalog.folder), _database_size(catalog.folder) - before
    wall, cpu = (statistics.median(getattr(one, name) for one in taken) for name in ("wall", "cpu"))
    return Way(density, Taken(wall, cpu, sum(map(len, vectors.values()))), size, vectors, times)


def _index(catalog: Catalog, paths: Sequence[Path], density: str) -> int:
    return len(indexer.index(catalog, paths, settings=settings.load(density=density)).indexed)


def _database_size(folder: Path) -> int:
    with sqlite3.connect(folder / "catalog.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "catalog.sqlite").stat().st_size


def _stored(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Vectors and times by file."""
    vectors, times = {}, {}
    with sqlite3.connect(folder / "catalog.sqlite") as connection:
        for path, data, count, first in connection.execute(
            "SELECT CAST(path AS TEXT), embeddings, keyframe_count, first_keyframe_id "
            "FROM indexing JOIN file USING (video_id)"
        ):
            vectors[path] = np.frombuffer(data, "<f2").reshape(count, -1).astype(np.float32)
            query = "SELECT packed FROM keyframe_times WHERE first_keyframe_id = ?"
            times[path] = unpacked(first, connection.execute(query, (first,)).fetchone()[0], count).times
    return vectors, times


def every_second(paths: Sequence[Path], embedder: Embedder) -> Way:
    """Full decode by PyAV, pictures of a clip embedded together, in the tower of `index`."""
    vectors: dict[str, np.ndarray] = {}

    def read() -> int:
        for path in paths:
            pictures = list(pyav(str(path), embedder.image_size))
            parts = [np.stack(pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)]
            vectors[str(path.resolve())] = np.concatenate([embedder.encode_pixels(part) for part in parts])
        return sum(map(len, vectors.values()))

    taken = take(read)
    return Way(
        EVERY_SECOND, taken, 0, vectors, {path: np.arange(len(rows), dtype=float) for path, rows in vectors.items()}
    )


def join(paths: Sequence[Path], folder: Path) -> tuple[Path, np.ndarray]:
    """One video of them all, (N, 2) seconds where each begins and ends in it."""
    from tests.footage.make import ffmpeg

    shape = "fps=25,scale=320:240:force_original_aspect_ratio=decrease,pad=320:240:-1:-1,setsar=1"
    options = ("-an", "-vf", shape, "-c:v", "libx264", "-preset", "veryfast", "-g", "250", "-pix_fmt", "yuv420p")
    ends = []
    with (folder / "pieces.txt").open("w", encoding="utf-8") as list_of_pieces:
        for number, path in enumerate(paths):
            piece = folder / f"{number}.mp4"
            ffmpeg("-i", path, *options, piece)
            with av.open(str(piece)) as container:
                ends.append(container.streams.video[0].frames / 25)
            list_of_pieces.write(f"file '{piece.name}'\n")
    joined = folder / "joined.mp4"
    ffmpeg("-f", "concat", "-i", folder / "pieces.txt", "-c", "copy", joined)
    bounds = np.cumsum([0.0, *ends])
    return joined, np.stack([bounds[:-1], bounds[1:]], axis=1)


def apart(way: Way, paths: Sequence[Path], spans: np.ndarray) -> Way:
    """The vectors of one joined video, given back to the clips that it is made of."""
    ((rows, times),) = zip(way.vectors.values(), way.times.values(), strict=True)
    of_each = [np.flatnonzero((times >= start - 0.01) & (times < end - 0.01)) for start, end in spans]
    names = [str(path.resolve()) for path in paths]
    return replace(way, vectors={name: rows[own] for name, own in zip(names, of_each, strict=True)})


def ranks(vectors: dict[str, np.ndarray], questions: np.ndarray, right: Sequence[frozenset[str]]) -> np.ndarray:
    """(Q,) place of the first right clip, from 1."""
    paths = list(vectors)
    scores = np.stack([(vectors[path] @ questions.T).max(axis=0, initial=-1.0) for path in paths])  # (clips, Q)
    places = []
    for column, wanted in zip(scores.T, right, strict=True):
        best = max(score for score, path in zip(column, paths, strict=True) if path in wanted)
        places.append(1 + int((column > best).sum()))
    return np.array(places)


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """The mean, and 95 % of the means of bootstrap samples."""
    random = np.random.default_rng(0)
    means = values[random.integers(0, len(values), (_SAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def questions_of(manifest: Path, folder: Path) -> tuple[list[str], list[frozenset[str]]]:
    """Each different checked caption, and the clips that bear it."""
    right: dict[str, set[str]] = {}
    with manifest.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["caption_quality"] == "checked":
                right.setdefault(row["caption"], set()).add(str((folder / row["path"]).resolve()))
    return list(right), [frozenset(paths) for paths in right.values()]


def quality_table(ways: Sequence[Way], places: dict[str, np.ndarray]) -> list[str]:
    """Markdown."""
    heads = " | ".join(f"R@{k}" for k in FIRST)
    lines = [f"| density | {heads} | R@5 less that of {EVERY_SECOND} |", "|---|---|---|---|---|"]
    for way in ways:
        cells = ["{:.3f} ({:.3f} to {:.3f})".format(*interval(places[way.name] <= k)) for k in FIRST]
        change = (places[way.name] <= 5).astype(float) - (places[EVERY_SECOND] <= 5)
        cells.append("{:+.3f} ({:+.3f} to {:+.3f})".format(*interval(change)))
        lines.append(f"| {way.name} | {' | '.join(cells)} |")
    return lines


def cost_table(ways: Sequence[Way], hours: float) -> list[str]:
    """Markdown."""
    lines = [
        "| density | seconds | of processor | pictures | processor s an hour | pictures an hour | MB an hour |",
        "|---|---|---|---|---|---|---|",
    ]
    for way in ways:
        size = f"{way.size_bytes / 1e6 / hours:.2f}" if way.size_bytes else "-"
        wall, cpu, pictures = way.taken.wall, way.taken.cpu, way.taken.pictures
        hourly = f"{cpu / hours:.0f} | {pictures / hours:.0f} | {size}"
        lines.append(f"| {way.name} | {wall:.1f} | {cpu:.1f} | {pictures} | {hourly} |")
    return lines


def draw(ways: Sequence[Way], places: dict[str, np.ndarray], hours: float, file: Path) -> None:
    """Recall with its intervals against the processor time of an hour of footage."""
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(figsize=(8, 5), dpi=100)
    for k, colour in zip(FIRST, ("tab:blue", "tab:green", "tab:orange"), strict=True):
        times = [way.taken.cpu / hours for way in ways]
        means, lows, highs = zip(*(interval(places[way.name] <= k) for way in ways), strict=True)
        below = [mean - low for mean, low in zip(means, lows, strict=True)]
        above = [high - mean for mean, high in zip(means, highs, strict=True)]
        axes.errorbar(times, means, [below, above], fmt="o-", color=colour, capsize=4, label=f"R@{k}")
    for way in ways:
        at = (way.taken.cpu / hours, 0.02)
        axes.annotate(way.name, at, xycoords=("data", "axes fraction"), rotation=90, ha="right", fontsize=9)
        axes.axvline(at[0], color="grey", linewidth=0.5, linestyle=":")
    axes.set(xscale="log", ylim=(0, 1), xlabel="processor seconds an hour of footage", ylabel="found (95 % intervals)")
    axes.xaxis.set_major_formatter(ticker.ScalarFormatter())
    axes.xaxis.set_minor_formatter(ticker.ScalarFormatter())
    axes.legend(loc="center")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(file)


def measure(paths: Sequence[Path], folder: Path, rounds: int) -> list[Way]:
    """All four ways, one after the other."""
    embedder = load_embedder("starter")
    folder.mkdir()
    return [*(by_index(density, paths, folder, rounds) for density in DENSITIES), every_second(paths, embedder)]


def seconds_of_footage(folder: Path) -> float:
    """By the catalog in `folder`."""
    with sqlite3.connect(folder / "catalog.sqlite") as connection:
        return float(connection.execute("SELECT sum(read_to) FROM video").fetchone()[0])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--joined", action="store_true")
    parser.add_argument("--long", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        paths = videos(arguments.clips)
        if arguments.joined:
            joined, spans = join(paths, Path(name))
            ways = [apart(way, paths, spans) for way in measure([joined], Path(name) / "clips", arguments.rounds)]
        else:
            ways = measure(paths, Path(name) / "clips", arguments.rounds)
        hours = seconds_of_footage(Path(name) / "clips" / "balanced-0") / 3600
        sentences, right = questions_of(arguments.manifest, arguments.clips)
        questions = load_embedder("starter").encode_texts(sentences)
        places = {way.name: ranks(way.vectors, questions, right) for way in ways}
        print(f"{len(sentences)} sentences, {len(paths)} clips, {hours:.2f} hours\n")
        print("\n".join([*quality_table(ways, places), "", *cost_table(ways, hours)]))
        if arguments.plot:
            draw(ways, places, hours, arguments.plot)
        if arguments.long:
            long = measure([arguments.long], Path(name) / "long", arguments.rounds)
            hours = seconds_of_footage(Path(name) / "long" / "balanced-0") / 3600
            print(f"\n{arguments.long.stem}, {hours:.2f} hours\n")
            print("\n".join(cost_table(long, hours)))


if __name__ == "__main__":
    with recorded(__file__):
        main()
