"""Which way to look at a picture finds more, with towers that have seen none of the pictures.

    python benchmarks/looks.py STRANGERS.npz

STRANGERS.npz comes from training/strangers.py; captions are read from ../shared/footage and ../shared/photos. For every
way to look, with and without hubs held back: recalls, the AUROC of plain words and of answered sentences, as means over
the heads. Below, what each way brings against the whole picture, with 95 % bootstrap intervals over the sentences, and
the processor time that the starter takes for a picture.
"""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from safetensors.numpy import load_file

from benchmarks.confidence import ABSENT, PRESENT
from benchmarks.discrimination import auroc
from benchmarks.plain_words import phrases, words_of
from benchmarks.record import recorded
from benchmarks.unseen import ABSENT as KEPT_FOR_UNSEEN
from framescout.embedding import load_embedder
from framescout.embedding.agreement import sample_pixels
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import load
from framescout.embedding.look import WHOLE, Look
from framescout.embedding.onnx_export import image_graph
from framescout.embedding.presets import resolve
from framescout.embedding.reference import REFERENCE, SHARE, hubness

SHARED = Path(__file__).resolve().parents[2] / "shared"
STARTER = Path(__file__).resolve().parents[1] / "framescout" / "models" / "starter"
WAYS = ("whole", "windows", "closely")
WORDS = "person people animal dog car water street room vehicle bicycle boat ball fight".split()  # noqa: SIM905
RANKS = (1, 5, 10)


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


class Asked:
    """Sentences, and what answers them."""

    def __init__(self, strangers: np.lib.npyio.NpzFile) -> None:
        self.captions = [row["caption"] for row in read(SHARED / "footage" / "manifest.csv")]
        said: dict[str, list[str]] = {}
        for row in read(SHARED / "photos" / "captions.csv"):
            said.setdefault(row["file"], []).append(row["caption"])
        photos = [said[name] for name in strangers["photo_names"].tolist()]
        self.clip_words, self.photo_words = [words_of([each]) for each in self.captions], [words_of(p) for p in photos]
        self.of_clips = sorted(set(self.captions))
        self.of_photos = [caption for each in photos for caption in each]
        self.photo = np.repeat(np.arange(len(photos)), [len(each) for each in photos])
        self.absent = [text for text in ABSENT if text not in KEPT_FOR_UNSEEN]
        texts = load_embedder("starter")
        groups = (self.of_clips, self.of_photos, [phrases(word)[0] for word in WORDS], list(PRESENT), self.absent)
        self.vectors = [unit(texts.encode_texts(each)[:, :-1]) for each in groups]
        """Of clips' captions, photographs' captions, plain words, answered and unanswered sentences."""


@dataclass(frozen=True)
class Found:
    """Of one way and one head."""

    clips: np.ndarray
    """(sentences of clips, RANKS) whether the right one is among so many."""
    photos: np.ndarray
    words: np.ndarray
    """AUROC of each word, over clips and over photographs."""
    answered: float


def find(asked: Asked, strangers: np.lib.npyio.NpzFile, way: str, head: int, bank: np.ndarray | None) -> Found:
    """What a head's rows of frames and of photographs bring; with a bank of sentences hubs are held back."""
    clips, photos = (strangers[f"{way} {name}"][head].astype(np.float32) for name in ("clips", "photos"))
    clip_of = strangers["clip_of"]
    off = [SHARE * hubness(rows, bank) if bank is not None else np.zeros(len(rows)) for rows in (clips, photos)]

    def on_clips(sentences: np.ndarray) -> np.ndarray:
        scores = sentences @ clips.T - off[0]
        return np.stack([scores[:, clip_of == number].max(axis=1) for number in range(len(asked.captions))], axis=1)

    of_clips, of_photos, words, present, absent = asked.vectors
    is_right = np.array([[caption == own for caption in asked.captions] for own in asked.of_clips])
    scores, shown = on_clips(of_clips), of_photos @ photos.T - off[1]
    best = np.where(is_right, scores, -np.inf).max(axis=1)
    before = ((scores > best[:, None]) & ~is_right).sum(axis=1)
    own = shown[np.arange(len(shown)), asked.photo]
    return Found(
        np.stack([before < k for k in RANKS], axis=1).astype(float),
        np.stack([(shown > own[:, None]).sum(axis=1) < k for k in RANKS], axis=1).astype(float),
        np.array([_aurocs(on_clips(words), asked.clip_words), _aurocs(words @ photos.T - off[1], asked.photo_words)]),
        auroc(on_clips(present).max(axis=1), on_clips(absent).max(axis=1)),
    )


