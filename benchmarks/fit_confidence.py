"""Fit the confidence of a sentence on pictures that the tower has never seen, by cross-validation over sources.

    python benchmarks/fit_confidence.py STRANGERS.npz [--plot FILE]

STRANGERS.npz comes from training/strangers.py; captions are read from ../shared/footage and ../shared/photos. Prints
the constants of query/confidence.py, what they bring, and a table of promised and found shares. The
plot needs matplotlib.

Learned from are pairs of a sentence and a picture: plain words and captions, with photographs and with clips; and, so
that an archive's best picture for a sentence that it can't answer stays below the best for one that it can, differences
of such pairs (RankNet, Burges et al. 2005). Two weights, of right pairs of plain words and of the differences, are
chosen from a grid: the greatest share of right clips that match, as long as the AIMS hold.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.confidence import ABSENT, PRESENT
from benchmarks.plain_words import KINDS, common_words, phrases, words_of
from benchmarks.record import recorded
from benchmarks.unseen import ABSENT as KEPT_FOR_UNSEEN
from framescout.embedding import load_embedder
from framescout.embedding.reference import REFERENCE, ReferenceScores, against_hubs, with_hubness
from query.confidence import LINE, MATCH, signals

SHARED = Path(__file__).resolve().parents[2] / "shared"
STARTER = Path(__file__).resolve().parents[1] / "framescout" / "models" / "starter"
ASKED_FIRST = ("person", "people", "car", "animal", "dog", "street", "room", "water")
ON_CLIPS = ("horse", "bird", "boat", "bicycle", "motorcycle", "snow", "beach", "fight", *ASKED_FIRST)
"""Kinds of which clips show enough."""
FOLDS = 5
RIGHT_WEIGHTS, RANK_WEIGHTS = (1.5, 1.75, 2.0, 2.25, 2.5, 3.0), (0.0, 2000.0, 4000.0, 8000.0)
LEAST_WRONG, MOST_ERROR, MOST_LOSS = (
    0.85,
    0.08,
    0.01,
)  # the AIMS: wrong clips that don't match, ECE, AUROC against score
_OTHER_WORDS, _PICTURES_A_WORD = 80, 150
_PAIRS = {
    "word photo": 10.0,
    "word clip": 60.0,
    "caption photo": 10.0,
    "caption clip": 10.0,
}  # weight of a kind of pair
_KIND = 4.0  # weight of the words that everybody asks first, against others
_RIDGE = 1.0
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
    """(N, TERMS)."""
    right: np.ndarray
    weight: np.ndarray
    fold: np.ndarray
    kind: np.ndarray
    sentence: np.ndarray


class Known:
    """What lies in ../shared for learning, and what the strangers' tower makes of it."""

    def __init__(self, strangers: Path) -> None:
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
        self._score(given)

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

    def _score(self, given: np.lib.npyio.NpzFile) -> None:
        from safetensors.numpy import load_file

        bank = load_file(STARTER / REFERENCE)["sentences"].astype(np.float32)
        shown = {name: with_hubness(given[name].astype(np.float32), bank) for name in ("reference", "photos", "clips")}
        scores = shown["reference"] @ against_hubs(bank).T
        center, spread = float(scores.mean()), float(scores.std())
        reference = ReferenceScores(shown["reference"], bank.mean(axis=0), center, spread)
        asked = load_embedder("starter").encode_texts([sentence.text for sentence in self.sentences])
        self.signals = np.array(
            [signals(vector, sentence.text, reference) for vector, sentence in zip(asked, self.sentences, strict=True)]
        )
        self.on_photos = (asked @ shown["photos"].T - center) / spread
        frames = (asked @ shown["clips"].T - center) / spread
        self.on_clips = np.stack(
            [frames[:, given["clip_of"] == number].max(axis=1) for number in range(len(self.rows))], axis=1
        )


