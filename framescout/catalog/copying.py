"""Copies a catalog from one store into another, bit for bit; a copy that was interrupted goes on where it was."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table

from framescout import export_log
from framescout.catalog.canonical import canonical
from framescout.catalog.reader import Reader
from framescout.catalog.schema import NEWEST, UNFINISHED
from framescout.catalog.session import Session
from framescout.catalog.store import Store
from framescout.catalog.stored import IDENTITY
from framescout.catalog.tables import METADATA
from framescout.catalog.writable import plain
from framescout.durable import replace
from framescout.errors import DamagedCatalogError, UnfinishedCopyError, UsageError
from framescout.settings import FILE

_AT_ONCE = 1000  # rows
_MATRICES_AT_ONCE = 16  # a day of video has 30 MB
_OWN = f"key NOT IN ('changes', 'writer', '{IDENTITY}') AND key NOT LIKE 'writer %'"
"""Rows of the table `state` that a copy has, too; the others are the store's own, and what tells catalogs apart."""


class Copied(msgspec.Struct, frozen=True):
    """What is in the copy."""

    rows: int
    checksum: str
    """Of all rows of all tables: the same in both catalogs."""


def copy(source: Store, target: Store, told: Callable[[str], None]) -> Copied:
    """Make the catalog in `target` that of `source`; nobody may write to either meanwhile.

    Part for part is compared, and written where it isn't the same, each in a transaction of its own. In the end every
    row is read again. Until then nobody can open the copy. `told`: is given the name of each table.

    Raises:
        CatalogLockedError: somebody writes to one of them.
        CatalogNotFoundError: there is no catalog in `source`.
        DamagedCatalogError: what was written is not what is read.
        UsageError: there is another catalog in `target`.
    """
    if str(source) == str(target):
        raise UsageError(f"{source} can't be copied into itself; name another place")
    source.prepare(create=False)
    is_new = _prepare(target)
    with target.sentences(), source.writer(), target.writer() as (engine, _), closing(source.session()) as reading:
        if is_new and not _is_empty(target):
            raise UsageError(f"there is a catalog in {target} already; name an empty place for the copy")
        _set_revision(engine, UNFINISHED)
        reading.begin()
        for table in METADATA.sorted_tables:
            told(table.name)
            _copy_table(table, source, reading, engine)
        target.say(source.said(Reader(reading)))
        _copy_files(source.folder, target.folder)
        told("checking")
        copied = _compared(source, reading, target)
        _set_revision(engine, NEWEST)
    return copied


def _prepare(target: Store) -> bool:
    """Whether no copy into it has begun yet."""
    try:
        target.prepare(create=True)
    except UnfinishedCopyError:
        return False
    return True


def _is_empty(target: Store) -> bool:
    with closing(target.session()) as session:
        session.begin()
        reader = Reader(session)
        counts = [
            reader.value(f"SELECT count(*) FROM {table.name} {_where(table, [])}") for table in METADATA.sorted_tables
        ]
        return not any(counts) and not target.said(reader)


def _set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        plain(connection).execute("UPDATE alembic_version SET version_num = ?", (revision,))


def _copy_table(table: Table, source: Store, reading: Session, engine: Engine) -> None:
    after: Sequence[Any] | None = None
    while True:
        with source.sentences():
            rows = _part(table, reading, after, None)
        is_last = len(rows) < _at_once(table)
        until = None if is_last else _key_of(table, rows[-1])
        with engine.begin() as connection:
            _replace(table, connection, after, until, rows)
        if is_last:
            return
        after = until


def _replace(
    table: Table, connection: Connection, after: Sequence[Any] | None, until: Sequence[Any] | None, rows: list[Any]
) -> None:
    """Let the rows with keys in (after, until] be these."""
    session = plain(connection)
    if _part(table, session, after, until, limit=len(rows) + 1) == rows:
        return
    where, values = _between(table, after, until)
    session.execute(f"DELETE FROM {table.name} {where}", values)
    session.put(table.name, _columns(table), rows)


def _part(
    table: Table, session: Session, after: Sequence[Any] | None, until: Sequence[Any] | None, limit: int | None = None
) -> list[Any]:
    """Rows with keys in (after, until], in order of their key; at most `limit` of them, else as many as go at once."""
    where, values = _between(table, after, until)
    query = f"SELECT {', '.join(_columns(table))} FROM {table.name} {where} ORDER BY {', '.join(_key(table))} LIMIT ?"
    return [tuple(row) for row in session.execute(query, (*values, limit or _at_once(table))).fetchall()]


def _between(table: Table, after: Sequence[Any] | None, until: Sequence[Any] | None) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for sign, key in ((">", after), ("<=", until)):
        if key is not None:
            conditions.append(f"({', '.join(_key(table))}) {sign} ({', '.join('?' * len(key))})")
            values += key
    return _where(table, conditions), values


def _where(table: Table, conditions: list[str]) -> str:
    every = [*conditions, _OWN] if table.name == "state" else conditions
    return f"WHERE {' AND '.join(every)}" if every else ""


def _columns(table: Table) -> list[str]:
    return [f'"{column.name}"' if column.name == "end" else column.name for column in table.columns]


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _key_of(table: Table, row: Sequence[Any]) -> list[Any]:
    names = [column.name for column in table.columns]
    return [row[names.index(name)] for name in _key(table)]


def _at_once(table: Table) -> int:
    return _MATRICES_AT_ONCE if table.name == "indexing" else _AT_ONCE


def _copy_files(source: Path, target: Path) -> None:
    """What lies beside the truth and isn't there yet: index files, which are checked before use, settings, the log."""
    (target / "vectors").mkdir(parents=True, exist_ok=True)
    for path in (*(source / "vectors").glob("*"), source / FILE, source / export_log.NAME):
        copied = target / path.relative_to(source)
        if path.is_file() and (not copied.exists() or _has_grown(path, copied)):
            unfinished = copied.with_name(f"{copied.name}.part")
            shutil.copyfile(path, unfinished)
            replace(unfinished, copied)


def _has_grown(path: Path, copied: Path) -> bool:
    """Whether the log of exports got more lines since an interrupted copy; the other files never change."""
    if path.name != export_log.NAME:
        return False
    lines, known = path.read_bytes(), copied.read_bytes()
    return lines != known and lines.startswith(known)


def _compared(source: Store, reading: Session, target: Store) -> Copied:
    """Every row of both, read again."""
    digest, total = hashlib.blake2b(digest_size=16), 0
    with closing(target.session()) as written:
        written.begin()
        for table in METADATA.sorted_tables:
            with source.sentences():
                ours, count = _checksum(table, reading)
            if (ours, count) != _checksum(table, written):
                raise DamagedCatalogError(
                    f"the copy's table {table.name} is not what was copied; look at the disk of {target}, then run the "
                    "same command again"
                )
            digest.update(ours)
            total += count
    return Copied(total, digest.hexdigest())


def _checksum(table: Table, session: Session) -> tuple[bytes, int]:
    digest, count = hashlib.blake2b(digest_size=16), 0
    for row in _rows(table, session):
        digest.update(canonical(row))
        count += 1
    return digest.digest(), count


def _rows(table: Table, session: Session) -> Iterator[Any]:
    """All rows in order of their key."""
    order = ", ".join(_key(table))
    query = f"SELECT {', '.join(_columns(table))} FROM {table.name} {_where(table, [])} ORDER BY {order}"
    return session.stream(query)
