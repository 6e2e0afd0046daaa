"""What pages ask of the catalog again and again: how a run of another process is getting on, which cameras it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from framescout.catalog.tables import VideoRow

_NEWEST = 6


@dataclass(frozen=True, slots=True)
class Recent:
    """What was indexed since some time."""

    videos: int
    duration: float
    """Seconds of footage."""
    newest: list[int]
    """Ids of the last few videos."""


def indexed_since(connection: Connection, since: datetime) -> Recent:
    """Videos that were indexed at `since` (aware) or later."""
    is_later = VideoRow.indexed_at >= since
    count, duration = connection.execute(
        select(func.count(VideoRow.id), func.coalesce(func.sum(VideoRow.duration), 0.0)).where(is_later)
    ).one()
    newest = connection.execute(select(VideoRow.id).where(is_later).order_by(VideoRow.indexed_at.desc()).limit(_NEWEST))
    return Recent(count, duration, [*newest.scalars()])


def cameras(connection: Connection) -> list[str]:
    """The names of all cameras, sorted."""
    names = select(VideoRow.camera).where(VideoRow.camera.is_not(None)).distinct().order_by(VideoRow.camera)
    return [name for name in connection.execute(names).scalars() if name]