def _aurocs(scores: np.ndarray, said: list[set[str]]) -> list[float]:
    """A word that no picture shows, or every one, has none (NaN)."""
    shown = np.array([[word in each for each in said] for word in WORDS])
    pairs = zip(scores, shown, strict=True)
    return [auroc(row[own], row[~own]) if own.any() and not own.all() else np.nan for row, own in pairs]


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of unit length."""
    whole: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return whole


def difference(now: list[np.ndarray], before: list[np.ndarray], groups: np.ndarray) -> str:
    """Mean over heads and sentences, and its 95 % interval over 2,000 samples of whole groups of sentences."""
    each = np.mean([a - b for a, b in zip(now, before, strict=True)], axis=0)
    sums, counts = np.bincount(groups, each), np.bincount(groups)
    chosen = np.random.default_rng(0).integers(0, len(counts), (2000, len(counts)))
    low, high = np.quantile(sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1), (0.025, 0.975))
    return f"{each.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


def milliseconds(closely: bool, look: Look) -> float:
    """Processor time of one picture, the least of three rounds."""
    loaded = replace(load(resolve("starter")), look=look)
    graph = image_graph(loaded, closely=closely)
    if graph is None:
        raise ValueError("the starter has an image tower that onnxruntime is not used for")
    tower, pixels = OnnxImageTower(graph, loaded.image_size), sample_pixels(loaded.image_size, 16)
    rounds = []
    for _ in range(4):
        began = time.process_time()
        tower.encode_pixels(pixels)
        rounds.append(1000 * (time.process_time() - began) / len(pixels))
    return min(rounds[1:])


def main() -> None:
    """Print both tables."""
    if len(sys.argv) != 2 or not SHARED.is_dir():
        print(__doc__ if SHARED.is_dir() else "skipped: the footage that this needs is not beside the project")
        return
    strangers = np.load(sys.argv[1])
    asked, bank = Asked(strangers), load_file(STARTER / REFERENCE)["sentences"].astype(np.float32)
    heads = len(strangers["whole clips"])
    found: dict[tuple[str, bool], list[Found]] = {}
    print(f"known footage, unknown to the towers: {len(asked.of_clips)} sentences among {len(asked.captions)} clips;")
    print(f"{len(asked.of_photos)} among {len(asked.photo_words)} photographs; {len(PRESENT)} answered sentences,")
    print(f"{len(asked.absent)} not; means over {heads} heads")
    print("way, hubs held back | clips R@1 R@5 R@10 | photographs | words: clips, photographs | answered")
    for way in WAYS:
        for held in (False, True):
            of = [find(asked, strangers, way, head, bank if held else None) for head in range(heads)]
            found[way, held] = of
            clips, photos = (
                np.mean([getattr(f, name).mean(axis=0) for f in of], axis=0) for name in ("clips", "photos")
            )
            words = np.nanmean([f.words for f in of], axis=(0, 2))
            shown = [" ".join(f"{figure:.3f}" for figure in each) for each in (clips, photos, words)]
            print(f"{way:8}{'yes' if held else 'no':3} | {' | '.join(shown)} | {np.mean([f.answered for f in of]):.3f}")
    print("against the whole picture, hubs held back")
    for way in WAYS[1:]:
        now, before = found[way, True], found["whole", True]
        for name, groups in (("clips", np.arange(len(asked.of_clips))), ("photos", asked.photo)):
            for place, k in enumerate(RANKS):
                after, first = ([getattr(f, name)[:, place] for f in each] for each in (now, before))
                print(f"{way:8} {name} R@{k}: {difference(after, first, groups)}")
        after, first = ([f.words[0][~np.isnan(f.words[0])] for f in each] for each in (now, before))
        print(f"{way:8} words on clips, AUROC: {difference(after, first, np.arange(len(after[0])))}")
    own = Look.of_folder(STARTER)
    for way, closely, look in (("whole", False, WHOLE), ("windows", False, own), ("closely", True, own)):
        print(f"{way:8} processor time a picture: {milliseconds(closely, look):.1f} ms")


if __name__ == "__main__":
    with recorded(__file__):
        main()
