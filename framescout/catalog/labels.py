"""Zero-shot labels in the catalog: for each label set, model and video, one label a keyframe."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from framescout.catalog.records import Labelling, LabelSet
from framescout.catalog.tables import IndexingRow, LabellingRow, LabelSetRow


class StoredLabels:
    """The labels of one model's keyframes in one state of the catalog; made by `Snapshot.labels`."""

    def __init__(self, connection: Connection, model_id: int) -> None:
        self._connection = connection
        self._model_id = model_id

    def sets(self) -> dict[str, LabelSet]:
        """By name."""
        rows = self._connection.execute(
            select(LabelSetRow.id, LabelSetRow.name, LabelSetRow.fingerprint, LabelSetRow.labels)
            .where(LabelSetRow.model_id == self._model_id)
            .order_by(LabelSetRow.name)
        )
        return {name: LabelSet(number, name, identity, tuple(labels)) for number, name, identity, labels in rows}

    def labellings(self, label_set: LabelSet) -> list[Labelling]:
        """Of the videos as they are indexed now, in order of keyframe id."""
        rows = self._connection.execute(
            select(LabellingRow.video_id, LabellingRow.first_keyframe_id, LabellingRow.codes)
            .join_from(LabellingRow, IndexingRow, IndexingRow.video_id == LabellingRow.video_id)
            .where(
                LabellingRow.label_set_id == label_set.id,
                IndexingRow.model_id == self._model_id,
                IndexingRow.first_keyframe_id == LabellingRow.first_keyframe_id,
            )
            .order_by(LabellingRow.first_keyframe_id)
        )
        return [Labelling(video_id, first, np.frombuffer(codes, np.uint8)) for video_id, first, codes in rows]

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


def put_labels(
    connection: Connection, model_id: int, name: str, fingerprint: str, labels: tuple[str, ...],
    labellings: Iterable[Labelling],
) -> None:  # fmt: skip
    """Add labellings to the set of this name; a set of other prompts or labels is replaced whole."""
    same = (LabelSetRow.model_id == model_id) & (LabelSetRow.name == name)
    connection.execute(delete(LabelSetRow).where(same, LabelSetRow.fingerprint != fingerprint))
    set_id = connection.execute(select(LabelSetRow.id).where(same)).scalar()
    if set_id is None:
        values = {"model_id": model_id, "name": name, "fingerprint": fingerprint, "labels": list(labels)}
        set_id = connection.execute(insert(LabelSetRow).values(**values).returning(LabelSetRow.id)).scalar_one()
    for labelling in labellings:
        own = (LabellingRow.label_set_id == set_id) & (LabellingRow.video_id == labelling.video_id)
        connection.execute(delete(LabellingRow).where(own))
        connection.execute(
            insert(LabellingRow).values(
                label_set_id=set_id,
                video_id=labelling.video_id,
                first_keyframe_id=labelling.first_keyframe_id,
                codes=labelling.codes.tobytes(),
            )
        )
