"""Compares every vector, row and file with each other, reports what is wrong as problems, and repairs most of them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from framescout import vectors
from framescout.address import Address
from framescout.cached import Cache
from framescout.catalog import Catalog, Snapshot, Space
from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.salvage import Salvage
from framescout.embedding.checksums import is_unchanged, tower_folders
from framescout.errors import DamagedCatalogError, FramescoutError
from framescout.progress import SilentProgress
from framescout.roots import no_place, root_of
from framescout.settings import Settings
from indexer.hashing import content_hash
from indexer.publish import publish

_AGAIN = "framescout verify --repair drops it, the next framescout index reads it again"
_ALWAYS_MENDED, _MOST_ALTERED = 10, 0.01  # rows, share of all rows, that a repair drops without being forced
_UNIT = 0.01  # how far a float16 row's length may lie from 1


class Problem(msgspec.Struct, frozen=True):
    """One fault that `verify` found."""

    kind: Literal["database", "video", "row", "search", "mark", "file", "root", "vectors", "cache"]
    sentence: str
    video_id: int | None = None
    path: str | None = None
    model_id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """For `verify --json`."""
        return {"kind": self.kind, "problem": self.sentence, "video_id": self.video_id, "path": self.path}


Told = Callable[[str, int, int | None], None]
"""Is told a step's name, how much of it is done, and of how much; None where nobody knows."""


def check(catalog: Catalog, told: Told = lambda step, done, of: None) -> list[Problem]:
    """All that is wrong, worst first."""
    told("checking the database", 0, None)
    broken = [Problem("database", f"the database is damaged: {line}") for line in catalog.check()]
    if broken:
        return broken
    with catalog.snapshot() as snapshot:
        told("checking what is known of videos and files", 0, None)
        problems = [*_rows(snapshot)]
        spaces = [snapshot.space(model) for model in snapshot.models()]
        problems += [problem for space in spaces for problem in _videos(space, told)]
        problems += _files(snapshot, told)
        if not any(problem.kind in ("video", "row") for problem in problems):  # else there is nothing to compare with
            for space in spaces:
                told(f"checking the vector index of {space.model.name}", 0, None)
                found = vectors.store_in(catalog.vectors_place).verify(space)
                problems += [Problem("vectors", sentence, model_id=space.model.id) for sentence in found]
    told("checking what is kept in the cache", 0, None)
    return [*problems, *_cache(catalog.cache_folder)]


def rescue(where: Path | Address, settings: Settings | None = None) -> tuple[Salvage | None, Catalog]:
    """A catalog to be repaired, opened; where its database is damaged, what could be saved of it took its place.

    Raises:
        CatalogNotFoundError: there is none.
        DamagedCatalogError: nothing can be saved of it.
    """
    try:
        catalog = Catalog.open(where, create=False, settings=settings)
        if not catalog.check():
            return None, catalog
    except DamagedCatalogError:
        pass
    salvage = Catalog.salvage(where)
    return salvage, Catalog.open(where, settings=settings)


def mend(
    catalog: Catalog, problems: list[Problem], *, force: bool = False, told: Told = lambda step, done, of: None
) -> list[Problem]:
    """Repair what can be: vectors are built anew, videos with damaged rows are dropped so that `index` reads them
    again, vanished files are noted as gone. Return what is still wrong.

    Raises:
        FramescoutError: more rows are altered than damage alters, and not `force`; nothing was changed.
    """
    if not force:
        with catalog.snapshot() as snapshot:
            _refuse_many(problems, videos=snapshot.totals().videos, files=len(snapshot.known_files()))
    with catalog.writer() as writer:
        for problem in problems:
            if problem.kind == "video" and problem.video_id is not None:
                writer.drop_video(problem.video_id)
            elif problem.kind == "row" and problem.path is not None:
                writer.forget_file(problem.path)
            elif problem.kind == "file" and problem.path is not None and not Path(problem.path).exists():
                writer.mark_gone([problem.path])
        if any(problem.kind in ("video", "row") for problem in problems):  # vectors could not be compared with rows
            problems = [problem for problem in check(catalog, told) if problem.kind in ("vectors", "cache")]
        with catalog.snapshot() as snapshot:
            models = {model.id: model for model in snapshot.models()}
            current = {model_id: snapshot.space(model).generation() for model_id, model in models.items()}
        for problem in problems:
            if problem.kind == "cache" and problem.path is not None:
                _drop(Path(problem.path))
        for model_id in {problem.model_id for problem in problems if problem.model_id is not None}:
            generation = current[model_id]
            if generation:  # one that is missing is built anew
                vectors.store_in(catalog.vectors_place).drop(generation)
            publish(catalog, writer, models[model_id], SilentProgress())
    return check(catalog, told)


