"""Puts one video together from its events and embeddings, until the catalog can take it whole."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Probe, ReadEnd
from framescout.motion import Motion
from framescout.timeline import Span
from indexer.events import Job
from indexer.key_pictures import PicturedKeyframe
from indexer.keyframes import spans


class Assembler:
    """A video that is being decoded: what is known of it so far."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.probe: Probe | None = None
        self.end: ReadEnd | None = None
        self.motion: Motion | None = None
        self.bytes_read = 0.0
        """The share of the file that was read."""
        self._read_to = 0.0
        self._keyframes: list[Keyframe] = []
        self._rows: list[np.ndarray] = []

    @property
    def is_whole(self) -> bool:
        """Whether it was read to its end and every keyframe is embedded."""
        return self.end is not None and len(self._rows) == len(self._keyframes)

    def add(self, keyframe: PicturedKeyframe) -> None:
        """Take the next keyframe, in order of time; its picture is not kept."""
        time = keyframe.time
        unknown = Span(time, time)  # until the next keyframe says where its stretch ends
        self._keyframes.append(Keyframe(keyframe.pts, keyframe.time_base, time, unknown))

    def embed(self, row: np.ndarray) -> None:
        """Take the (D,) float16 embedding of the first keyframe that has none."""
        self._rows.append(row)

    def advance(self, read_to: float) -> tuple[float, float]:
        """It was read up to `read_to` seconds: return how many seconds, and bytes of the file, are new."""
        seconds = max(0.0, read_to - self._read_to)
        duration = self.probe.duration if self.probe else 0.0
        size_bytes = min(1.0, seconds / duration) * self.job.file.size_bytes if duration else 0.0
        self._read_to += seconds
        self.bytes_read += size_bytes
        return seconds, size_bytes

    def video(self) -> IndexedVideo:
        """The video as the catalog takes it; only of one that is whole."""
        assert self.probe
        assert self.end
        file = self.job.file
        stretches = spans([keyframe.time for keyframe in self._keyframes], self.end.read_to)
        return IndexedVideo(
            file=FileIdentity(file.path, file.size_bytes, file.mtime_ns, self.job.content_hash),
            probe=self.probe,
            end=self.end,
            keyframes=tuple(replace(k, span=span) for k, span in zip(self._keyframes, stretches, strict=True)),
            embeddings=np.stack(self._rows),
            density=self.job.density,
            motion=self.motion,
        )
