"""When and by which camera every file was recorded, as columns; kept as a derived file, since deriving takes longest.

The derived file is named after the rules and the code that made it, and after the state of the catalog's files, to
which `Writer` gives a random number. One of an older state is brought up to date: only what is new is derived.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from msgspec.structs import astuple

from framescout import recording
from framescout.cached import Cache, Entry
from framescout.catalog.reader import ANY_OF, Reader, any_of, integers
from framescout.catalog.schema import NEWEST
from framescout.catalog.stored import tags_of
from framescout.recording import Rules
from framescout.roots import Roots

STATE = "files_state"
"""Key in the table `state` of the number that changes whenever files or videos do."""
UNKNOWN = np.iinfo(np.int64).min
"""Where it isn't known when a file was recorded."""
_TYPES = ("i8", "i8", "f8", "i8", "i8", "i4")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FILES = """
    SELECT file.id, video_id, duration, file.seal, video.seal FROM file JOIN video ON video.id = video_id
    WHERE gone_at IS NULL
       OR NOT EXISTS (SELECT 1 FROM file AS other WHERE other.video_id = file.video_id AND other.gone_at IS NULL)
    ORDER BY video_id, gone_at, file.id
"""
_EVIDENCE = f"""
    SELECT file.id, path, tags, created_at, duration FROM file JOIN video ON video.id = video_id
    WHERE file.id {ANY_OF}
"""


class FileColumns(msgspec.Struct, frozen=True):
    """Columns of N files, those of a video together: its present files, where there are none those that are gone."""

    ids: np.ndarray
    """(N,) int64: of the files' rows."""
    video_ids: np.ndarray
    """(N,) int64, rising."""
    durations: np.ndarray
    """(N,) float64: of the video, in seconds."""
    seals: np.ndarray
    """(N,) int64: of the seals of both rows, so that a change in what is derived from shows."""
    recorded_at: np.ndarray
    """(N,) int64: microseconds since 1970, in UTC; UNKNOWN where it isn't known."""
    camera_codes: np.ndarray
    """(N,) int32: the camera's place in `cameras`; -1 for none."""
    cameras: tuple[str, ...]
    """Names, sorted."""

    def first_cameras(self) -> dict[int, str]:
        """Video id -> the camera of the video's first file, where it has one."""
        video_ids, firsts = np.unique(self.video_ids, return_index=True)
        codes = self.camera_codes[firsts]
        known = zip(video_ids[codes >= 0].tolist(), codes[codes >= 0].tolist(), strict=True)
        return {video_id: self.cameras[code] for video_id, code in known}

    def recorded(self, number: int) -> tuple[datetime, float]:
        """When the file in this place was recorded, which must be known: aware, in UTC; and its duration in seconds."""
        at: datetime = _EPOCH + timedelta(microseconds=self.recorded_at.item(number))
        return at, self.durations.item(number)

    def of_video(self, video_id: int) -> list[tuple[datetime | None, str | None]]:
        """Of each of the video's files: when it was recorded, and by which camera."""
        first, end = np.searchsorted(self.video_ids, (video_id, video_id + 1)).tolist()
        codes = self.camera_codes[first:end].tolist()
        return [
            (
                None if self.recorded_at[number] == UNKNOWN else self.recorded(number)[0],
                self.cameras[code] if code >= 0 else None,
            )
            for number, code in zip(range(first, end), codes, strict=True)
        ]

    @classmethod
    def read(cls, reader: Reader, rules: Rules, cache: Cache) -> Self:
        """Those of the state that `reader` is in, by these rules."""
        if columns := cls.kept(reader, rules, cache):
            return columns
        state, by = _state(reader), _made_by(rules, reader.roots)
        columns = cls._derived(reader, rules, cls._older(cache, by))
        if state[0] is not None:  # else an older framescout wrote last, and nothing would tell a change
            with contextlib.suppress(OSError):
                cache.drop(Entry.FILES)
                cache.write(Entry.FILES, _key(by, state), columns._packed())
        return columns

    @classmethod
    def kept(cls, reader: Reader, rules: Rules, cache: Cache) -> Self | None:
        """As `read`; None where they aren't kept."""
        content = cache.read(Entry.FILES, _key(_made_by(rules, reader.roots), _state(reader)))
        return None if content is None else cls._unpacked(content)

    @classmethod
    def _older(cls, cache: Cache, by: str) -> Self | None:
        """Those of another state, made by the same code and rules."""
        for path in cache.paths(Entry.FILES):
            key = path.name.removeprefix(Entry.FILES.format(""))
            if key.startswith(by) and (content := cache.read(Entry.FILES, key)) is not None:
                return cls._unpacked(content)
        return None

    @classmethod
    def _derived(cls, reader: Reader, rules: Rules, known: Self | None) -> Self:
        """As `read`; what `known` says of a file counts where the seals of its row and its video's are the same."""
        rows = reader.rows(_FILES).fetchall()
        ids, video_ids = integers((row[:2] for row in rows), 2).T
        durations = np.array([row[2] for row in rows], np.float64)
        seals = np.array([_number(row[3]) ^ _number(row[4]) for row in rows], np.int64)
        recorded_at, codes = np.full(len(ids), UNKNOWN), np.full(len(ids), -1, np.int32)
        names: dict[str, int] = {}
        is_known = np.zeros(len(ids), bool)
        if known is not None and len(known.ids):
            order = np.argsort(known.ids)
            places = order[np.minimum(np.searchsorted(known.ids, ids, sorter=order), len(order) - 1)]
            is_known = (known.ids[places] == ids) & (known.video_ids[places] == video_ids)
            is_known &= known.seals[places] == seals
            recorded_at[is_known] = known.recorded_at[places[is_known]]
            codes[is_known] = known.camera_codes[places[is_known]]
            names = {name: code for code, name in enumerate(known.cameras)}
        missing = {int(ids[place]): place for place in np.flatnonzero(~is_known).tolist()}
        for number, path, tags, created_at, duration in reader.rows(_EVIDENCE, any_of(missing)):
            here = reader.path(path)
            own = rules.recording(here, tags_of(tags, created_at, here), duration)
            if own.recorded_at is not None:
                recorded_at[missing[number]] = (own.recorded_at - _EPOCH) // _MICROSECOND
            if own.camera is not None:
                codes[missing[number]] = names.setdefault(own.camera, len(names))
        return cls(ids, video_ids, durations, seals, recorded_at, *_sorted(codes, [*names]))

    def _packed(self) -> bytes:
        """A line of JSON, then the columns one behind the other."""
        *columns, cameras = astuple(self)
        head = json.dumps({"files": len(self.ids), "cameras": cameras}).encode()
        return b"\n".join([head, b"".join(column.tobytes() for column in columns)])

    @classmethod
    def _unpacked(cls, content: bytes) -> Self:
        head, _, data = content.partition(b"\n")
        facts: dict[str, Any] = json.loads(head)
        columns: list[Any] = []
        begin = 0
        for kind in _TYPES:
            columns.append(np.frombuffer(data, kind, facts["files"], begin))
            begin += columns[-1].nbytes
        return cls(*(*columns, tuple(facts["cameras"])))


