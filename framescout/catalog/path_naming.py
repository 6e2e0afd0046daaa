"""Stores paths below a root by the root's name, of files that were indexed before the root had one."""

from __future__ import annotations

import os

from sqlalchemy import ColumnElement, Connection, delete, select, update

from framescout.catalog import sealing
from framescout.catalog.seals import version_of
from framescout.catalog.tables import FileRow, QuarantineRow, Row
from framescout.catalog.writable import plain
from framescout.roots import Roots


def name_paths(connection: Connection, roots: Roots) -> int:
    """Rename what is below a root of this machine; return how many files. A file that fails its seal stays as it is.

    Where the name is taken, by another machine that has indexed the same footage, the other row stays.
    """
    renamed = 0
    for place in roots.places.values():
        files = select(FileRow.id, FileRow.path, FileRow.seal).where(_is_below(place, FileRow)).order_by(FileRow.path)
        for file_id, path, seal in connection.execute(files).all():
            if not _is_sealed(connection, file_id, seal):
                continue
            if connection.execute(select(FileRow.id).where(FileRow.path == roots.stored(path))).first():
                connection.execute(delete(FileRow).where(FileRow.id == file_id))
            else:
                connection.execute(update(FileRow).where(FileRow.id == file_id).values(path=roots.stored(path)))
                sealing.seal_file(connection, file_id)
            renamed += 1
        quarantined = select(QuarantineRow.path).where(_is_below(place, QuarantineRow))
        for path in connection.execute(quarantined).scalars().all():
            own, name = QuarantineRow.path == path, roots.stored(path)
            connection.execute(delete(QuarantineRow).where(QuarantineRow.path == name))
            connection.execute(update(QuarantineRow).where(own).values(path=name))
    return renamed


def _is_below(place: str, row: Row) -> ColumnElement[bool]:
    """Whether a path is below the folder `place`, whose paths sort between `place/` and `place0`."""
    first = place.rstrip(os.sep) + os.sep
    return (row.path >= first) & (row.path < first[:-1] + chr(ord(os.sep) + 1))


def _is_sealed(connection: Connection, file_id: int, seal: str | None) -> bool:
    version = version_of(seal)
    try:
        return version is not None and sealing.of_file(plain(connection), version, file_id) == seal
    except (TypeError, ValueError, OverflowError):  # a value that its column can't hold
        return False
