"""Zero-shot labels in the catalog: for each label set, model and video, one label a keyframe."""

from __future__ import annotations

import json

import numpy as np

from framescout.catalog.reader import Reader
from framescout.catalog.records import Labelling, LabelSet


class StoredLabels:
    """The labels of one model's keyframes in one state of the catalog; made by `Snapshot.labels`."""

    def __init__(self, reader: Reader, model_id: int) -> None:
        self._reader = reader
        self._model_id = model_id

    def sets(self) -> dict[str, LabelSet]:
        """By name."""
        rows = self._reader.rows(
            "SELECT id, name, fingerprint, labels FROM label_set WHERE model_id = ? ORDER BY name", self._model_id
        )
        return {
            name: LabelSet(number, name, identity, (*json.loads(labels),)) for number, name, identity, labels in rows
        }

    def labellings(self, label_set: LabelSet) -> list[Labelling]:
        """Of the videos as they are indexed now, in order of keyframe id."""
        rows = self._reader.rows(
            "SELECT labelling.video_id, labelling.first_keyframe_id, codes FROM labelling "
            "JOIN indexing ON indexing.video_id = labelling.video_id "
            "WHERE label_set_id = ? AND model_id = ? AND indexing.first_keyframe_id = labelling.first_keyframe_id "
            "ORDER BY labelling.first_keyframe_id",
            label_set.id,
            self._model_id,
        )
        return [Labelling(video_id, first, np.frombuffer(codes, np.uint8)) for video_id, first, codes in rows]

    def columns(self, label_set: LabelSet) -> tuple[np.ndarray, np.ndarray]:
        """(N,) int64 ids of the keyframes that the set labels, rising; (N,) uint8 the place of each one's label."""
        return self._reader.once(("labels", label_set.id, self._model_id), lambda: self._columns(label_set))

    def _columns(self, label_set: LabelSet) -> tuple[np.ndarray, np.ndarray]:
        labellings = self.labellings(label_set)
        if not labellings:
            return np.empty(0, np.int64), np.empty(0, np.uint8)
        counts = np.array([len(each.codes) for each in labellings], np.int64)
        firsts = np.array([each.first_keyframe_id for each in labellings], np.int64)
        begins = np.cumsum(counts) - counts
        ids = np.repeat(firsts - begins, counts) + np.arange(counts.sum())
        return ids, np.concatenate([each.codes for each in labellings])

    def ranges(self, label_set: LabelSet, label: str) -> np.ndarray:
        """(M, 2) int64, sorted and apart: ids [first, last + 1) of the keyframes that carry the label."""
        code = label_set.labels.index(label)
        found = []
        for labelling in self.labellings(label_set):
            steps = np.diff(np.concatenate([[0], labelling.codes == code, [0]]).astype(np.int8))
            runs = np.stack([np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)], axis=1)
            found.append(runs + labelling.first_keyframe_id)
        return np.concatenate(found).astype(np.int64) if found else np.empty((0, 2), np.int64)

    def counts(self, label_set: LabelSet) -> dict[str, int]:
        """Keyframes that carry each label."""
        total = np.zeros(len(label_set.labels), np.int64)
        for labelling in self.labellings(label_set):
            total += np.bincount(labelling.codes, minlength=len(total))
        return dict(zip(label_set.labels, total.tolist(), strict=True))
