"""Whatever is derived may be deleted, cut, changed or swapped: answers stay, `verify` finds it, `--repair` mends it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import framescout
import indexer
import query
from framescout import settings, vectors
from framescout.cached import Cache
from framescout.catalog import Catalog
from indexer.verify import check, mend
from query.sample import Sample
from query.web.thumbnails import Thumbnails
from tests.footage import make
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, make_model


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


DERIVED: dict[str, str] = {
    "vector index": "vectors/*.faiss",
    "text tower": "cache/towers-*/text_tower.onnx",
    "its weights": "cache/towers-*/text_tower.bin",
    "tokenizer": "cache/towers-*/tokenizer.json",
    "facts of the towers": "cache/towers-*/towers.json",
    "checksums of the towers": "cache/towers-*/seals.json",
    "image tower": "cache/towers-*/image_tower.onnx",
    "strangers": "cache/strangers-*",
    "everyday sentences": "cache/everyday-*",
    "sample": "cache/sample-*",
    "times and cameras": "cache/files-*",
    "picture": "cache/pictures/*.jpg",
}
"""What it is -> where it lies in a catalog."""


def deleted(path: Path, _other: Path) -> None:
    path.unlink()


def truncated(path: Path, _other: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path, _other: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path, _other: Path) -> None:
    """Bits in its middle, which a JPEG or a matrix would be read with all the same."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)


def swapped(path: Path, other: Path) -> None:
    """With what another catalog, of other footage and another model, has in the same place."""
    path.write_bytes(other.read_bytes())


Answers = tuple[list[tuple[str, float, float, float]], bytes]


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Answers]]:
    """Two catalogs with every derived file, of other footage and other models of one kind; answers of the first."""
    root = tmp_path_factory.mktemp("catalogs")
    with pytest.MonkeyPatch.context() as patched:  # so few keyframes have no vector index by themselves
        patched.setitem(vectors.is_worth_building.__kwdefaults__, "few", 0)
        patched.setitem(vectors.VectorIndex.open.__func__.__kwdefaults__, "few", 0)
        patched.setitem(Sample.cached.__func__.__kwdefaults__, "few", 0)
        for seed, name in enumerate(("one", "other")):
            archive = root / f"archive of {name}"
            archive.mkdir()
            make.numbered(archive, "b.mp4", seconds=4 + seed)
            make.coloured_shots(archive, "a.mp4")
            model = make_model(root / f"model of {name}", TINY_CONVOLUTIONS, seed)
            catalog = framescout.open(root / name)
            indexer.index(catalog, [archive], settings=settings.load(model=model))
            ask(catalog)
        yield root / "one", root / "other", ask(Catalog.open(root / "one"))


def ask(catalog: Catalog) -> Answers:
    """Answers, and a picture of one."""
    moments = query.search(catalog, "a person in a street", limit=50, paths=["*.mp4"]).moments
    assert moments
    with catalog.snapshot() as snapshot:
        video = min(snapshot.videos(), key=lambda video: video.path)
    thumbnails = Thumbnails(Cache(catalog.cache_folder))
    picture = thumbnails.strip(video.path, video.content_hash, [0.5], (64, 48))
    thumbnails.close()
    return [(m.video, m.start, m.end, round(m.confidence, 4)) for m in moments], picture


@pytest.mark.parametrize("damage", [deleted, truncated, emptied, flipped, swapped])
@pytest.mark.parametrize("what", DERIVED)
def test_answers_stay_verify_sees_and_repair_mends(
    catalogs: tuple[Path, Path, Answers], tmp_path: Path, what: str, damage: Callable[[Path, Path], None]
) -> None:
    one, other, wanted = catalogs
    folder = Path(shutil.copytree(one, tmp_path / "catalog"))
    path = only(folder, DERIVED[what])
    before = path.read_bytes()
    damage(path, only(other, DERIVED[what]))
    is_missed = path.exists() or what not in (
        "strangers",
        "everyday sentences",
        "sample",
        "times and cameras",
        "picture",
    )  # those are made when they are asked for
    is_damaged = is_missed and not (path.exists() and path.read_bytes() == before)
    catalog = Catalog.open(folder)
    found = check(catalog)
    assert bool(found) == is_damaged
    as_found = Path(shutil.copytree(folder, tmp_path / "as found"))
    assert ask(Catalog.open(as_found)) == wanted
    assert mend(catalog, found) == []
    assert ask(catalog) == wanted
    assert check(catalog) == []
