"""How well events are told from other footage, what is found at one false alarm an hour, and what context adds.

    python benchmarks/events.py CATALOG MANIFEST PHOTOS

CATALOG: an index of the real footage that lies beside the project; MANIFEST: its manifest.csv with labels; PHOTOS: a
folder of photographs with captions.csv. Prints the tables of docs/events.md: clip-level AUROC of fighting and falling
with configs/events.example.toml, by pictures, by motion, by both; what is found; the context test.

The context test: photographs of one kind of place make the footage of one camera, one keyframe each two seconds, in
random order; some show the act. An alarm is right for the act at a camera where it is suspicious, and wrong for the act
where it is normal and for everything else.
"""

from __future__ import annotations

import csv
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PIL import Image

from benchmarks.discrimination import auroc, auroc_interval
from benchmarks.record import recorded
from framescout.catalog import Catalog, Space
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Probe, ReadEnd
from framescout.embedding import Embedder, load_embedder
from framescout.timeline import Span
from query.engine import Engine
from query.events import Context, Event, detect, read_events
from query.events.moments import nearest_moments
from query.events.threshold import Tail

EXAMPLE = Path(__file__).parents[1] / "configs" / "events.example.toml"
RATES = (1.0, 10.0, 60.0)
"""False alarms an hour."""
RANKED = (5, 10, 20, 40)
PERSON = r"\b(man|men|woman|women|boys?|girls?|persons?|people|child|children|players?|kids?|runners?)\b"
PLACES = {
    "beach": (r"\b(beach|ocean|surf|shore)", "a beach by the sea"),
    "field": (r"\b(field|grass|grassy|lawn|track|stadium)\b", "a sports field or a meadow with grass"),
    "snow": (r"\b(snow|snowy|ski)", "a slope with snow"),
    "street": (r"\b(street|sidewalk|road|city|traffic|cars?)\b", "a street in a city with buildings"),
    "indoors": (r"\b(room|indoors?|inside|kitchen|floor|hall|store|couch)\b", "a room inside a building"),
    "water": (r"\b(pool|lake|river|swimming)\b", "a swimming pool or a lake"),
    "rocks": (r"\b(rocks?|rocky|cliff|mountain|boulder)\b", "rocks and a cliff in the mountains"),
}
"""Place -> what captions say of it, and a prompt."""
ACTS = {
    "running": (r"\b(run|runs|running|jogging|jogs)\b", ("a person running", "people running"),
                ("a person standing", "a person walking", "people sitting", "an empty place"),
                ("beach", "field"), ("street", "indoors")),
    "jumping": (r"\b(jump|jumps|jumping|leaps|leaping)\b", ("a person jumping", "someone in mid-air"),
                ("a person standing", "a person walking", "people sitting", "an empty place"),
                ("water", "field", "snow"), ("street", "indoors")),
    "climbing": (r"\b(climb|climbs|climbing)\b", ("a person climbing", "someone climbs up a wall"),
                 ("a person standing", "a person walking", "people sitting", "an empty place"),
                 ("rocks",), ("street", "indoors", "field")),
}  # fmt: skip
"""Act -> what captions say of it, prompts, counter-prompts, places where it is normal, where it is suspicious."""


def with_interval(right: np.ndarray, wrong: np.ndarray) -> str:
    """The AUROC with its 95 % interval."""
    low, high = auroc_interval(right, wrong, np.random.default_rng(7), 1000)
    return f"{auroc(right, wrong):.3f} ({low:.3f} to {high:.3f})"


