"""Files with their names, places and times, by whole index runs on made footage: cases that people reported."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

import indexer
import query
from framescout import settings
from framescout.catalog import Catalog
from indexer.report import Report
from query.engine import Engine
from query.request import Query
from tests.footage import make

COPY, ORIGINAL = "cam01_20260305_230000.mp4", "PXL_20260220_173344123.mp4"


def run(catalog: Catalog, *paths: Path) -> Report:
    return indexer.index(catalog, paths, settings=settings.load())


def found(catalog: Catalog, **filters: object) -> list[tuple[str, str | None, datetime | None]]:
    """What a search shows: name, camera, time."""
    answer = Engine(catalog).answer(Query.from_json({"text": "a test picture", "limit": 100, **filters}))
    return sorted({(Path(each.video).name, each.camera, each.recorded_at) for each in answer.moments}, key=str)


def test_a_copy_never_changes_the_original(catalog: Catalog, tmp_path: Path) -> None:
    """The report's own steps: cp phone/PXL_20260220_173344123.mp4 cam01/cam01_20260305_230000.mp4, then index."""
    archive = tmp_path / "archive"
    for folder in ("phone", "cam01"):
        (archive / folder).mkdir(parents=True)
    make.numbered(archive / "phone", ORIGINAL)
    run(catalog, archive)
    shutil.copy(archive / "phone" / ORIGINAL, archive / "cam01" / COPY)
    assert [Path(path).name for path in run(catalog, archive).known] == [COPY]

    phone = (ORIGINAL, None, datetime(2026, 2, 20, 17, 33, 44, 123_000, tzinfo=UTC))
    copy = (COPY, "cam01", datetime(2026, 3, 5, 23, 0, tzinfo=UTC))
    assert found(catalog) == [phone]
    assert found(catalog, after="2026-02-20", before="2026-02-21") == [phone]
    assert found(catalog, after="2026-03-05", before="2026-03-06") == [copy]
    assert found(catalog, cameras=["cam01"]) == [copy]
    assert found(catalog, paths=["cam01/*"]) == [copy]
    assert found(catalog, paths=["phone/*"]) == [phone]
    assert found(catalog, cameras=["cam01"], before="2026-03-01") == []  # no file is both
    assert found(catalog, paths=["phone/*"], hours="23:00-24:00") == []

    (archive / "cam01" / COPY).unlink()
    assert run(catalog, archive).gone == 1
    assert found(catalog) == found(catalog, paths=["phone/*"]) == [phone]
    assert found(catalog, paths=["cam01/*"]) == []

    shutil.copy(archive / "phone" / ORIGINAL, archive / "cam01" / COPY)
    run(catalog, archive)
    (archive / "phone" / ORIGINAL).unlink()
    run(catalog, archive)
    assert found(catalog) == found(catalog, cameras=["cam01"]) == [copy]


def test_links_are_known_by_their_own_names(catalog: Catalog, tmp_path: Path) -> None:
    """git-annex and DVC: the content lies in a hidden store under a hash."""
    archive = tmp_path / "archive"
    store = archive / ".git" / "annex" / "objects"
    for folder in (store, archive / "2017", archive / "cam02"):
        folder.mkdir(parents=True)
    make.numbered(store, "SHA256E-s81--bba97.mp4")
    make.numbered(store, "other.mp4", seconds=2).rename(store / "SHA256-s81--5512")  # the backend without endings
    (archive / "2017" / "VID_20170106_152228.mp4").symlink_to("../.git/annex/objects/SHA256E-s81--bba97.mp4")
    (archive / "cam02" / "cam02_20170106_200000.mp4").symlink_to("../.git/annex/objects/SHA256E-s81--bba97.mp4")
    (archive / "2017" / "VID_20170107_080000.mp4").symlink_to("../.git/annex/objects/SHA256-s81--5512")
    (archive / "2017" / "lost.mp4").symlink_to("../.git/annex/objects/SHA256E-s9--gone.mp4")
    report = run(catalog, archive)
    assert len(report.indexed) + len(report.known) == 3
    first = ("VID_20170106_152228.mp4", None, datetime(2017, 1, 6, 15, 22, 28, tzinfo=UTC))
    second = ("VID_20170107_080000.mp4", None, datetime(2017, 1, 7, 8, 0, tzinfo=UTC))
    again = ("cam02_20170106_200000.mp4", "cam02", datetime(2017, 1, 6, 20, 0, tzinfo=UTC))
    assert found(catalog, paths=["2017/**"]) == [first, second]
    assert found(catalog, paths=["**/VID_20170106*"]) == [first]
    assert found(catalog, cameras=["cam02"]) == [again]
    assert run(catalog, archive).unchanged == 3
    (archive / "cam02" / "cam02_20170106_200000.mp4").unlink()
    assert run(catalog, archive).gone == 1


