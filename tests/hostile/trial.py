"""An archive of hostile files goes through the real program; what became of each is read with plain SQL."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from framescout.catalog import Catalog
from framescout.summary import motion_curve

LONGEST_A_FILE = 8.0
"""Seconds that a run may take for each of its files, on the whole."""
MOST_MEMORY = 3072.0
"""MiB of the program and all its decoders together."""


@dataclass
class Ended:
    """A run over some files."""

    fates: dict[str, str] = field(default_factory=dict)
    """Path -> 'indexed', 'in part', or the reason of its quarantine; 'passed over' where the catalog has nothing."""
    seconds: float = 0.0
    peak: float = 0.0
    """MiB of the program and all its decoders together."""


def framescout(catalog: Path, *command: str | Path) -> list[str]:
    """A call of the program."""
    return [str(Path(sys.executable).with_name("framescout")), "--catalog", str(catalog), *map(str, command)]


def index(catalog: Path, files: list[Path]) -> Ended:
    """Index files that lie in one folder.

    Raises:
        AssertionError: the program crashed, hung, took too much memory, or changed a file.
    """
    before, ended = _digests(files), Ended()
    began = time.monotonic()
    limit = 60 + LONGEST_A_FILE * len(files)
    call = framescout(catalog, "index", files[0].parent, "--quiet", "--json")
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        watched = threading.Thread(target=_watch, args=(process, ended))
        watched.start()
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            raise AssertionError(f"not done after {limit:.0f} s") from None
        finally:
            watched.join()
    ended.seconds = time.monotonic() - began
    assert process.returncode == 0, err.decode(errors="replace")[-2000:]
    assert b"Traceback" not in err, err.decode(errors="replace")[-2000:]
    assert ended.peak < MOST_MEMORY, f"{ended.peak:.0f} MiB"
    assert _digests(files) == before, "footage was changed"
    json.loads(out)
    known = _fates(catalog / "catalog.sqlite")
    ended.fates = {str(path): known.get(str(path), "passed over") for path in files}
    return ended


def read_motion(catalog: Path, folder: Path) -> None:
    """Forget every curve, and let the program read those of the files in this folder by their packets alone.

    Raises:
        AssertionError: it crashed or hung, a curve is missing, or one is not what it says.
    """
    with contextlib.closing(sqlite3.connect(catalog / "catalog.sqlite")) as opened, opened:
        opened.execute("UPDATE video SET motion_levels = NULL, motion_source = NULL, motion_detail = NULL")
    limit = 60 + LONGEST_A_FILE * len(list(folder.iterdir()))
    call = framescout(catalog, "index", folder.parent, "--motion", "--quiet")
    done = subprocess.run(call, capture_output=True, check=False, timeout=limit)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")[-2000:]
    with Catalog.open(catalog, create=False).snapshot() as snapshot:
        assert snapshot.without_motion() == []
        for video in snapshot.videos():
            curve = motion_curve(snapshot, video.id, video.camera)
            json.dumps(curve, allow_nan=False)
            known = [level for level in curve["levels"] if level is not None]
            assert all(0 <= level <= 1 for level in known)
            assert known == [] or curve["source"] != "unknown"
            assert known != [] or curve["detail"] or len(curve["levels"]), f"{video.path}: nobody says why"


def verify(catalog: Path) -> None:
    """Raises AssertionError where a row or a vector is not as it should be."""
    done = subprocess.run(framescout(catalog, "verify"), capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def _watch(process: subprocess.Popen[bytes], ended: Ended) -> None:
    while process.poll() is None:
        total = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(process.pid)
            for each in [root, *root.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += each.memory_info().rss
        ended.peak = max(ended.peak, total / 2**20)
        time.sleep(0.1)


def _digests(files: list[Path]) -> dict[Path, tuple[bytes, int]]:
    return {path: (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) for path in files}


def _fates(database: Path) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(database)) as opened:
        quarantined = dict(opened.execute("SELECT CAST(path AS TEXT), reason FROM quarantine"))
        indexed = opened.execute("SELECT CAST(path AS TEXT), is_complete FROM file JOIN video ON video.id = video_id")
        return quarantined | {path: "indexed" if whole else "in part" for path, whole in indexed}
