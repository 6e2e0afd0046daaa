"""Made-up archives of any size whose vectors lie as real ones do; the same ones each time, and never all in memory.

Seeds are real embeddings: of the demo's drawn archive, and of the footage and pictures in the folders that `gather` is
given. A made-up video is either one fixed camera or goes from place to place. A shot's middle is a real picture,
moved by a part of the difference of two others of its kind (a cell of k-means), so that shots lie as densely as
pictures do and in the directions in which pictures differ. Its keyframes lie around the middle, moved by differences
that successive keyframes of real footage have.

No weights of a model with 512 dimensions are at hand, so `widen` turns the starter's 385 into 512: the other 127 are
noise as strong as the weakest of the real ones, and all are turned by one rotation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np

import framescout
import indexer
from framescout.catalog import Catalog
from framescout.commands.demo import make_archive
from framescout.embedding import load_embedder
from indexer.trial_sentences import TRIAL_SENTENCES

A_VIDEO = 200
"""Keyframes of a made-up video."""
_LONGEST_SHOT = 16
_CELL = 40  # real pictures of a kind
_BETWEEN, _FIXED = 0.6, 0.15  # how far a middle is moved: a new place, the same camera later
_WHO = ("a person", "two people", "a child", "a man in a red coat", "a crowd", "a dog", "a car", "a cyclist")
_DOES = ("running", "waiting", "lying on the ground", "climbing over a fence", "near a door", "turning round")
_WHERE = ("at night", "in a street", "in a meadow", "by the sea", "in a corridor", "in the snow", "on a roof")


@dataclass(frozen=True)
class Seeds:
    """Real embeddings that a made-up archive is drawn from."""

    pictures: np.ndarray
    """(N, D) float32, rows of unit length, those of a kind together."""
    cells: np.ndarray
    """(N, 2) int64: first and last + 1 of the rows of the same kind."""
    steps: np.ndarray
    """(M, D) float32: differences of keyframes that follow each other."""
    sentences: np.ndarray
    """(Q, D) float32: the text tower's vectors of questions, rows of unit length."""
    trial: np.ndarray
    """(S, D) float32: those of the sentences that indexes are tuned with."""

    @property
    def dimensions(self) -> int:
        return int(self.pictures.shape[1])

    def save(self, path: Path) -> None:
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Seeds:
        with np.load(path) as stored:
            return cls(**stored)


def gather(folder: Path, like: Sequence[Path] = ()) -> Seeds:
    """Index the demo's archive and the footage in `like` into a catalog in `folder`; embed the pictures in `like`."""
    make_archive(folder / "demo")
    catalog = framescout.open(folder / "catalog")
    indexer.index(catalog, [folder / "demo", *like])
    blocks = [block.astype(np.float32) for block in _blocks(catalog)]
    embedder = load_embedder("starter", cache=catalog.cache_folder)
    pictures = np.concatenate([*blocks, *_photographs(embedder, like)])
    steps = np.concatenate([np.diff(block, axis=0) for block in blocks])
    kinds = _kinds(pictures)
    order = np.argsort(kinds, kind="stable")
    bounds = np.searchsorted(kinds[order], np.stack([kinds[order], kinds[order] + 1], axis=1))
    questions = [" ".join(words) for words in product(_WHO, _DOES, _WHERE)]
    sentences, trial = (embedder.encode_texts(texts) for texts in (questions, TRIAL_SENTENCES))
    return Seeds(pictures[order], bounds, steps, sentences, trial)


def find_seeds(folder: Path, dimensions: int | None = None, like: Sequence[Path] = ()) -> Seeds:
    """Those of a folder, gathered when it has none yet; in as many dimensions, by default the starter's."""
    path = folder / "seeds.npz"
    if not path.exists():
        with tempfile.TemporaryDirectory() as made:
            gather(Path(made), like).save(path)
    seeds = Seeds.load(path)
    return seeds if dimensions in (None, seeds.dimensions) else widen(seeds, dimensions)


