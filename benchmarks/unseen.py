"""How well sentences find footage and photographs that the weights never saw, and what a confidence is worth there.

    python benchmarks/unseen.py [--model starter] [--catalog DIR] [--json FILE]

Indexes ../shared/unseen (clips, and photographs as videos of one frame) as the product does, asks the engine, and
prints a table with 95 % bootstrap intervals. That folder is for measuring alone: nothing may be chosen by it.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from benchmarks.discrimination import auroc, auroc_interval
from benchmarks.record import recorded
from framescout.catalog import Catalog
from query.confidence import MATCH
from query.engine import Engine
from query.request import Query

UNSEEN = Path(__file__).resolve().parents[2] / "shared" / "unseen"

_PEOPLE = (
    "people|men |two children|customers|inmates|officers|police|group|fighting|struggle|attacked|kicking|"
    "men sitting|cafeteria"
)
PLAIN = {
    "a person": (
        "person|people|man|men |woman|girl|boy|child|cashier|clerk|customers|inmates|someone|figure|struggle",
        "restaurant dining|hands cutting|brown corridor|car parked on a street|Santa",
    ),
    "people": (_PEOPLE, "restaurant dining|shop at|counter|brown corridor|almost empty|car parked"),
    "a car": ("parked cars|cars parked|silver SUV|a car |pickup", "vehicle|street|motor|cyclist|road|sidewalk|path"),
    "an animal": ("deer|swan|dog", "$^"),
    "a dog": ("dog", "$^"),
    "a street": ("street|pavement|sidewalk|city road", "parking lot|plaza|cars|outdoors|path|ATM|shop|scrap|night"),
    "a room": (
        "room|hall|shop|store|lobby|corridor|restaurant|gym|checkout|counter|lift|hallway|bedroom|kiosk|ATM",
        "street|sidewalk|person makes|mattress|cups|in front of a shop|vehicle|wall|guitar|pot|red|conveyor|fabric",
    ),
    "water": ("wave|swan swims|water$", "pot|rain|drink"),
}
"""Plain word -> captions that say it, and captions that leave it open (these clips are left out)."""

ANSWERED = (
    "someone stretching on a rock", "fingers on the strings of a guitar", "a brawl in a parking lot at night",
    "men hitting each other at a shop counter", "a punch-up at a supermarket till", "a fight in an elevator",
    "a fight between gym machines", "pedestrians on a red square seen from above", "an empty corridor",
    "police in a shop", "a canteen full of tables", "prisoners in a common room", "a scooter in the street",
    "vegetables on a conveyor belt", "cutting a watermelon", "a boy playing with a ball on the grass",
    "a woman cycling through a city", "rice in a pot", "red cups on a table", "children jumping on a bed",
    "a deer in the snow", "Santa Claus", "a swan on a lake", "a surfer on a wave",
)  # fmt: skip
ABSENT = (
    "an elephant drinking at a river", "a rocket lifting off", "an astronaut on the moon", "a polar bear on ice",
    "a giraffe between trees", "a sailing regatta", "a hot-air balloon", "a passenger plane taking off",
    "a steam locomotive", "an excavator digging", "a volcano erupting", "a desert with sand dunes",
    "the Eiffel Tower", "a roller coaster", "a symphony orchestra", "an ice hockey game", "a golfer on a green",
    "a pizza in an oven", "a chess board", "a grand piano", "an operating theatre", "a snake on a branch",
    "a jellyfish", "fireworks over a harbour",
)  # fmt: skip


class Archive:
    """An indexed folder and the engine over it."""

    def __init__(self, folder: Path, videos: Path, model: str) -> None:
        program = [sys.executable, "-c", "from framescout.cli import run; run()", "--catalog", str(folder)]
        subprocess.run([*program, "index", str(videos), "--model", model], check=True)
        self.catalog = Catalog.open(folder, create=False)
        self.engine = Engine(self.catalog)
        self.root = videos.resolve()

    def clips(self, sentence: str) -> dict[str, float]:
        """Every clip by its best moment, best first, with that moment's confidence."""
        found: dict[str, float] = {}
        page: str | None = None
        while True:
            answer = self.engine.answer(Query(sentence, limit=2000, collapse=False, page=page))
            for moment in answer.moments:
                found.setdefault(Path(moment.video).resolve().relative_to(self.root).as_posix(), moment.confidence)
            page = answer.next_page
            if page is None:
                return found


