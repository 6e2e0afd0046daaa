"""Fit the confidence of a sentence on pictures that the tower has never seen, by cross-validation over sources.

    python benchmarks/fit_confidence.py STRANGERS.npz [--in-archive] [--plot FILE]

STRANGERS.npz comes from training/strangers.py; captions are read from ../shared/footage and ../shared/photos. Prints
the constants of query/confidence.py, what they bring, and a table of promised and found shares. With --in-archive the
towers count as models without reference vectors: hubs are not held back, and scores are compared with what everyday
sentences reach among the same pictures. The plot needs matplotlib.

Learned from are pairs of a sentence and a picture: plain words and captions, with photographs and with clips; the best
clip for sentences that the footage answers and for others; and, so that the best for a sentence that it can't answer
stays below the best for one that it can, differences of such pairs (RankNet, Burges et al. 2005). Three weights, of
right pairs of plain words, of the differences and of the best clips, are chosen from a grid: as few unanswered
sentences as possible have a match, as long as the AIMS hold. The pairs of all heads are learned from together; what
is measured is the mean over them.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from benchmarks.confidence import ABSENT, PRESENT
from benchmarks.discrimination import auroc
from benchmarks.plain_words import KINDS, common_words, phrases, words_of
from benchmarks.record import recorded
from benchmarks.unseen import ABSENT as KEPT_FOR_UNSEEN
from framescout.embedding import load_embedder
from framescout.embedding.background import EVERYDAY
from framescout.embedding.reference import REFERENCE, ReferenceScores, with_hubness
from query.confidence import LINE, LINE_IN_ARCHIVE, MATCH, ArchiveScores, signals, word_count

SHARED = Path(__file__).resolve().parents[2] / "shared"
STARTER = Path(__file__).resolve().parents[1] / "framescout" / "models" / "starter"
ASKED_FIRST = ("person", "people", "car", "animal", "dog", "street", "room", "water")
ON_CLIPS = ("horse", "bird", "boat", "bicycle", "motorcycle", "snow", "beach", "fight", *ASKED_FIRST)
"""Kinds of which clips show enough."""
FOLDS = 5
RIGHT_WEIGHTS, RANK_WEIGHTS, BEST_WEIGHTS = (2.0, 2.5, 3.0), (0.0, 4000.0), (0.0, 300.0, 1000.0, 3000.0)
LEAST_RIGHT, LEAST_WRONG, MOST_ERROR, MOST_LOSS = 0.7, 0.85, 0.08, 0.02
"""The AIMS: right clips that match, wrong clips that don't, ECE, AUROC of answered sentences below the score's."""
_OTHER_WORDS, _PICTURES_A_WORD = 80, 150
_PAIRS = {"word photo": 10.0, "word clip": 60.0, "caption photo": 10.0, "caption clip": 10.0}
"""Weight of a kind of pair."""
_KIND = 4.0  # weight of the words that everybody asks first, against others
_RIDGE = 1.0
_PLAIN, _ENOUGH = 1 / 3, 10_000.0  # share of plain words in the scale of all constants; weight against the ridge
TERMS = ("one", "score", "score x words", "words", "common", "spread")


@dataclass(frozen=True)
class Sentence:
    """Something to ask for."""

    text: str
    about: str
    """word, photo, clip, present or absent."""
    of: str | int
    """The word, the number of the photograph, the caption, or what captions of clips that answer it say."""


@dataclass
class Pairs:
    """Sentences with pictures: (N,) arrays."""

    terms: np.ndarray
    """(N, TERMS), or without the last."""
    right: np.ndarray
    weight: np.ndarray
    fold: np.ndarray
    kind: np.ndarray
    sentence: np.ndarray
    head: np.ndarray
    plain: np.ndarray
    """Whether it is of the words that everybody asks first, as asked most, with a clip."""


@dataclass(frozen=True)
class Seen:
    """What one head makes of the pictures."""

    signals: np.ndarray
    """(sentences, 3), as query.confidence.signals; (sentences, 2) where spread doesn't count."""
    on_photos: np.ndarray
    """(sentences, photographs): scores, in spreads of the reference scores."""
    on_clips: np.ndarray
    """(sentences, clips): of each clip's best frame."""


