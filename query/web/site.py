"""What the routes share: the catalog, the engine kept between questions, pictures and exports."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any

import msgspec
from anyio import CapacityLimiter
from fastapi import Depends, Request
from msgspec.structs import replace

from framescout.cached import Cache
from framescout.catalog import Catalog
from framescout.catalog.records import Video
from framescout.errors import MediaError, NotAvailableError
from framescout.media.footage import Footage
from framescout.roots import no_place
from framescout.summary import gather, motion_curve
from query.answer import Answer, Moment
from query.confidence import probability
from query.curves import curves
from query.engine import Engine
from query.filters import wanted_ranges
from query.request import Query
from query.web.batching import QuestionBatcher
from query.web.documents import MotionCurve
from query.web.exports import Exports
from query.web.question_parameters import QuestionParameters
from query.web.thumbnails import Thumbnails
from query.web.work import Work

_PICTURE_THREADS = 8
CARD_WIDTHS = 480, 960  # pixels of the pictures that cards ask for
_MOST_TIMES_HIGHER = 4  # than wide


class Site(msgspec.Struct, frozen=True):
    """One catalog, served."""

    engine: Engine
    questions: QuestionBatcher
    thumbnails: Thumbnails
    exports: Exports
    work: Work
    picture_threads: CapacityLimiter
    """Who waits for pictures waits here, and takes no thread from those who ask."""

    @classmethod
    def of(cls, catalog: Catalog, exports: Path, *, model: str | None, zone: tzinfo | None, work: Work) -> Site:
        """`exports`: the folder below which clips are written."""
        thumbnails = Thumbnails(Cache(catalog.cache_folder))
        engine = Engine(catalog, model=model, zone=zone)
        shelf = Exports(exports, catalog.folder)
        return cls(engine, QuestionBatcher(engine), thumbnails, shelf, work, CapacityLimiter(_PICTURE_THREADS))

    @property
    def asked_pictures(self) -> Path:
        """Where pictures lie that were asked with."""
        return self.engine.catalog.cache_folder / "asked"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is indexed yet."""
        with self.engine.catalog.snapshot() as snapshot:
            return snapshot.active_model() is None

    def ask(self, asked: QuestionParameters, since: int = 0) -> Future[Answer]:
        """Its result is that of `Engine.answer`; `since`: of footage whose keyframe ids begin there."""
        query = asked.query(self.asked_pictures)
        if not since:
            return self.questions.ask(query)
        with self.engine.space() as space:
            return self.questions.ask(query, space.ranges_since(since))

    def video(self, video_id: int, file: str = "") -> Video:
        """The video with its files in the order in which they are to be shown.

        Files that are there come before others, the one with the key `file` before its like.

        Raises:
            NotAvailableError: the catalog has none of this id.
        """
        with self.engine.catalog.snapshot() as snapshot:
            videos = snapshot.videos([video_id])
        if not videos:
            raise NotAvailableError(f"there is no video {video_id} in the catalog")
        files = sorted(videos[0].files, key=lambda each: (not Path(each.path).is_file(), file_key(each.path) != file))
        return replace(videos[0], files=tuple(files))

    def file(self, video_id: int, file: str = "") -> Video:
        """As `video`. Raises NotAvailableError where not one of its files is there."""
        video = self.video(video_id, file)
        if not Path(video.path).is_file():
            way_out = no_place(video.path) or "framescout index looks where it went"
            raise NotAvailableError(f"the file of this video is gone; {way_out}")
        return video

    def footage(self, video: Video) -> Footage | None:
        """What its file is; None where that can't be found out."""
        try:
            return self.thumbnails.facts(video.path, video.content_hash)
        except MediaError:
            return None

    def pictures(self, video_id: int, times: Sequence[float], width: int) -> bytes:
        """As `Thumbnails.strip`, each picture at most `width` pixels wide; behind the end stands the last one."""
        video = self.file(video_id)
        within = [_within(time, video) for time in times]
        return self.thumbnails.strip(video.path, video.content_hash, within, _box(width))

    def tints(self, moments: Sequence[Moment]) -> list[str | None]:
        """As `Thumbnails.tint`, of the peak of each moment."""
        with self.engine.catalog.snapshot() as snapshot:
            videos = {video.id: video for video in snapshot.videos({moment.video_id for moment in moments})}
        return [self._tint(videos.get(moment.video_id), moment.peak) for moment in moments]

    def _tint(self, video: Video | None, at: float) -> str | None:
        if video is None:
            return None
        made = (self.thumbnails.tint(video.content_hash, _within(at, video), _box(width)) for width in CARD_WIDTHS)
        return next(filter(None, made), None)

    def frames(self, video_id: int, around: float, width: int | None) -> list[float]:
        """As `Thumbnails.frames`."""
        video = self.file(video_id)
        box = _box(width) if width else None
        return self.thumbnails.frames(video.path, video.content_hash, min(around, video.duration), box)

    def keyframes(self, video_id: int) -> list[dict[str, Any]]:
        """When each keyframe is shown, and the stretch it stands for; in seconds."""
        with self.engine.space() as space:
            times = space.keyframe_times(video_id)
        if times is None:
            raise NotAvailableError(f"there is no video {video_id} in the catalog")
        columns = (times.times.tolist(), times.starts.tolist(), times.ends.tolist())
        return [
            {"keyframe_id": times.first_keyframe_id + number, "time": time, "start": start, "end": end}
            for number, (time, start, end) in enumerate(zip(*columns, strict=True))
        ]

    def curve(self, video_id: int, query: Query) -> list[dict[str, float]]:
        """How sure each keyframe of the video is for the question."""
        with self.engine.space() as space:
            times = space.keyframe_times(video_id)
            if times is None:
                raise NotAvailableError(f"there is no video {video_id} in the catalog")
            parts = self.engine.read(space, query)
            ranges = wanted_ranges(space, query, self.engine.zone)
            (scored,) = curves(space.blocks(video_ids=[video_id]), parts, ranges)
        columns = (times.starts.tolist(), times.ends.tolist(), scored.evidence.tolist())
        return [
            {"start": start, "end": end, "confidence": round(probability(odds), 4)}
            for start, end, odds in zip(*columns, strict=True)
        ]

    def motion(self, video_id: int) -> MotionCurve:
        """Its motion curve, as `show VIDEO --json` has it."""
        video = self.video(video_id)
        with self.engine.catalog.snapshot() as snapshot:
            return MotionCurve(**motion_curve(snapshot, video.id, video.camera))

    def state(self) -> dict[str, Any]:
        """As `status --json`, and `run`: what an index run that is going on has done so far, else None."""
        state = gather(self.engine.catalog)
        return state | {"run": self._run(state["writer"]) if state["writer"] else None}

    def _run(self, writer: dict[str, Any]) -> dict[str, Any]:
        try:
            began = datetime.fromisoformat(writer["since"])
        except ValueError:  # it has only just begun
            began = datetime.now(UTC)
        with self.engine.catalog.snapshot() as snapshot:
            done = snapshot.indexed_since(began)
            newest = {video.id: video for video in snapshot.videos(done.newest)}
        seconds = (datetime.now(UTC) - began).total_seconds()
        share = round(writer["bytes_done"] / writer["bytes"], 4) if writer["bytes"] else None
        return {
            "videos": done.videos,
            "hours": round(done.duration / 3600, 3),
            "times_real_time": round(done.duration / seconds, 1) if seconds > 1 else None,
            "share": share,
            "seconds_left": round(seconds * (1 / share - 1)) if share and seconds > 5 else None,
            "newest": [
                {"video_id": number, "video": newest[number].path, "duration": newest[number].duration}
                for number in done.newest
                if number in newest
            ],
        }


def _within(time: float, video: Video) -> float:
    """Behind the end stands the last picture."""
    return min(time, max(0.0, video.duration - 0.01))


def _box(width: int) -> tuple[int, int]:
    return width, _MOST_TIMES_HIGHER * width


def file_key(path: str) -> str:
    """What requests call a file of the catalog, since none names a path: 16 hexadecimal digits."""
    return blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


async def site_of(request: Request) -> Site:
    """What the routes share."""
    site: Site = request.app.state.site
    return site


Shared = Annotated[Site, Depends(site_of)]
Question = Annotated[QuestionParameters, Depends()]
