"""Exported towers are sealed when they are written; a folder that is not as it was sealed is exported anew."""

from __future__ import annotations

import json
import re
from pathlib import Path

from framescout.cached import Seal

_SEALS = "seals.json"


def seal(folder: Path) -> None:
    """Note every file of a folder of towers."""
    seals = {path.name: str(Seal.of(path)) for path in sorted(folder.iterdir())}
    (folder / _SEALS).write_text(json.dumps(seals, indent=2), encoding="utf-8")


def is_sealed(folder: Path) -> bool:
    """Whether the files are there as they were sealed, as far as sizes and times tell."""
    seals = _seals(folder)
    return bool(seals) and all(seal is not None and seal.fits(folder / name) for name, seal in seals.items())


def is_whole(folder: Path) -> bool:
    """Whether every byte of them is. About 1 s a GB."""
    seals = _seals(folder)
    try:
        return bool(seals) and all(
            seal is not None and Seal.of(folder / name).checksum == seal.checksum for name, seal in seals.items()
        )
    except OSError:
        return False


def folders(cache: Path) -> list[Path]:
    """Every folder of towers in a catalog's cache."""
    return [path for path in sorted(cache.iterdir()) if re.fullmatch("towers-[0-9a-f]{16}", path.name)]


def _seals(folder: Path) -> dict[str, Seal | None]:
    try:
        given = json.loads((folder / _SEALS).read_text(encoding="utf-8"))
        return {Path(name).name: Seal.parse(text) for name, text in given.items()}
    except (OSError, ValueError, AttributeError):
        return {}