def _source(row: dict[str, str]) -> str:
    """What must stay in one fold: a folder, or the runs of clips of some cameras."""
    if row["caption_quality"] == "checked":
        return row["path"].split("/")[0]
    return f"cctv{sum(map(ord, row['caption'])) % FOLDS}"


def _pairs_with(number: int, known: Known, pick: np.random.Generator) -> Iterator[tuple[str, int, bool, float]]:
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
        yield sentence.about, int(known.on_clips[number].argmax()), sentence.about == "present", 0.0


def pairs_of(known: Known) -> Pairs:
    """Every sentence's pairs; a pair is in the fold of its clip's source, of its photograph, or of its sentence."""
    pick = np.random.default_rng(0)
    numbers = range(len(known.sentences))
    found = [(number, *pair) for number in numbers for pair in _pairs_with(number, known, pick)]
    sentence, kind, place, right, weight = map(np.array, zip(*found, strict=True))
    is_photo = np.char.endswith(kind, "photo")
    score = np.where(is_photo, *(on[sentence, place % on.shape[1]] for on in (known.on_photos, known.on_clips)))
    fold = np.where(is_photo, place % FOLDS, known.clip_fold[place % len(known.clip_fold)])
    fold = np.where(np.isin(kind, ("present", "absent")), sentence % FOLDS, fold)
    words, common, spread = known.signals[sentence].T
    terms = np.stack([np.ones(len(score)), score, score * words, words, common, spread], axis=1)
    is_kind = np.array([known.sentences[number].of in KINDS for number in numbers])[sentence]
    weight = weight * np.array([_PAIRS.get(each, 0.0) for each in kind.tolist()]) * np.where(is_kind, _KIND, 1.0)
    return Pairs(terms, right.astype(bool), weight, fold, kind, sentence)


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


def fit(pairs: Pairs, is_learned: np.ndarray, right_weight: float, rank_weight: float) -> np.ndarray:
    """(TERMS,) constants from the pairs that `is_learned` (N,) says."""
    middle, width = pairs.terms.mean(axis=0), pairs.terms.std(axis=0)
    middle[0], width[0] = 0.0, 1.0
    terms = (pairs.terms - middle) / width
    answered, unanswered = (terms[is_learned & (pairs.kind == kind)] for kind in ("present", "absent"))
    apart = (answered[:, None] - unanswered[None]).reshape(-1, len(TERMS))
    apart[:, 0] = 0.0
    each = np.full(len(apart), rank_weight / len(apart) / 2)
    weight = np.where(pairs.right & np.char.startswith(pairs.kind, "word"), right_weight, 1.0) * pairs.weight
    found = logistic(
        np.concatenate([terms[is_learned], apart, -apart]),
        np.r_[pairs.right[is_learned], np.ones(len(apart), bool), np.zeros(len(apart), bool)],
        np.r_[weight[is_learned], each, each],
    )
    found /= width
    found[0] -= found[1:] @ middle[1:]
    return found


def promised_by_others(pairs: Pairs, right_weight: float, rank_weight: float) -> np.ndarray:
    """(N,) probability of a match for each pair, by constants from the other folds."""
    promised = np.empty(len(pairs.right))
    for fold in range(FOLDS):
        is_here = pairs.fold == fold
        promised[is_here] = _sigmoid(pairs.terms[is_here] @ fit(pairs, ~is_here, right_weight, rank_weight))
    return promised


@dataclass(frozen=True)
class Measured:
    """What a fit brings."""

    answered: float
    """AUROC of answered against unanswered sentences, of the best clip."""
    by_score: float
    """The same of the score alone."""
    right: float
    """Share of right clips that match a plain word."""
    wrong: float
    """Share of wrong clips that don't."""
    error: float
    """Expected calibration error of plain words on clips, ten bins."""

    @property
    def holds(self) -> bool:
        """Whether the AIMS hold."""
        is_calm = self.wrong >= LEAST_WRONG and self.error <= MOST_ERROR
        return is_calm and self.answered >= self.by_score - MOST_LOSS