def clips(folder: Path, manifest: Path) -> None:
    """Clip-level AUROC: a clip scores as its best keyframe, without any threshold or context."""
    engine = Engine(Catalog.open(folder, create=False))
    example = read_events(EXAMPLE)
    with manifest.open(newline="", encoding="utf-8") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    labels |= {name: "calm" for name in labels if "no fight" in labels[name]}
    fighting, falling = example["fighting"], example["falling"]
    one_picture = Event(prompts=("a person falling",), counter=("a person standing upright",), least_seconds=0.5)
    ways = (
        ("fighting, by pictures", replace(fighting, motion=None), "fight", "fight-det"),
        ("fighting, by motion alone", Event(motion="much", least_seconds=1.0), "fight", "fight-det"),
        ("fighting, as in the example file: pictures, motion and jerks", fighting, "fight", "fight-det"),
        ("falling, by one picture", one_picture, "falling", "up-fall"),
        ("falling, by motion alone", Event(motion="much", least_seconds=0.5), "falling", "up-fall"),
        ("falling, by one picture and motion", replace(one_picture, motion="much"), "falling", "up-fall"),
        ("falling, upright, then lying", replace(falling, motion=None), "falling", "up-fall"),
        ("falling, as in the example file: upright, then lying, and motion", falling, "falling", "up-fall"),
        ("falling, as in the example file, against all other clips", falling, "falling", ""),
    )
    print("| clips | with | without | AUROC (95 % interval) | seconds |\n|---|---|---|---|---|")
    with engine.space() as space:
        for what, event, is_right, among in ways:
            began = time.perf_counter()
            scores = best(engine, space, replace(event, threshold=0.5, false_alarms_per_hour=None))
            took = time.perf_counter() - began
            own = {name: score for name, score in scores.items() if name in labels and name.startswith(among)}
            right = np.array([score for name, score in own.items() if is_right in labels[name]])
            wrong = np.array([score for name, score in own.items() if is_right not in labels[name]])
            print(f"| {what} | {len(right)} | {len(wrong)} | {with_interval(right, wrong)} | {took:.1f} |")
        alarms(engine, space, example, labels)
    ranked(engine, example, labels)


def best(engine: Engine, space: Space, event: Event) -> dict[str, float]:
    """Clip, as folder/name -> its highest log-odds, without contexts."""
    event = replace(event, normal={}, suspicious={})
    scores: dict[str, float] = {}
    for watched in detect(engine, space, "event", event).cameras:
        for number, video in enumerate(watched.videos):
            own = watched.evidence[watched.video_of == number]
            scores["/".join(Path(video.path).parts[-2:])] = float(own.max())
    return scores


def alarms(engine: Engine, space: Space, example: dict[str, Event], labels: dict[str, str]) -> None:
    """What is found at one false alarm an hour and camera: the catalog as it is, and by the history of calm clips.

    As it is, half of a camera's history may show the event; the threshold counts on events being rare.
    """
    print(
        "\n| at one false alarm an hour | clips with it | found | other alarms | by calm history | at ten an hour "
        "| at sixty an hour | hours of it |"
    )
    print("|---|---|---|---|---|---|---|---|")
    facts = {video.id: video for video in space.snapshot.video_facts()}
    names = {number: "/".join(Path(video.path).parts[-2:]) for number, video in facts.items()}
    for what, is_right in (("fighting", "fight"), ("falling", "falling")):
        event = replace(example[what], false_alarms_per_hour=1.0)
        alerts = detect(engine, space, what, event).alerts
        right = {number for number, name in names.items() if is_right in labels.get(name, "")}
        found = {alert.video_id for alert in alerts} & right
        others = sum(alert.video_id not in right for alert in alerts)
        hours = sum(facts[number].duration for number in names if number not in right) / 3600
        calm = " | ".join(str(count) for count in by_calm_history(engine, space, event, right))
        print(f"| {what} | {len(right)} | {len(found)} | {others} | {calm} | {hours:.2f} |")


def ranked(engine: Engine, example: dict[str, Event], labels: dict[str, str]) -> None:
    """How many of the stretches that `framescout events rank` shows first lie in clips of the event."""
    print("\n| nearest first | clips with it | of 5 | of 10 | of 20 | of 40 |\n|---|---|---|---|---|---|")
    for what, is_right in (("fighting", "fight"), ("falling", "falling")):
        moments = nearest_moments(engine, {what: example[what]}, max(RANKED))[what]
        names = ["/".join(Path(moment.video).parts[-2:]) for moment, _ in moments]
        shows = [is_right in labels.get(name, "") for name in names]
        counts = " | ".join(str(sum(shows[:count])) for count in RANKED)
        print(f"| {what} | {sum(is_right in label for label in labels.values())} | {counts} |")


def by_calm_history(engine: Engine, space: Space, event: Event, right: set[int]) -> list[int]:
    """How many clips of the event reach the threshold that all other clips together set, without contexts; by RATES."""
    plain = replace(event, threshold=0.5, false_alarms_per_hour=None, normal={}, suspicious={})
    calm, lengths, highest = [], 0.0, {}
    for watched in detect(engine, space, "event", plain).cameras:
        is_right = np.array([video.id in right for video in watched.videos])[watched.video_of]
        calm.append(watched.evidence[~is_right])
        lengths += float(watched.lengths[~is_right].sum())
        for number in np.unique(watched.video_of[is_right]).tolist():
            highest[number, watched.camera] = float(watched.evidence[watched.video_of == number].max())
    tail = Tail.of(np.concatenate(calm), lengths)
    return [sum(score >= tail.at_rate(rate) for score in highest.values()) for rate in RATES]


