"""How well the sentences of the example events tell photographs that show the act from others.

    python benchmarks/event_examples.py PHOTOS

PHOTOS: a folder with captions.csv, five sentences a photograph. A photograph shows an act where three of its sentences
say so, and doesn't where none does; others are left out. It scores by the event's log-odds in
configs/events.example.toml, without contexts, motion or time: of an event that asks for what comes then, that step. At
most 1,500 photographs that show none of the acts are drawn. What has fewer than five right photographs is not measured.
"""

from __future__ import annotations

import csv
import random
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PIL import Image

from benchmarks.events import EXAMPLE, video_of, with_interval
from benchmarks.record import recorded
from framescout.catalog import Catalog
from framescout.embedding import load_embedder
from query.engine import Engine
from query.events import read_events
from query.events.evidence import Directions

WORDS = {
    "running": r"\b(run|runs|running|jogging|jogs)\b",
    "climbing": r"\b(climb|climbs|climbing)\b",
    "loitering": r"\b(waiting|waits|leaning|leans)\b",
    "abandoned object": r"\b(suitcase|luggage|bags?|backpack)\b.*\b(ground|floor|alone|empty)\b",
    "smoke": r"\b(smoke|smoky|fire|flames?)\b",
    "crowd gathering": r"\b(crowds?|crowded)\b",
}
"""Event -> what captions say where it is seen; a photograph can't show that it lasts or gathers."""
_SAY_SO, _FEWEST, _OTHERS = 3, 5, 1500


def main(photos: Path) -> None:
    """Print the table."""
    captions = defaultdict(list)
    with (photos / "captions.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            captions[row["file"]].append(row["caption"].lower())
    counts = {
        name: {act: sum(bool(re.search(words, each)) for each in said) for act, words in WORDS.items()}
        for name, said in captions.items()
    }
    others = [name for name, own in counts.items() if not any(own.values())]
    shown = [name for name, own in counts.items() if max(own.values()) >= _SAY_SO]
    chosen = shown + random.Random(1).sample(others, min(_OTHERS, len(others)))
    embedder = load_embedder("starter")
    rows = embedder.encode_images([Image.open(photos / name) for name in chosen]).astype(np.float32)
    print("| event | photographs that show it | others | AUROC (95 % interval) |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog.open(folder)
        with catalog.writer() as writer:
            model = writer.model("starter", embedder.fingerprint, embedder.dimensions)
            writer.activate(model)
            writer.commit_video(video_of("photographs", rows), model)
        engine = Engine(catalog)
        with engine.space() as space:
            sample, tower = engine.sample(space), engine.text_tower(space.model)
        for act in WORDS:
            event = read_events(EXAMPLE)[act]
            if event.then:
                event = replace(event, prompts=event.then, counter=(*event.counter, *event.prompts), then=())
            own, confusion = Directions.of(tower, event, sample).step_logits(rows)[:, 0].T
            odds = own - confusion  # the log-odds of the event's sentences against their likeliest confusion
            right = np.array([counts[name][act] >= _SAY_SO for name in chosen])
            wrong = np.array([counts[name][act] == 0 for name in chosen])
            figure = with_interval(odds[right], odds[wrong]) if right.sum() >= _FEWEST else "not measured"
            print(f"| {act} | {right.sum()} | {wrong.sum()} | {figure} |", flush=True)


if __name__ == "__main__":
    with recorded(__file__):
        main(Path(sys.argv[1]))