def _refuse_many(problems: list[Problem], *, videos: int, files: int) -> None:
    counts = (
        (len({problem.video_id for problem in problems if problem.kind == "video"}), videos, "videos"),
        (len({problem.path for problem in problems if problem.kind == "row"}), files, "files"),
    )
    for altered, every, name in counts:
        if altered > max(_ALWAYS_MENDED, _MOST_ALTERED * every):
            raise FramescoutError(
                f"verify --repair would drop {altered} of {every} {name}, more than damage alters; look at what "
                "framescout verify names, keep a copy of the catalog, then repair it with --force"
            )


def _rows(snapshot: Snapshot) -> Iterator[Problem]:
    for video_id in snapshot.checks.altered_videos():
        yield Problem("video", f"video {video_id}: its facts are not as they were written; {_AGAIN}", video_id)
    for path in snapshot.checks.altered_files():
        sentence = "what is known of it is not as it was written; framescout verify --repair forgets it"
        yield Problem("row", f"{path}: {sentence}, the next framescout index looks at it again", path=path)
    for name in snapshot.checks.altered_searches():
        yield Problem("search", f"the saved search {name} is not as it was saved; save it again, or remove it")
    for event, _, start in snapshot.checks.altered_marks():
        said = f"what was said of the alert at {start:.1f} s of the event {event} is not as it was said"
        yield Problem("mark", f"{said}; mark it again on the events page")


def _videos(space: Space, told: Told) -> Iterator[Problem]:
    videos = space.video_ranges()[:, 0].tolist()
    for done, video_id in enumerate(videos):
        told(f"checking the videos of {space.model.name}", done, len(videos))
        try:
            block = next(space.blocks(video_ids=[video_id]))
            fault = _fault(space, block)
        except DamagedCatalogError:
            fault = "it has not as many keyframes or embeddings as it should have"
        if fault:
            yield Problem("video", f"video {video_id}: {fault}; {_AGAIN}", video_id)


def _fault(space: Space, block: EmbeddingBlock) -> str | None:
    lengths = np.linalg.norm(block.embeddings.astype(np.float32), axis=1)
    if not np.all(np.abs(lengths - 1.0) < _UNIT):  # false for NaN too
        return "some of its embeddings are not of unit length"
    times = space.keyframe_times(block.video_id)
    assert times is not None
    if np.any(np.diff(times.times) <= 0) or np.any(times.starts[1:] != times.ends[:-1]):
        return "its keyframes don't follow each other"
    if space.snapshot.checks.is_altered(block.video_id, space.model.id):
        return "its embeddings or keyframes are not as they were written"
    return None


def _cache(cache: Path) -> Iterator[Problem]:
    """Derived files that fail their checksum; they count as missing already, and may be dropped."""
    for folder in tower_folders(cache):
        if not is_unchanged(folder):
            yield Problem("cache", f"{folder}: the exported model is not as it was written", path=str(folder))
    for path in Cache(cache).damaged():
        yield Problem("cache", f"{path}: it is not as it was written", path=str(path))


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _files(snapshot: Snapshot, told: Told) -> Iterator[Problem]:
    files = sorted(snapshot.known_files().items())
    hashes = snapshot.content_hashes({known.video_id for _, known in files})
    elsewhere = Counter(name for path, known in files if not known.is_gone and (name := root_of(path)))
    for name, count in elsewhere.items():
        yield Problem("root", f"{count} files below {name}: were not looked at; {no_place(f'{name}:')}")
    for done, (path, known) in enumerate(files):
        told("reading the files", done, len(files))
        if known.is_gone or root_of(path):
            continue
        fault = _file_fault(path, known.size_bytes, known.mtime_ns, hashes[known.video_id])
        if fault:
            yield Problem("file", f"{path}: {fault}", known.video_id, path)


def _file_fault(path: str, size_bytes: int, mtime_ns: int, identity: str) -> str | None:
    try:
        facts = Path(path).stat()
        if (facts.st_size, facts.st_mtime_ns) != (size_bytes, mtime_ns):
            return "it has changed since it was indexed; framescout index reads it again"
        if content_hash(path) != identity.partition("+")[0]:
            return "its content is not what was indexed, though size and time are; the disk may be failing"
    except FileNotFoundError:
        return "it is gone; framescout index notes that, framescout prune drops it"
    except OSError as error:
        return f"it can't be read ({error.strerror})"
    return None