def test_what_was_exported_into_the_archive_is_no_footage(catalog: Catalog, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    make.numbered(archive, "cam01_20260214_221500.mp4")
    run(catalog, archive)
    answer = query.search(catalog, "a test picture", limit=2)
    for folder in (archive, archive / "clips"):  # in the archive's own folder, too
        query.export(answer.moments, folder, reel=True)
    make.numbered(archive / "clips", "mine.mp4", seconds=1)  # what a person puts there is read
    report = run(catalog, archive)
    assert report.quarantined == {}
    assert [Path(path).name for path in report.indexed + report.known] == ["mine.mp4"]
    assert report.unchanged == 1


def with_idit(path: Path, text: str) -> None:
    """Put the chunk that cameras write at the end of an AVI's header list."""
    data = bytearray(path.read_bytes())
    chunk = text.encode() + b"\n\0"
    chunk = b"IDIT" + len(chunk).to_bytes(4, "little") + chunk + b"\0" * (len(chunk) % 2)
    at = data.index(b"LIST", 12)
    assert data[at + 8 : at + 12] == b"hdrl"
    end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    data[end:end] = chunk
    for place in (4, at + 4):
        data[place : place + 4] = (int.from_bytes(data[place : place + 4], "little") + len(chunk)).to_bytes(4, "little")
    path.write_bytes(data)


def tagged(*tags: str) -> tuple[str, ...]:
    return tuple(part for tag in tags for part in ("-metadata", tag))


APPLE = "com.apple.quicktime.creationdate=2026-05-27T19:22:26-0600"


@pytest.mark.parametrize(
    ("name", "options", "zone", "at"),
    [
        (
            "20210623_145059.mp4",
            tagged("creation_time=2021-06-23T18:51:37Z"),
            "America/New_York",
            "2021-06-23 18:50:59",
        ),
        (
            "IMG_0001.MOV",
            (*tagged("creation_time=2026-05-28T01:22:26Z", APPLE), "-movflags", "use_metadata_tags"),
            "Europe/Berlin",
            "2026-05-28 01:22:26",
        ),
        ("holiday.mkv", tagged("creation_time=2025-06-07T18:00:00Z"), "Europe/Berlin", "2025-06-07 18:00:00"),
        (
            "events/1/2026-02-14/181530/181530-video.mp4",
            tagged("creation_time=2026-02-14T08:00:00Z"),
            "Europe/Berlin",
            "2026-02-14 08:00:00",
        ),
        ("events/1/2026-02-14/123456/123456-video.mp4", (), "Europe/Berlin", None),
        ("GMT20260214-221500_Recording_1920x1080.mp4", (), "Europe/Berlin", "2026-02-14 22:15:00"),
        ("recordings/2026-02-14/22/front_door/15.00.mp4", (), "Europe/Berlin", "2026-02-14 22:15:00"),
        ("pocket.avi", "IDIT", "Europe/Berlin", "2026-02-14 21:15:00"),
    ],
)
def test_reported_files_have_the_right_time(
    catalog: Catalog, tmp_path: Path, name: str, options: tuple[str, ...] | str, zone: str, at: str | None
) -> None:
    path = tmp_path / "archive" / name
    path.parent.mkdir(parents=True)
    made = make.numbered(path.parent, path.name, seconds=1, options=() if options == "IDIT" else options)
    if options == "IDIT":
        with_idit(made, "Sat Feb 14 22:15:00 2026")
    run(catalog, tmp_path / "archive")
    with Catalog.open(catalog.folder, settings=settings.load(timezone=zone)).snapshot() as snapshot:
        recorded = snapshot.videos()[0].recorded_at
    assert (f"{recorded:%Y-%m-%d %H:%M:%S}" if recorded else None) == at
