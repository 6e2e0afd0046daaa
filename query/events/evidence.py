"""Turns an event's sentences into directions, and keyframes into log-odds along them."""

from __future__ import annotations

import msgspec
import numpy as np

from framescout.embedding.sentences import SentenceEncoder, encode, encode_mean
from query.events.definition import Event
from query.sample import Sample


class Directions(msgspec.Struct, frozen=True):
    """An event's sentences as unit vectors, and the temperature of their cosines."""

    steps: np.ndarray
    """(S, D) float32: the event's prompts; what it says comes then, where it does."""
    counters: np.ndarray
    """(C, D) float32; strangers too, so that what looks like nothing in the file is no event."""
    places: dict[str, np.ndarray]
    """Context -> (D,), of those that have prompts."""
    strange: np.ndarray
    """(S, D), what speaks for none of the places."""
    sharpness: float
    """Logits a unit of cosine."""

    @classmethod
    def of(cls, tower: SentenceEncoder, event: Event, sample: Sample) -> Directions:
        """`sample`: of the archive, for the temperature."""
        contexts = {name: context for name, context in event.all_contexts.items() if context.prompts}
        return cls(
            _stacked([encode_mean(tower, prompts) for prompts in (event.prompts, event.then) if prompts], sample),
            np.concatenate([encode(tower, list(event.counter)), sample.strange]) if event.counter else sample.strange,
            {name: encode_mean(tower, context.prompts) for name, context in contexts.items()},
            sample.strange,
            sample.sharpness,
        )

    def step_logits(self, rows: np.ndarray) -> np.ndarray:
        """(N, D) float32 -> (N, S, 2) float64: of each step its own logit, and that of its likeliest confusion.

        A step is confused with the counter-prompts, the strangers and the other step.
        """
        own = rows @ self.steps.T
        confusion = (rows @ self.counters.T).max(axis=1)
        if not len(self.steps):  # it is told by motion alone
            return np.empty((len(rows), 0, 2))
        pairs = []
        for step in range(len(self.steps)):
            others = [own[:, other] for other in range(len(self.steps)) if other != step]
            pairs.append(np.stack([own[:, step], np.maximum.reduce([confusion, *others])], axis=1))
        logits: np.ndarray = np.stack(pairs, axis=1).astype(np.float64) * self.sharpness
        return logits

    def place_logits(self, rows: np.ndarray) -> np.ndarray:
        """(N, D) float32 -> (N, P + 1) float64: a column a place, the last one for elsewhere."""
        columns = [rows @ place for place in self.places.values()] + [(rows @ self.strange.T).max(axis=1)]
        logits: np.ndarray = np.stack(columns, axis=1).astype(np.float64) * self.sharpness
        return logits


def _stacked(vectors: list[np.ndarray], sample: Sample) -> np.ndarray:
    return np.stack(vectors) if vectors else np.empty((0, sample.strange.shape[1]), np.float32)