def widen(seeds: Seeds, dimensions: int, seed: int = 7) -> Seeds:
    """The same in more dimensions."""
    random = np.random.default_rng(seed)
    weakest = np.sqrt(np.linalg.eigvalsh(np.cov(seeds.pictures.T))[: seeds.dimensions // 10].mean())
    turn = np.linalg.qr(random.normal(size=(dimensions, dimensions)))[0].astype(np.float32)

    def wide(rows: np.ndarray, noise: float) -> np.ndarray:
        more = random.normal(0, noise, (len(rows), dimensions - seeds.dimensions)).astype(np.float32)
        turned: np.ndarray = np.concatenate([rows, more], axis=1) @ turn
        return turned

    within = weakest * float(np.linalg.norm(seeds.steps, axis=1).mean())  # as much smaller as steps are
    pictures, sentences, trial = (unit(wide(rows, weakest)) for rows in (seeds.pictures, seeds.sentences, seeds.trial))
    return Seeds(pictures, seeds.cells, wide(seeds.steps, within), sentences, trial)


def video(seeds: Seeds, number: int, count: int = A_VIDEO) -> np.ndarray:
    """(count, D) float16: the embeddings of one made-up video, always the same for a number."""
    random = np.random.default_rng([number, 20261125])
    lengths = random.integers(1, _LONGEST_SHOT + 1, count)
    shots = int(np.searchsorted(np.cumsum(lengths), count)) + 1
    if random.random() < 0.5:
        places, away = np.full(shots, random.integers(len(seeds.pictures))), _FIXED
    else:
        places, away = random.integers(0, len(seeds.pictures), shots), _BETWEEN
    first, last = seeds.cells[places].T
    others, more = (random.integers(first, last) for _ in range(2))
    middles = seeds.pictures[places] + np.float32(away) * (seeds.pictures[others] - seeds.pictures[more])
    rows = np.repeat(middles, lengths[:shots], axis=0)[:count]
    for _ in range(2):
        rows += (
            random.uniform(-1, 1, (count, 1)).astype(np.float32)
            * seeds.steps[random.integers(0, len(seeds.steps), count)]
        )
    return unit(rows).astype(np.float16)


def stream(seeds: Seeds, count: int) -> Iterator[np.ndarray]:
    """`count` keyframes as made-up videos, (n, D) float16 each."""
    for number in range(-(-count // A_VIDEO)):
        yield video(seeds, number, min(A_VIDEO, count - number * A_VIDEO))


def questions(seeds: Seeds, count: int, size: int) -> np.ndarray:
    """(size, D) float32: half of them sentences, half keyframes of the archive."""
    random = np.random.default_rng(5)
    sentences = seeds.sentences[random.permutation(len(seeds.sentences))[: size // 2]]
    videos = random.integers(0, max(1, count // A_VIDEO), size - len(sentences))
    rows = [video(seeds, number)[random.integers(A_VIDEO)] for number in videos]
    return np.concatenate([sentences, np.stack(rows).astype(np.float32)])


def _blocks(catalog: Catalog) -> Iterable[np.ndarray]:
    with catalog.snapshot() as snapshot:
        model = snapshot.active_model()
        assert model
        return [block.embeddings for block in snapshot.space(model).blocks()]


def _photographs(embedder: framescout.embedding.Embedder, folders: Sequence[Path]) -> Iterator[np.ndarray]:
    from PIL import Image

    files = sorted(path for folder in folders for path in folder.rglob("*.jpg"))
    for start in range(0, len(files), 64):
        yield embedder.encode_images([Image.open(file) for file in files[start : start + 64]])


def _kinds(pictures: np.ndarray) -> np.ndarray:
    """(N,) int64: which cell of k-means each picture falls into."""
    import faiss

    means = faiss.Kmeans(pictures.shape[1], max(1, len(pictures) // _CELL), niter=15, seed=1, spherical=True)
    means.train(pictures)
    kinds: np.ndarray = means.index.search(pictures, 1)[1][:, 0]
    return kinds


def unit(rows: np.ndarray) -> np.ndarray:
    """(N, D), each row divided by its length."""
    divided: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return divided
