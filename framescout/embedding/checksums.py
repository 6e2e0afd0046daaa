"""Checksums of exported towers: written beside them; a folder whose files don't fit them is exported again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from framescout.file_checksums import FileChecksum, digest_of

_CHECKSUMS = "seals.json"  # as in catalogs that are in use


def write_checksums(folder: Path) -> None:
    """Note the checksum of every file of a folder of towers."""
    checksums = {path.name: str(FileChecksum.of(path)) for path in sorted(folder.iterdir())}
    (folder / _CHECKSUMS).write_text(json.dumps(checksums, indent=2), encoding="utf-8")


def looks_unchanged(folder: Path) -> bool:
    """Whether all files are there as they were written, as far as sizes and times tell."""
    checksums = _read(folder)
    return bool(checksums) and all(known is not None and known.fits(folder / name) for name, known in checksums.items())


def is_unchanged(folder: Path) -> bool:
    """Whether every byte of all files is as it was written. About 1 s a GB."""
    names = _read(folder)
    return bool(names) and are_unchanged(folder, names)


def are_unchanged(folder: Path, names: Iterable[str]) -> bool:
    """Whether every byte of these files of it is as it was written."""
    checksums = _read(folder)
    try:
        known = [(name, checksums[name]) for name in names]
        return all(each is not None and digest_of(folder / name).hex() == each.digest for name, each in known)
    except (OSError, KeyError):
        return False


def tower_folders(cache: Path) -> list[Path]:
    """Every folder of towers in a catalog's cache."""
    return [path for path in sorted(cache.iterdir()) if re.fullmatch("towers-[0-9a-f]{16}", path.name)]


def _read(folder: Path) -> dict[str, FileChecksum | None]:
    try:
        given = json.loads((folder / _CHECKSUMS).read_text(encoding="utf-8"))
        return {Path(name).name: FileChecksum.parse(text) for name, text in given.items()}
    except (OSError, ValueError, AttributeError):
        return {}
