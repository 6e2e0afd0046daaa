"""The marker that an export leaves beside its files, so that an index run passes them over: they are no footage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from framescout.durable import write_durably

MARKER = ".framescout-exported"
"""The marker's own name. It holds the names of the exported files beside it, one a line."""


def exported_in(folder: str | Path) -> set[str]:
    """The names of files in this folder that an export wrote; empty where it wrote none."""
    try:
        text = (Path(folder) / MARKER).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return set()
    return {name for name in text.split("\n") if name}


def note_exported(folder: Path, names: Iterable[str]) -> None:
    """Add names to the marker, before the files are there; on the disk when it returns.

    Raises:
        OSError: it can't be written.
    """
    every = sorted(exported_in(folder) | set(names))
    write_durably(folder / MARKER, "".join(f"{name}\n" for name in every).encode("utf-8", "surrogateescape"))