def kinds(photos: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(place -> photographs that are clearly of it, photograph -> captions)."""
    captions = defaultdict(list)
    with (photos / "captions.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            captions[row["file"]].append(row["caption"].lower())
    found: dict[str, list[str]] = {place: [] for place in PLACES}
    for name, said in captions.items():
        counts = {place: sum(bool(re.search(words, each)) for each in said) for place, (words, _) in PLACES.items()}
        best = max(counts, key=lambda place: counts[place])
        if counts[best] >= 2 and sum(count > 0 for count in counts.values()) == 1:
            found[best].append(name)
    return found, captions


def contexts(photos: Path) -> None:
    """AUROC of the act in a suspicious place against all else, by event alone and with the context."""
    found, captions = kinds(photos)
    print("\n| act | right | act where it is normal | other | event alone | event + context | context alone |\n"
          "|---|---|---|---|---|---|---|")  # fmt: skip
    embedder = load_embedder("starter")
    for act, (words, prompts, counter, normal, suspicious) in ACTS.items():
        shows = {
            name: sum(bool(re.search(words, each)) for each in said)
            if any(re.search(PERSON, each) for each in said)
            else 1
            for name, said in captions.items()
        }
        pick = random.Random(5)
        cameras = {}
        for place in (*normal, *suspicious):
            doing = [name for name in found[place] if shows[name] >= 3]
            others = [name for name in found[place] if shows[name] == 0]
            cameras[place] = pick.sample(doing, min(40, len(doing))) + pick.sample(others, min(120, len(others)))
            pick.shuffle(cameras[place])
        event = Event(
            prompts=prompts,
            counter=counter,
            least_seconds=2.0,
            threshold=0.5,
            context_seconds=120.0,
            normal={place: Context(prompts=(PLACES[place][1],)) for place in normal},
            suspicious={place: Context(prompts=(PLACES[place][1],)) for place in suspicious},
        )
        with tempfile.TemporaryDirectory() as folder:
            scores, alone = measure(Path(folder), photos, cameras, event, embedder)
        target = {p: np.array([shows[n] >= 3 for n in names]) & (p in suspicious) for p, names in cameras.items()}
        is_right = np.concatenate([target[place] for place in cameras])
        is_act = np.concatenate([[shows[name] >= 3 for name in names] for names in cameras.values()])
        ways = (alone, scores, scores - alone)
        row = [
            act,
            is_right.sum(),
            (is_act & ~is_right).sum(),
            (~is_act).sum(),
            *(with_interval(each[is_right], each[~is_right]) if is_right.any() else "-" for each in ways),
        ]
        print("| " + " | ".join(map(str, row)) + " |")


def measure(
    folder: Path, photos: Path, cameras: dict[str, list[str]], event: Event, embedder: Embedder
) -> tuple[np.ndarray, np.ndarray]:
    """Each keyframe's score with context and without, camera after camera."""
    catalog = Catalog.open(folder)
    with catalog.writer() as writer:
        model = writer.model("starter", embedder.fingerprint, embedder.dimensions)
        writer.activate(model)
        for camera, names in cameras.items():
            rows = embedder.encode_images([Image.open(photos / name) for name in names])
            writer.commit_video(video_of(camera, rows), model)
    engine = Engine(catalog)
    with engine.space() as space:
        found = detect(engine, space, "act", event).cameras
        watched = {Path(each.videos[0].path).parent.name: each for each in found}
    order = [watched[camera] for camera in cameras]
    return np.concatenate([each.scores for each in order]), np.concatenate([each.evidence for each in order])


def video_of(camera: str, rows: np.ndarray) -> IndexedVideo:
    """A video of the given keyframes, two seconds each."""
    keyframes = tuple(
        Keyframe(number, Fraction(2), 2.0 * number, Span(2.0 * number, 2.0 * number + 2.0))
        for number in range(len(rows))
    )
    length = 2.0 * len(rows)
    probe = Probe(length, 0.5, False, 224, 224, 0, Fraction(1), 0.0, "none", False, {})
    return IndexedVideo(
        FileIdentity(f"/{camera}/{camera}.mp4", 1, 1, camera), probe, ReadEnd(length, True),
        keyframes, rows.astype(np.float16), "balanced",
    )  # fmt: skip


if __name__ == "__main__":
    with recorded(__file__):
        clips(Path(sys.argv[1]), Path(sys.argv[2]))
        contexts(Path(sys.argv[3]))
