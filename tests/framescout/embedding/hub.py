"""A hub's cache with models of random weights, laid out as huggingface_hub does."""

from __future__ import annotations

from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def put(cache: Path, repository: str, *files: Path) -> Path:
    """Put copies of `files` into the cache as the repository's main state; return their folder."""
    own = cache / f"models--{repository.replace('/', '--')}"
    snapshot = own / "snapshots" / COMMIT
    snapshot.mkdir(parents=True, exist_ok=True)
    (own / "refs").mkdir(exist_ok=True)
    (own / "refs" / "main").write_text(COMMIT)
    for file in files:
        (snapshot / file.name).write_bytes(file.read_bytes())
    return snapshot
