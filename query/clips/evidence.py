"""Says of files what they were when they were exported (SHA-256), and checks it later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framescout.errors import NotAvailableError, UsageError


def sha256(path: Path | str) -> str:
    """Of a file's bytes, in hexadecimal; an OSError where it can't be read."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(manifest: Path) -> Iterator[tuple[str, str]]:
    """Each file that the manifest of an export names, and 'unchanged', 'changed' or 'gone'; sources once each.

    Raises:
        NotAvailableError: the manifest can't be read.
        UsageError: it is none, or one from before files had a checksum.
    """
    known: dict[Path, str] = {}
    for clip in _clips(manifest):
        try:
            known[manifest.parent / Path(clip["file"]).name] = clip["sha256"]
            known[Path(clip["source"]["path"])] = clip["source"]["sha256"]
        except (KeyError, TypeError) as error:
            raise UsageError(f"{manifest} names no checksums; only exports of framescout 0.1 and later do") from error
    for path, digest in known.items():
        try:
            yield str(path), "unchanged" if sha256(path) == digest else "changed"
        except OSError:
            yield str(path), "gone"


def _clips(manifest: Path) -> list[Any]:
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotAvailableError(f"{manifest} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{manifest} is no JSON: {error}") from error
    clips = document.get("clips") if isinstance(document, dict) else None
    if not isinstance(clips, list):
        raise UsageError(f"{manifest} is no manifest of an export; give the manifest.json of one")
    return clips
