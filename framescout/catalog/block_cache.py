"""Keeps embeddings and keyframe times that were read lately in memory, within a bound; and what is known of motion.

An entry is keyed by a keyframe id, and ids are never used twice, so an entry stays true in every state of the catalog.
A caller must know beforehand that the id exists in the state that it reads.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable

from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.keyframe_motion import VideoMotion
from framescout.catalog.records import KeyframeTimes

MOST_BYTES = 512 * 2**20
_BYTES_A_VALUE = 2 + 4  # float16 as stored, and float32 as computed with


class BlockCache:
    """The entries read last, up to `most_bytes`; threads may share it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_values = most_bytes // _BYTES_A_VALUE
        """Numbers in all vectors together."""
        self._values = 0
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[int, int], EmbeddingBlock] = OrderedDict()
        self._times: dict[tuple[int, int], KeyframeTimes] = {}  # of blocks that are kept: a hundredth of their size
        self.motions: dict[int, dict[int, VideoMotion]] = {}
        """By model and first keyframe, of the videos that the state read last has: a few bytes a keyframe."""

    def get_all(self, model_id: int, first_keyframe_ids: Iterable[int]) -> dict[int, EmbeddingBlock | None]:
        """The blocks that begin with these keyframes, in their order; None where one has to be read."""
        blocks = {}
        with self._lock:
            for first in first_keyframe_ids:
                block = blocks[first] = self._blocks.get((model_id, first))
                if block is not None:
                    self._blocks.move_to_end((model_id, first))
        return blocks

    def keep(self, model_id: int, block: EmbeddingBlock) -> None:
        """Keep it, and let go of what was not asked for the longest."""
        with self._lock:
            if (model_id, block.first_keyframe_id) in self._blocks:
                return
            self._blocks[model_id, block.first_keyframe_id] = block
            self._values += math.prod(block.shape)
            while self._values > self.most_values:
                key, dropped = self._blocks.popitem(last=False)
                self._times.pop(key, None)
                self._values -= math.prod(dropped.shape)

    def times(self, model_id: int, first_keyframe_id: int) -> KeyframeTimes | None:
        """The times of the block that begins with this keyframe; None where they have to be read."""
        return self._times.get((model_id, first_keyframe_id))

    def keep_times(self, model_id: int, times: KeyframeTimes) -> None:
        """Keep them as long as their block."""
        key = model_id, times.first_keyframe_id
        with self._lock:
            if key in self._blocks:
                self._times[key] = times

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._blocks.clear()
            self._times.clear()
            self.motions.clear()
            self._values = 0