def state_key(reader: Reader) -> str | None:
    """Of the state that `reader` is in: another one whenever files or videos change; None where nothing tells that."""
    state = _state(reader)
    return None if state[0] is None else _digest(repr(state))


def _state(reader: Reader) -> list[int | None]:
    """What changes whenever files or videos do; the last two also where a framescout writes that knows no number."""
    query = "SELECT (SELECT value FROM state WHERE key = ?), (SELECT value FROM state WHERE key = ?), max(id) FROM file"
    return [*reader.rows(query, STATE, "next_keyframe_id").fetchone()]


def _number(seal: Any) -> int:
    """The end of a seal; where there is none, or only what damage left of it, a random number."""
    try:
        return int(seal[-15:], 16)
    except (TypeError, ValueError):
        return secrets.randbits(60)


def _sorted(codes: np.ndarray, names: list[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The same with the names sorted, and without those that no file has."""
    used = sorted(np.unique(codes[codes >= 0]).tolist(), key=lambda code: names[code])
    new = np.full(len(names) + 1, -1, np.int32)  # the last is that of -1
    new[used] = np.arange(len(used))
    return new[codes], tuple(names[code] for code in used)


def _key(by: str, state: list[int | None]) -> str:
    return f"{by}-{_digest(repr(state))}"


def _made_by(rules: Rules, roots: Roots) -> str:
    named = f"\n{roots!r}" if roots.places else ""
    return _digest(f"{NEWEST}\n{_code()}\n{rules!r}{named}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


@cache
def _code() -> str:
    """A checksum of the code that derives."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(recording.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
