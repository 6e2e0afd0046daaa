"""How well events are told from other footage, and what context adds.

    python benchmarks/events.py CATALOG MANIFEST PHOTOS

CATALOG: an index of the real footage that lies beside the project; MANIFEST: its manifest.csv with labels; PHOTOS: a
folder of photographs with captions.csv. Prints the tables of docs/events.md: clip-level AUROC of fighting and falling
with configs/events.example.toml, other phrasings of falling, and the context test.

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
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.record import recorded
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Probe, ReadEnd, Recording
from framescout.embedding import Embedder, load_embedder
from framescout.timeline import Span
from query.engine import Engine
from query.events import Context, Event, detect, read_events
from query.events.evidence import Directions

EXAMPLE = Path(__file__).parents[1] / "configs" / "events.example.toml"
USUAL = ("a person standing", "a person walking", "a person sitting on a chair", "a person jumping", "an empty room")
PHRASINGS = {
    "a person falling / a person standing upright": (("a person falling",), ("a person standing upright",)),
    "a person falls to the floor / usual": (("a person falls to the floor",), USUAL),
    "falls, lies on the floor, falls down / usual": (
        ("a person falls to the floor", "a person lying on the floor", "a man falls down"), USUAL,
    ),
    "a man falls onto a mattress, on a mat / usual": (
        ("a man falls onto a mattress", "a person falls down on a mat"), USUAL,
    ),
    "lying on the ground, on a mat / usual": (("a person lying on the ground", "a person lying on a mat"), USUAL),
}  # fmt: skip
"""Prompts and counter-prompts for falling that were looked at."""

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


def auroc(right: np.ndarray, wrong: np.ndarray) -> float:
    """How often a right one lies above a wrong one."""
    return float((right[:, None] > wrong[None]).mean() + 0.5 * (right[:, None] == wrong[None]).mean())


def clips(folder: Path, manifest: Path) -> None:
    """Clip-level AUROC: a clip scores as its best keyframe."""
    engine = Engine(Catalog.open(folder, create=False))
    events = read_events(EXAMPLE)
    with manifest.open(newline="", encoding="utf-8") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    with engine.space() as space:
        sample = engine.sample(space)
        names = {video.id: "/".join(Path(video.path).parts[-2:]) for video in space.snapshot.video_facts()}
        blocks = {names[block.video_id]: block.embeddings.astype(np.float32) for block in space.blocks()}

        def best(event: Event) -> dict[str, float]:
            directions = Directions.of(engine.text_tower(space.model), event, sample)
            return {name: float(directions.event_odds(rows).max()) for name, rows in blocks.items() if name in labels}

        def line(what: str, scores: dict[str, float], is_right: str, among: str) -> None:
            right = np.array([score for name, score in scores.items() if is_right in labels[name]])
            wrong = np.array([s for n, s in scores.items() if is_right not in labels[n] and re.search(among, n)])
            print(f"| {what} | {len(right)} | {len(wrong)} | {auroc(right, wrong):.3f} |")

        print("| clips | with | without | AUROC |\n|---|---|---|---|")
        fighting = {name: score for name, score in best(events["fighting"]).items() if name.startswith("fight-det")}
        labels |= {name: "calm" for name in labels if "no fight" in labels[name]}
        line("fighting against calm scenes of the same cameras", fighting, "fight", ".")
        falling = best(events["falling"])
        line("falling against all other clips", falling, "falling", ".")
        line("falling against other acts in the same hall", falling, "falling", "up-fall")
        print("\n| falling, as / against | all other clips | same hall |\n|---|---|---|")
        for what, (prompts, counter) in PHRASINGS.items():
            scores = best(Event(prompts=prompts, counter=counter))
            right = np.array([score for name, score in scores.items() if "falling" in labels[name]])
            others = {name: score for name, score in scores.items() if "falling" not in labels[name]}
            hall = np.array([score for name, score in others.items() if name.startswith("up-fall")])
            print(f"| {what} | {auroc(right, np.array([*others.values()])):.3f} | {auroc(right, hall):.3f} |")


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
        figures = [auroc(values[is_right], values[~is_right]) for values in (alone, scores, scores - alone)]
        row = [
            act,
            is_right.sum(),
            (is_act & ~is_right).sum(),
            (~is_act).sum(),
            *(f"{each:.3f}" if is_right.any() else "-" for each in figures),
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
        watched = {each.camera: each for each in detect(engine, space, "act", event).cameras}
    order = [watched[camera] for camera in cameras]
    return np.concatenate([each.scores for each in order]), np.concatenate([each.evidence for each in order])


def video_of(camera: str, rows: np.ndarray) -> IndexedVideo:
    """A video of the given keyframes, two seconds each."""
    keyframes = tuple(
        Keyframe(number, Fraction(2), 2.0 * number, Span(2.0 * number, 2.0 * number + 2.0))
        for number in range(len(rows))
    )
    length = 2.0 * len(rows)
    probe = Probe(length, 0.5, False, 224, 224, 0, Fraction(1), 0.0, "none", False, None)
    return IndexedVideo(
        FileIdentity(f"/{camera}.mp4", 1, 1, camera), probe, Recording(None, None, camera), ReadEnd(length, True),
        keyframes, rows.astype(np.float16), "balanced",
    )  # fmt: skip


if __name__ == "__main__":
    with recorded(__file__):
        clips(Path(sys.argv[1]), Path(sys.argv[2]))
        contexts(Path(sys.argv[3]))