class Known:
    """What lies in ../shared for learning, and what the strangers' towers make of it."""

    def __init__(self, strangers: Path, way: str, *, in_archive: bool) -> None:
        self.in_archive = in_archive
        self.rows = list(csv.DictReader((SHARED / "footage" / "manifest.csv").open(encoding="utf-8")))
        self.captions = [row["caption"] for row in self.rows]
        given = np.load(strangers)
        said: dict[str, list[str]] = {}
        for row in csv.DictReader((SHARED / "photos" / "captions.csv").open(encoding="utf-8")):
            said.setdefault(row["file"], []).append(row["caption"])
        self.photo_captions = [said[name] for name in given["photo_names"].tolist()]
        self.clip_words = [words_of([caption]) for caption in self.captions]
        self.photo_words = [words_of(captions) for captions in self.photo_captions]
        groups = [_source(row) for row in self.rows]
        self.clip_fold = np.array([sorted(set(groups)).index(group) % FOLDS for group in groups])
        self.sentences = list(self._sentences(said))
        texts = load_embedder("starter")
        self.asked = texts.encode_texts([sentence.text for sentence in self.sentences])
        self.everyday = without_hubs(texts.encode_texts(EVERYDAY))
        self.heads = [self._seen(given, way, head) for head in range(len(given[f"{way} clips"]))]

    def _sentences(self, said: dict[str, list[str]]) -> Iterator[Sentence]:
        pick = np.random.default_rng(2)
        common = common_words(said.values(), 120)
        others = [word for word in common if word not in KINDS]
        chosen = pick.choice(others, min(_OTHER_WORDS, len(others)), replace=False).tolist()
        for word in [*(word for word in common if word in KINDS), *chosen]:
            yield from (Sentence(phrase, "word", word) for phrase in phrases(word)[:2])
        for number, captions in enumerate(self.photo_captions):
            yield Sentence(captions[0], "photo", number)
            if number % 3:  # and the beginning of it, as people ask
                yield Sentence(" ".join(captions[0].split()[:5]).rstrip(" .,"), "photo", number)
        yield from (Sentence(caption, "clip", caption) for caption in sorted(set(self.captions)))
        yield from (Sentence(text, "present", pattern) for text, pattern in PRESENT.items())
        yield from (Sentence(text, "absent", "") for text in ABSENT if text not in KEPT_FOR_UNSEEN)

    def _seen(self, given: np.lib.npyio.NpzFile, way: str, head: int) -> Seen:
        return (self._seen_in_archive if self.in_archive else self._seen_with_reference)(given, way, head)

    def _seen_in_archive(self, given: np.lib.npyio.NpzFile, way: str, head: int) -> Seen:
        asked, common = without_hubs(self.asked), self.everyday.mean(axis=0)
        photos, frames = (
            _in_spreads(asked, given[f"{way} {name}"][head].astype(np.float32), self.everyday)
            for name in ("photos", "clips")
        )
        said = [(word_count(each.text), float(common @ v)) for v, each in zip(asked, self.sentences, strict=True)]
        return Seen(np.array(said), photos, self._of_clips(frames, given))

    def _seen_with_reference(self, given: np.lib.npyio.NpzFile, way: str, head: int) -> Seen:
        bank = load_file(STARTER / REFERENCE)["sentences"].astype(np.float32)
        shown = (given[f"{way} {name}"][head].astype(np.float32) for name in ("reference", "photos", "clips"))
        pictures, photos, clips = (with_hubness(rows, bank) for rows in shown)
        reference = ReferenceScores.of(pictures, bank)
        center, spread = reference.center, reference.spread
        frames = (self.asked @ clips.T - center) / spread
        return Seen(
            np.array([signals(v, each.text, reference) for v, each in zip(self.asked, self.sentences, strict=True)]),
            (self.asked @ photos.T - center) / spread,
            self._of_clips(frames, given),
        )

    def _of_clips(self, frames: np.ndarray, given: np.lib.npyio.NpzFile) -> np.ndarray:
        """(sentences, frames) -> (sentences, clips), of each clip's best frame."""
        own = [frames[:, given["clip_of"] == number].max(axis=1) for number in range(len(self.rows))]
        return np.stack(own, axis=1)