def ranks(archive: Archive, asked: dict[str, set[str]]) -> np.ndarray:
    """Of each sentence, how many wrong clips come before the first right one."""
    places = []
    for sentence, right in asked.items():
        order = list(archive.clips(sentence))
        places.append(next((place for place, clip in enumerate(order) if clip in right), len(order)))
    return np.array(places)


def interval(values: np.ndarray, groups: np.ndarray | None = None) -> str:
    """The mean and its 95 % interval over 2,000 bootstrap samples, of whole groups where there are some."""
    random = np.random.default_rng(0)
    if groups is None:
        means = values[random.integers(0, len(values), (2000, len(values)))].mean(axis=1)
    else:
        sums, counts = np.bincount(groups, values), np.bincount(groups)
        chosen = random.integers(0, len(counts), (2000, len(counts)))
        means = sums[chosen].sum(axis=1) / np.maximum(counts[chosen].sum(axis=1), 1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def recalls(name: str, places: np.ndarray, groups: np.ndarray | None = None) -> dict[str, str]:
    """The rows of the table."""
    return {f"{name}, R@{k}": interval((places < k).astype(float), groups) for k in (1, 5, 10)}


def of_clips(archive: Archive, rows: list[dict[str, str]]) -> dict[str, str]:
    """Sentence to clip; sentences of single clips alone, and with those that stand for a run of clips."""
    by_quality: dict[str, dict[str, set[str]]] = {"checked": {}, "weak": {}}
    for row in rows:
        same = {other["path"] for other in rows if other["caption"] == row["caption"]}
        by_quality[row["caption_quality"]][row["caption"]] = same
    single, runs = (ranks(archive, asked) for asked in by_quality.values())
    return recalls(f"sentence -> clip among {len(rows)} ({len(single)} sentences)", single) | recalls(
        f"the same, with those of a run of clips (any of it; {len(single) + len(runs)})",
        np.concatenate([single, runs]),
    )


def of_words(archive: Archive, rows: list[dict[str, str]]) -> dict[str, str]:
    """Plain words: what counts as a match, how well right clips stand apart, and how honest the confidence is."""
    right_shares, wrong_shares, aurocs, table = [], [], [], {}
    chances, truths = [], []
    for word, (said, open_) in PLAIN.items():
        confidence = archive.clips(word)
        is_right = {row["path"]: bool(re.search(said, row["caption"])) for row in rows}
        clear = {row["path"] for row in rows if is_right[row["path"]] or not re.search(open_, row["caption"])}
        values = np.array([confidence.get(path, 0.0) for path in is_right if path in clear])
        truth = np.array([is_right[path] for path in is_right if path in clear])
        right, wrong = values[truth], values[~truth]
        right_shares.append((right >= MATCH).astype(float))
        wrong_shares.append((wrong < MATCH).astype(float))
        aurocs.append(auroc(right, wrong))
        chances.append(values)
        truths.append(truth)
        table[f"  '{word}'"] = (
            f"right matched {right_shares[-1].mean():.2f} of {len(right)}, wrong not {wrong_shares[-1].mean():.2f} of "
            f"{len(wrong)}, AUROC {aurocs[-1]:.3f}"
        )
    chance, truth = np.concatenate(chances), np.concatenate(truths)
    return {
        "plain words: right clips that count as a match": interval(np.concatenate(right_shares)),
        "plain words: wrong clips that don't": interval(np.concatenate(wrong_shares)),
        "plain words: mean AUROC of a clip's best confidence": interval(np.array(aurocs)),
        **table,
        "plain words: expected calibration error": f"{calibration_error(chance, truth):.3f}",
        "plain words: confidence -> share right": reliability(chance, truth),
    }


def calibration_error(chance: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Mean distance between what was promised and what came, over ten bins of confidence."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    each = [(place == b) for b in range(bins) if (place == b).any()]
    return float(sum(own.mean() * abs(chance[own].mean() - truth[own].mean()) for own in each))


def reliability(chance: np.ndarray, truth: np.ndarray) -> str:
    """Per fifth of the confidence: mean promised, share right, how many."""
    place = np.minimum((chance * 5).astype(int), 4)
    return "; ".join(
        f"{chance[own].mean():.2f} -> {truth[own].mean():.2f} ({own.sum()})"
        for own in (place == b for b in range(5))
        if own.any()
    )


def of_answers(archive: Archive) -> dict[str, str]:
    """Sentences that the archive answers against those that it doesn't, by their best confidence."""
    present, absent = (np.array([max(archive.clips(s).values()) for s in group]) for group in (ANSWERED, ABSENT))
    low, high = auroc_interval(present, absent, np.random.default_rng(0), 2000)
    return {
        f"{len(present)} sentences answered against {len(absent)} not: AUROC": (
            f"{auroc(present, absent):.3f} [{low:.3f}, {high:.3f}]"
        ),
        "  of these count as a match": f"{(present >= MATCH).mean():.2f} and {(absent >= MATCH).mean():.2f}",
    }


def of_photographs(folder: Path, work: Path, model: str) -> dict[str, str]:
    """Sentence to photograph; each is indexed as a video of one frame."""
    captions: dict[str, list[str]] = {}
    with (folder / "captions.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            captions.setdefault(row["file"], []).append(row["caption"])
    videos = work / "photographs"
    videos.mkdir(exist_ok=True)
    for name in captions:
        if not (videos / f"{name}.mkv").exists():
            _write_still(folder / name, videos / f"{name}.mkv")
    archive = Archive(work / "photographs.catalog", videos, model)
    groups = np.repeat(np.arange(len(captions)), [len(each) for each in captions.values()])
    asked = [(sentence, f"{name}.mkv") for name, each in captions.items() for sentence in each]
    places = np.array([list(archive.clips(sentence)).index(name) for sentence, name in asked])
    return recalls(f"sentence -> photograph among {len(captions)} ({len(asked)} sentences)", places, groups)


def _write_still(picture: Path, path: Path) -> None:
    """Without loss."""
    with av.open(str(path), "w") as out, Image.open(picture) as opened:
        image = opened.convert("RGB")
        stream = out.add_stream("ffv1", rate=1)
        stream.width, stream.height, stream.pix_fmt, stream.time_base = *image.size, "bgr0", Fraction(1, 1)
        frame = av.VideoFrame.from_ndarray(np.asarray(image), "rgb24")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="starter")
    parser.add_argument("--catalog", type=Path, help="where the catalogs are made, or lie already")
    parser.add_argument("--json", type=Path, help="write the table there too")
    parser.add_argument("--clips-alone", action="store_true", help="leave the photographs out")
    arguments = parser.parse_args()
    if not UNSEEN.is_dir():
        print("skipped: ../shared/unseen, the footage that the weights never saw, is not beside the project")
        return
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.catalog or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        with (UNSEEN / "footage" / "manifest.csv").open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        archive = Archive(work / "clips.catalog", UNSEEN / "footage", arguments.model)
        table = of_clips(archive, rows) | of_words(archive, rows) | of_answers(archive)
        if not arguments.clips_alone:
            table |= of_photographs(UNSEEN / "photos", work, arguments.model)
    for name, value in table.items():
        print(f"{name:80} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with recorded(__file__):
        main()