def measured(pairs: Pairs, known: Known, promised: np.ndarray) -> Measured:
    """Of (N,) probabilities."""
    is_best = np.isin(pairs.kind, ("present", "absent"))
    is_plain = plain_on_clips(pairs, known)
    found, right = promised[is_plain], pairs.right[is_plain]
    return Measured(
        auroc(promised[is_best], pairs.right[is_best]),
        auroc(pairs.terms[is_best, TERMS.index("score")], pairs.right[is_best]),
        float((found[right] >= MATCH).mean()),
        float((found[~right] < MATCH).mean()),
        sum(abs(share - hit) * count for share, hit, count in reliability(found, right)) / len(found),
    )


def plain_on_clips(pairs: Pairs, known: Known) -> np.ndarray:
    """(N,) bool: the words that everybody asks first, as asked most, with clips."""
    firsts = [phrases(word)[0] for word in ASKED_FIRST]
    asked = [number for number, sentence in enumerate(known.sentences) if sentence.text in firsts]
    found: np.ndarray = (pairs.kind == "word clip") & np.isin(pairs.sentence, asked)
    return found


def reliability(promised: np.ndarray, right: np.ndarray) -> list[tuple[float, float, int]]:
    """(mean promise, share that is right, pairs) of each tenth."""
    tenth = np.minimum((promised * 10).astype(int), 9)
    bins = [tenth == number for number in range(10)]
    return [(float(promised[b].mean()), float(right[b].mean()), int(b.sum())) for b in bins if b.any()]


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """How often a positive scores above a negative."""
    yes, no = scores[positive], scores[~positive]
    return float(((yes[:, None] > no).mean() + (yes[:, None] >= no).mean()) / 2)


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
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        parser.exit(message="The footage and the photographs that the fit needs are not beside the project.\n")
    known = Known(arguments.strangers)
    pairs = pairs_of(known)
    grid = [(right, rank) for right in RIGHT_WEIGHTS for rank in RANK_WEIGHTS]
    tried = {weights: measured(pairs, known, promised_by_others(pairs, *weights)) for weights in grid}
    print("weight of right pairs, of differences | answered AUROC (score) | right that match | wrong that don't | ECE")
    for (right, rank), each in tried.items():
        figures = f"{each.answered:.3f} ({each.by_score:.3f}) | {each.right:.3f} | {each.wrong:.3f} | {each.error:.3f}"
        print(f"{right:.2f}, {rank:.0f} | {figures}{'' if each.holds else ' | misses an aim'}")
    chosen = max((each.holds, each.right, weights) for weights, each in tried.items())[-1]
    constants = fit(pairs, np.ones(len(pairs.right), bool), *chosen)
    print(f"chosen: {chosen}")
    print(", ".join(f"{name}: {value:.3f}" for name, value in zip(TERMS, constants, strict=True)))
    print(f"what ships: {LINE}, on all of these pairs:")
    each = measured(pairs, known, _sigmoid(pairs.terms @ np.array(LINE)))
    best = {kind: _sigmoid(pairs.terms[pairs.kind == kind] @ np.array(LINE)) for kind in ("present", "absent")}
    matched = " and ".join(f"{(best[kind] >= MATCH).mean():.2f}" for kind in best)
    print(f"{each.answered:.3f} ({each.by_score:.3f}) | {each.right:.3f} | {each.wrong:.3f} | {each.error:.3f}")
    print(f"answered and unanswered sentences that have a match: {matched}")
    is_plain = plain_on_clips(pairs, known)
    table = reliability(promised_by_others(pairs, *chosen)[is_plain], pairs.right[is_plain])
    print("promised | found | pairs")
    for promise, hit, count in table:
        print(f"{promise:.2f} | {hit:.2f} | {count}")
    if arguments.plot:
        draw(table, arguments.plot)


if __name__ == "__main__":
    with recorded(__file__):
        main()