def without_hubs(rows: np.ndarray) -> np.ndarray:
    """(N, D + 1) rows of sentences, as a model with reference vectors gives them -> (N, D) unit rows."""
    own = rows[:, :-1]
    unit: np.ndarray = own / np.linalg.norm(own, axis=1, keepdims=True)
    return unit


def _in_spreads(asked: np.ndarray, rows: np.ndarray, everyday: np.ndarray) -> np.ndarray:
    scores = ArchiveScores.of(rows, everyday)
    inside: np.ndarray = (asked @ rows.T - scores.center) / scores.spread
    return inside


def _source(row: dict[str, str]) -> str:
    """What must stay in one fold: a folder, or the runs of clips of some cameras."""
    if row["caption_quality"] == "checked":
        return row["path"].split("/")[0]
    return f"cctv{sum(map(ord, row['caption'])) % FOLDS}"


def _pairs_with(
    number: int, known: Known, seen: Seen, pick: np.random.Generator
) -> Iterator[tuple[str, int, bool, float]]:
    """(kind of pair, photograph or clip, whether it is right, weight) to learn from one sentence."""
    sentence, photos, clips = known.sentences[number], len(known.photo_captions), len(known.captions)
    of = sentence.of
    if sentence.about == "word":
        for place in pick.choice(photos, _PICTURES_A_WORD, replace=False).tolist():
            yield "word photo", place, of in known.photo_words[place], 1 / _PICTURES_A_WORD
        for place in range(clips) if of in ON_CLIPS else ():
            yield "word clip", place, of in known.clip_words[place], 1 / clips
    elif sentence.about == "photo":
        yield "caption photo", int(of), True, 0.5
        for place in pick.choice(photos, 6, replace=False).tolist():
            if place != of:
                yield "caption photo", place, False, 0.5 / 6
    elif sentence.about == "clip":
        own = words_of([str(of)]) - {"person", "people"}
        shown = [place for place in range(clips) if known.captions[place] == of]
        yield from (("caption clip", place, True, 1 / len(shown)) for place in shown)
        for place in pick.choice(clips, 10, replace=False).tolist():
            if place not in shown and len(known.clip_words[place] & own) < 2:
                yield "caption clip", place, False, 0.1
    else:  # the clip that is best for it
        alike = sum(each.about == sentence.about for each in known.sentences)
        yield sentence.about, int(seen.on_clips[number].argmax()), sentence.about == "present", 1 / alike


def pairs_of(known: Known, head: int) -> Pairs:
    """Every sentence's pairs; a pair is in the fold of its clip's source, of its photograph, or of its sentence."""
    pick, seen = np.random.default_rng(0), known.heads[head]
    numbers = range(len(known.sentences))
    found = [(number, *pair) for number in numbers for pair in _pairs_with(number, known, seen, pick)]
    sentence, kind, place, right, weight = map(np.array, zip(*found, strict=True))
    is_photo = np.char.endswith(kind, "photo")
    score = np.where(is_photo, *(on[sentence, place % on.shape[1]] for on in (seen.on_photos, seen.on_clips)))
    fold = np.where(is_photo, place % FOLDS, known.clip_fold[place % len(known.clip_fold)])
    fold = np.where(np.isin(kind, ("present", "absent")), sentence % FOLDS, fold)
    words, *others = seen.signals[sentence].T
    terms = np.stack([np.ones(len(score)), score, score * words, words, *others], axis=1)
    is_kind = np.array([known.sentences[number].of in KINDS for number in numbers])[sentence]
    weight = weight * np.array([_PAIRS.get(each, 1.0) for each in kind.tolist()]) * np.where(is_kind, _KIND, 1.0)
    share = weight / len(known.heads)
    firsts = [phrases(word)[0] for word in ASKED_FIRST]
    asked = [number for number in numbers if known.sentences[number].text in firsts]
    plain = (kind == "word clip") & np.isin(sentence, asked)
    return Pairs(terms, right.astype(bool), share, fold, kind, sentence, np.full(len(score), head), plain)


