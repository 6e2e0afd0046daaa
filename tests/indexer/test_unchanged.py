import os
import random

import numpy as np
import pytest
from msgspec.structs import replace

import framescout
import indexer
from benchmarks.archive import video
from framescout.cached import Cache, Entry
from framescout.catalog.records import FileIdentity
from framescout.embedding import fingerprint
from framescout.errors import CatalogLockedError, Reason
from framescout.settings import load
from indexer.plan import look, make_plan
from indexer.unchanged import as_it_was_left, remember

SETTINGS = load()


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    for number in range(6):
        path = folder / f"day {number % 2}" / f"{number}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no video, but nobody reads it" * (number + 1))
    return folder.resolve()


@pytest.fixture
def catalog(tmp_path, archive):
    """One that knows all of the archive but a file in quarantine."""
    opened = framescout.open(tmp_path / "catalog")
    with opened.writer() as writer:
        model = writer.model("starter", fingerprint("starter"), 4)
        writer.activate(model)
        for file in look(opened, [archive]).files[1:]:
            put(writer, model, file)
    settle(opened, archive)
    return opened


def put(writer, model, file, density="balanced"):
    made = video(0, np.eye(4, dtype=np.float16))
    identity = FileIdentity(file.path, file.size_bytes, file.mtime_ns, f"{file.path} {file.mtime_ns}")
    writer.commit_video(replace(made, file=identity, density=density), model)


def settle(catalog, archive, settings=SETTINGS):
    """What an index run does, without reading anything: new files go into quarantine."""
    sight = look(catalog, [archive])
    plan, _ = planned(catalog, sight, settings)
    with catalog.writer() as writer:
        writer.mark_gone(plan.gone)
        writer.bring_back(plan.back)
        writer.forget_quarantine(plan.vanished_from_quarantine)
        report = plan.report()
        for file in plan.to_read:
            writer.quarantine(file.path, file.size_bytes, file.mtime_ns, Reason.NOT_VIDEO, "")
            report.quarantined[file.path] = "why"
        remember(catalog, sight, settings, report)


def planned(catalog, sight, settings=SETTINGS):
    with catalog.snapshot() as snapshot:
        model = snapshot.active_model()
        return make_plan(snapshot, sight, model, settings.density), model


def is_known(catalog, archive, settings=SETTINGS):
    return as_it_was_left(catalog, look(catalog, [archive]), settings) is not None


def test_what_is_as_it_was_left_is_told_without_the_right_to_write(catalog, archive):
    report = indexer.index(catalog, [archive], settings=SETTINGS)
    assert (report.unchanged, report.still_quarantined, report.indexed) == (5, 1, [])
    sight = look(catalog, [archive])
    assert as_it_was_left(catalog, sight, SETTINGS) == planned(catalog, sight)[0].report()
    with catalog.writer(), pytest.raises(CatalogLockedError):
        indexer.index(catalog, [archive], settings=SETTINGS)


def test_whatever_changes_is_seen(catalog, archive):
    """Against the slow obvious way: the plan has something to do, or nothing is otherwise than it says."""
    choose = random.Random(5)
    kept = archive.parent / "kept.mp4"

    def touch(path):
        os.utime(path, ns=(0, choose.randrange(10**18)))

    def grow(path):
        facts = path.stat()
        path.write_bytes(path.read_bytes() + b"more")
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def come_and_go(path):
        path.rename(kept) if not kept.exists() else kept.rename(path.with_name("back.mp4"))

    def swap(path):
        path.rename(path.with_name(f"{choose.randrange(1000)}.mp4"))

    def retry(path):
        with catalog.writer() as writer:
            writer.offer_again([str(path)])

    def forget(path):
        with catalog.writer() as writer:
            writer.forget_file(str(path))

    def nothing(path):
        path.with_suffix(".txt").write_text("no video")

    def read_again(path):
        with catalog.writer() as writer, catalog.snapshot() as snapshot:
            (file,) = [each for each in look(catalog, [archive]).files if each.path == str(path)]
            put(writer, snapshot.active_model(), file, choose.choice(["fast", "balanced"]))

    told = []
    for _ in range(60):
        do = choose.choice([touch, grow, come_and_go, swap, retry, forget, nothing, read_again])
        do(choose.choice(sorted(archive.rglob("*.mp4"))))
        sight = look(catalog, [archive])
        plan, _ = planned(catalog, sight)
        report = as_it_was_left(catalog, sight, SETTINGS)
        told.append(report is not None)
        if report is not None:
            assert [*plan.to_read, *plan.gone, *plan.back, *plan.vanished_from_quarantine] == [], do
            assert report == plan.report(), do
        if choose.random() < 0.5:
            settle(catalog, archive)
            assert is_known(catalog, archive)
    assert 5 < sum(told) < 55


@pytest.mark.parametrize("what", ["density", "paths", "model", "cache", "damage", "index"])
def test_another_question_is_another_plan(catalog, archive, what):
    assert is_known(catalog, archive)
    asked, settings = archive, SETTINGS
    (entry,) = Cache(catalog.cache_folder).paths(Entry.UNCHANGED)
    match what:
        case "density":
            settings = load(density="thorough")
        case "paths":
            asked = archive / "day 0"
        case "model":
            with catalog.writer() as writer:
                writer.activate(writer.model("another", "of other weights", 4))
        case "cache":
            entry.unlink()
        case "damage":
            entry.write_bytes(entry.read_bytes()[:-1] + b"!")
        case "index":
            with catalog.writer() as writer, catalog.snapshot() as snapshot:
                model = snapshot.active_model()
                writer.publish_generation(
                    model_id=model.id, file_name="gone.faiss", kind="flat", vector_count=20, covers_below=21,
                    checksum="blake2b:00:1:1", nprobe=0, recall=None,
                )  # fmt: skip
    assert not is_known(catalog, asked, settings)


def test_what_was_not_done_is_not_remembered(catalog, archive):
    (entry,) = Cache(catalog.cache_folder).paths(Entry.UNCHANGED)
    entry.unlink()
    sight = look(catalog, [archive])
    for change in ({"left": 1}, {"stopped": "until"}):
        remember(catalog, sight, SETTINGS, replace(planned(catalog, sight)[0].report(), **change))
    remember(catalog, replace(sight, unreadable=["/closed"]), SETTINGS, planned(catalog, sight)[0].report())
    assert not is_known(catalog, archive)