def joined(parts: list[Pairs]) -> Pairs:
    """Those of several heads."""
    names = [each.name for each in fields(Pairs)]
    return Pairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def logistic(terms: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(TERMS,) coefficients by Newton's method, with a little ridge on all but the first."""
    ridge = _RIDGE * np.r_[0.0, np.ones(terms.shape[1] - 1)]
    found = np.zeros(terms.shape[1])
    for _ in range(40):
        promised = _sigmoid(terms @ found)
        gradient = terms.T @ (weight * (right - promised)) - ridge * found
        curvature = (terms * (weight * promised * (1 - promised))[:, None]).T @ terms + np.diag(ridge + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        found += step
        if np.abs(step).max() < 1e-7:
            break
    return found


@dataclass(frozen=True)
class Weights:
    """Of what is learned from, against a caption's pairs."""

    right: float
    """Of right pairs of plain words."""
    rank: float
    """Of all differences between answered and unanswered sentences together."""
    best: float
    """Of the best clips of answered sentences together, and of unanswered ones."""

    def __str__(self) -> str:
        return f"{self.right:.2f}, {self.rank:.0f}, {self.best:.0f}"


def fit(pairs: Pairs, is_learned: np.ndarray, weights: Weights) -> np.ndarray:
    """(TERMS,) constants from the pairs that `is_learned` (N,) says.

    At last all are scaled alike (temperature scaling, Guo et al. 2017): the weights above move the border of a match,
    and leave the promises beside it too modest. Plain words alone would make long sentences far too sure.
    """
    middle, width = pairs.terms.mean(axis=0), pairs.terms.std(axis=0)
    middle[0], width[0] = 0.0, 1.0
    terms = (pairs.terms - middle) / width
    apart = _differences(pairs, terms, is_learned)
    each = np.full(len(apart), weights.rank / len(apart) / 2)
    weight = np.where(pairs.right & np.char.startswith(pairs.kind, "word"), weights.right, 1.0) * pairs.weight
    weight = np.where(np.isin(pairs.kind, ("present", "absent")), weights.best, 1.0) * weight
    found = logistic(
        np.concatenate([terms[is_learned], apart, -apart]),
        np.r_[pairs.right[is_learned], np.ones(len(apart), bool), np.zeros(len(apart), bool)],
        np.r_[weight[is_learned], each, each],
    )
    found /= width
    found[0] -= found[1:] @ middle[1:]
    is_best = np.isin(pairs.kind, ("present", "absent"))
    each = (1 - _PLAIN) * _shares(pairs.weight * ~is_best * is_learned) + _PLAIN * _shares(pairs.plain * is_learned)
    (sureness,) = logistic((pairs.terms @ found)[:, None], pairs.right, _ENOUGH * each)
    constants: np.ndarray = sureness * found
    return constants


def _shares(weight: np.ndarray) -> np.ndarray:
    shares: np.ndarray = weight / weight.sum()
    return shares


def _differences(pairs: Pairs, terms: np.ndarray, is_learned: np.ndarray) -> np.ndarray:
    """(M, TERMS): of every head, each answered sentence's best pair less each unanswered one's."""
    apart = []
    for head in np.unique(pairs.head):
        own = is_learned & (pairs.head == head)
        answered, unanswered = (terms[own & (pairs.kind == kind)] for kind in ("present", "absent"))
        apart.append((answered[:, None] - unanswered[None]).reshape(-1, terms.shape[1]))
    every = np.concatenate(apart)
    every[:, 0] = 0.0
    return every


def promised_by_others(pairs: Pairs, weights: Weights) -> np.ndarray:
    """(N,) probability of a match for each pair, by constants from the other folds."""
    promised = np.empty(len(pairs.right))
    for fold in range(FOLDS):
        is_here = pairs.fold == fold
        promised[is_here] = _sigmoid(pairs.terms[is_here] @ fit(pairs, ~is_here, weights))
    return promised


@dataclass(frozen=True)
class Measured:
    """What a fit brings; means over the heads."""

    answered: float
    """AUROC of answered against unanswered sentences, of the best clip."""
    by_score: float
    """The same of the score alone."""
    matched: float
    """Share of answered sentences whose best clip matches."""
    mistaken: float
    """Share of unanswered sentences whose best clip matches."""
    right: float
    """Share of right clips that match a plain word."""
    wrong: float
    """Share of wrong clips that don't."""
    error: float
    """Expected calibration error of plain words on clips, ten bins."""

    @property
    def holds(self) -> bool:
        """Whether the AIMS hold."""
        is_calm = self.wrong >= LEAST_WRONG and self.error <= MOST_ERROR and self.right >= LEAST_RIGHT
        return is_calm and self.answered >= self.by_score - MOST_LOSS

    def __str__(self) -> str:
        figures = f"{self.answered:.3f} ({self.by_score:.3f}) | {self.matched:.3f} | {self.mistaken:.3f}"
        return f"{figures} | {self.right:.3f} | {self.wrong:.3f} | {self.error:.3f}"


def measured(pairs: Pairs, promised: np.ndarray) -> Measured:
    """Of (N,) probabilities."""
    each = [_of_head(pairs, promised, pairs.head == head) for head in np.unique(pairs.head)]
    return Measured(*np.mean(each, axis=0).tolist())


def _of_head(pairs: Pairs, promised: np.ndarray, is_own: np.ndarray) -> list[float]:
    present, absent = (is_own & (pairs.kind == kind) for kind in ("present", "absent"))
    score = pairs.terms[:, TERMS.index("score")]
    found, right = promised[is_own & pairs.plain], pairs.right[is_own & pairs.plain]
    return [
        auroc(promised[present], promised[absent]),
        auroc(score[present], score[absent]),
        float((promised[present] >= MATCH).mean()),
        float((promised[absent] >= MATCH).mean()),
        float((found[right] >= MATCH).mean()),
        float((found[~right] < MATCH).mean()),
        sum(abs(share - hit) * count for share, hit, count in reliability(found, right)) / len(found),
    ]


def reliability(promised: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int]]:
    """(mean promise, share that is right, pairs) of each tenth."""
    tenth = np.minimum((promised * 10).astype(int), 9)
    bins = [tenth == number for number in range(10)]
    return [(float(promised[b].mean()), float(right[b].mean()), int(b.sum())) for b in bins if b.any()]


def draw(table: list[tuple[float, float, int]], path: Path) -> None:
    """The reliability diagram."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 5), dpi=100)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
    promised, found, counts = zip(*table, strict=True)
    axes.plot(promised, found, color="black", linewidth=1)
    axes.scatter(promised, found, s=[count / 3 for count in counts], color="black")
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.set_title("plain words on clips that the tower never saw; size: pairs", fontsize=9)
    figure.tight_layout()
    figure.savefig(path)


def _sigmoid(log_odds: np.ndarray) -> np.ndarray:
    result: np.ndarray = 1 / (1 + np.exp(-np.clip(log_odds, -40, 40)))
    return result


def main() -> None:
    """Fit, choose, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strangers", type=Path)
    parser.add_argument("--way", default="windows", help="to look at pictures: whole, windows (as ships), closely")
    parser.add_argument("--in-archive", action="store_true", help="as of models without reference vectors")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        parser.exit(message="The footage and the photographs that the fit needs are not beside the project.\n")
    known = Known(arguments.strangers, arguments.way, in_archive=arguments.in_archive)
    pairs = joined([pairs_of(known, head) for head in range(len(known.heads))])
    grid = [Weights(*each) for each in product(RIGHT_WEIGHTS, RANK_WEIGHTS, BEST_WEIGHTS)]
    tried = {weights: measured(pairs, promised_by_others(pairs, weights)) for weights in grid}
    print("weight of right pairs, of differences, of best clips | answered AUROC (score) | answered that match |")
    print("unanswered that match | right that match | wrong that don't | ECE")
    for weights, each in tried.items():
        print(f"{weights} | {each}{'' if each.holds else ' | misses an aim'}")
    chosen = min(grid, key=lambda weights: (not tried[weights].holds, tried[weights].mistaken))
    constants = fit(pairs, np.ones(len(pairs.right), bool), chosen)
    print(f"chosen: {chosen}")
    print(", ".join(f"{name}: {value:.3f}" for name, value in zip(TERMS, constants, strict=False)))
    ships = LINE_IN_ARCHIVE if arguments.in_archive else LINE
    print(f"what ships: {ships}, on all of these pairs:")
    print(measured(pairs, _sigmoid(pairs.terms @ np.array(ships))))
    table = reliability(promised_by_others(pairs, chosen)[pairs.plain], pairs.right[pairs.plain])
    print("promised | found | pairs")
    for promise, hit, count in table:
        print(f"{promise:.2f} | {hit:.2f} | {count}")
    if arguments.plot:
        draw(table, arguments.plot)


if __name__ == "__main__":
    with recorded(__file__):
        main()
