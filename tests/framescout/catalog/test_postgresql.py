"""A catalog in PostgreSQL: bad input is a sentence, one writer writes, and readers see whole states."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from sqlalchemy.engine.default import DefaultDialect

import framescout
from framescout.address import place_of
from framescout.catalog import Catalog
from framescout.catalog.marks import AlertMarks
from framescout.catalog.opening import store_of
from framescout.catalog.schema import NEWEST
from framescout.errors import (
    CatalogLockedError,
    CatalogNotFoundError,
    DamagedCatalogError,
    FramescoutError,
    NotAvailableError,
    UsageError,
)
from tests.conftest import Program
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import make_indexed
from tests.postgresql import Server

PATIENCE = 60.0


@pytest.fixture
def address(postgresql: Server) -> Iterator[str]:
    """Of a new, empty catalog."""
    with postgresql.catalog() as new:
        yield new


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql:///archive?host=/nowhere/at/all", "can't be opened.*look at the address"),
        ("postgresql://127.0.0.1:1/archive", "can't be opened.*look at the address"),
        ("postgresql://127.0.0.1/archive?no_such_option=1", "can't be opened"),
    ],
)
def test_a_wrong_address_is_one_sentence(address: str, says: str) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(CatalogNotFoundError, match=says) as raised:
        framescout.open(address)
    assert "\n" not in str(raised.value)


def test_a_database_without_a_catalog_is_not_filled_by_reading(postgresql: Server) -> None:
    with postgresql.database() as address:
        with pytest.raises(CatalogNotFoundError, match=r"framescout --catalog 'postgresql:.*&.*' index FOLDER"):
            Catalog.open(address, create=False)
        assert execute(address, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    with pytest.raises(CatalogNotFoundError, match="does not exist"):
        Catalog.open(address)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("ENCODING 'SQL_ASCII' LOCALE 'C'", "stores text as SQL_ASCII.*createdb"),
        ("LOCALE_PROVIDER icu ICU_LOCALE 'en' ENCODING 'UTF8'", "sorts text by a language.*createdb"),
    ],
)
def test_a_database_that_would_keep_text_otherwise_is_refused(postgresql: Server, options: str, says: str) -> None:
    with postgresql.database(f"TEMPLATE template0 {options}") as address:
        with pytest.raises(NotAvailableError, match=says):
            framescout.open(address)
        assert execute(address, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


@pytest.mark.parametrize("revision", [None, "0001", "ab12"])
def test_another_programs_database_is_refused(postgresql: Server, revision: str | None) -> None:
    with postgresql.database() as address:
        if revision:  # it uses Alembic, too
            execute(address, f"CREATE TABLE alembic_version AS SELECT '{revision}' AS version_num")
        execute(address, "CREATE TABLE songs (id integer)")
        before = execute(address, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        with pytest.raises(DamagedCatalogError, match="tables of another program"):
            framescout.open(address)
        assert execute(address, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == before


def test_an_older_catalog_is_upgraded_when_nobody_writes(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgresql.database() as address:
        with monkeypatch.context() as before:
            for module in ("schema", "postgresql_store"):
                before.setattr(f"framescout.catalog.{module}.NEWEST", "0009")
            store = store_of(place_of(address))
            store.prepare(create=True)
            writing = store.writer()
            writing.__enter__()
        try:
            execute(address, "INSERT INTO state (key, value) VALUES ('next_keyframe_id', 7)")
            with pytest.raises(CatalogLockedError):
                framescout.open(address)
            assert execute(address, "SELECT version_num FROM alembic_version") == [("0009",)]
        finally:
            writing.__exit__(None, None, None)
        catalog = Catalog.open(address, create=False)
        assert execute(address, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
        with catalog.writer() as writer:
            writer.commit_video(make_indexed("/a.mp4"), writer.model("starter", "f1", 8))
        with catalog.snapshot() as snapshot:
            assert snapshot.next_keyframe_id() == 12
            assert snapshot.checks.altered_videos() == []


def test_a_server_that_is_too_old_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framescout.catalog.postgresql.OLDEST", 99)
    with pytest.raises(NotAvailableError, match=r"is PostgreSQL \d+; framescout needs 99 or newer"):
        framescout.open(address)


def test_missing_rights_are_one_sentence(address: str) -> None:
    execute(address, "CREATE ROLE guest LOGIN")
    try:
        guest = address.replace("user=scout", "user=guest")
        with pytest.raises(NotAvailableError, match=r"may not do that.*GRANT"):
            framescout.open(guest)
        execute(address, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
        reading = Catalog.open(guest, create=False)
        assert reading.videos() == []
        with pytest.raises(NotAvailableError, match=r"may not do that.*GRANT"), reading.writer():
            pass
        with pytest.raises(NotAvailableError, match=r"may not do that.*GRANT"):
            reading.saved_searches.save("gate", {"text": "a gate"}, None, 1)
    finally:
        execute(address, "DROP OWNED BY guest")
        execute(address, "DROP ROLE guest")


@pytest.mark.parametrize("limit", ["ROLE few", "DATABASE {}"])
def test_a_server_without_room_for_one_more_says_so(address: str, postgresql: Server, limit: str) -> None:
    Catalog.open(address)
    name = address.split("///")[1].partition("?")[0]
    postgresql.run("DROP ROLE IF EXISTS few")
    postgresql.run("CREATE ROLE few LOGIN")
    try:
        postgresql.run(f"ALTER {limit.format(name)} CONNECTION LIMIT 0")
        with pytest.raises(NotAvailableError, match="takes no more connections; try again"):
            Catalog.open(address.replace("user=scout", "user=few"))
    finally:
        postgresql.run("DROP ROLE few")


def test_a_text_with_a_nul_is_refused_and_nothing_is_written(address: str) -> None:
    catalog = framescout.open(address)
    with pytest.raises(UsageError, match="NUL"):
        catalog.saved_searches.save("a\0b", {"text": "a gate"}, None, 1)
    assert catalog.saved_searches.all() == []


def test_a_damaged_database_is_not_salvaged(address: str) -> None:
    with pytest.raises(DamagedCatalogError, match="restore a backup"):
        Catalog.salvage(address)


def test_large_numbers_and_odd_texts_come_back(address: str) -> None:
    catalog = framescout.open(address)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        path = b"/archive/caf\xe9 %s ? \\x41.mp4".decode("utf-8", "surrogateescape")
        number = writer.commit_video(make_indexed(path, content_hash="x"), model)
        writer.quarantine("/big", 2**62, -(2**62), framescout.errors.Reason.EMPTY, "100 % of 'it'?")
    with catalog.snapshot() as snapshot:
        (video,), (file,) = snapshot.videos(), snapshot.quarantined()
        assert (video.id, video.path) == (number, path)
        assert (file.size_bytes, file.mtime_ns, file.detail) == (2**62, -(2**62), "100 % of 'it'?")
        assert snapshot.checks.altered_files() == snapshot.checks.altered_videos() == []


def test_damage_is_noticed_by_the_seals(address: str) -> None:
    catalog = framescout.open(address)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        for name in "abc":
            writer.commit_video(make_indexed(f"/{name}.mp4"), model)
    catalog.saved_searches.save("gate", {"text": "a gate"}, None, 1)
    execute(address, "UPDATE video SET duration = duration + 1e-9 WHERE id = 1")
    execute(address, "UPDATE file SET mtime_ns = mtime_ns + 1 WHERE video_id = 2")
    execute(address, "UPDATE indexing SET embeddings = set_byte(embeddings, 3, 7) WHERE video_id = 3")
    execute(address, "UPDATE saved_search SET seen_below = 9")
    with catalog.snapshot() as snapshot:
        checks = snapshot.checks
        assert (checks.altered_videos(), checks.altered_files()) == ([1], ["/b.mp4"])
        assert [checks.is_altered(number, model.id) for number in (1, 2, 3)] == [False, False, True]
        assert checks.altered_searches() == ["gate"]


def _write(address: str, ready: Any, go_on: Any, said: Any) -> None:
    """A writer in a process of its own: it writes once, waits, and writes again."""
    try:
        with framescout.open(address).writer() as writer:
            model = writer.model("starter", "f1", 8)
            writer.commit_video(make_indexed("/first.mp4"), model)
            ready.set()
            go_on.wait(PATIENCE)
            writer.commit_video(make_indexed("/second.mp4"), model)
    except FramescoutError as error:
        said.put((type(error).__name__, str(error)))
    else:
        said.put(("", ""))


def test_a_frozen_writer_that_was_overtaken_writes_nothing(address: str) -> None:
    """Its machine lost the network, say: the server ends its session, and another takes over."""
    spawn = multiprocessing.get_context("spawn")
    ready, go_on, said = spawn.Event(), spawn.Event(), spawn.Queue()
    process = spawn.Process(target=_write, args=(address, ready, go_on, said))
    process.start()
    try:
        assert ready.wait(PATIENCE)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        catalog = framescout.open(address)
        with pytest.raises(CatalogLockedError, match=f"pid {process.pid} on"), catalog.writer():
            pass  # frozen is not dead
        execute(address, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with _once_free(catalog) as writer:
            os.kill(process.pid, signal.SIGCONT)
            go_on.set()
            kind, sentence = said.get(timeout=PATIENCE)
            assert kind
            assert "run the same command again" in sentence
            writer.commit_video(make_indexed("/other.mp4"), writer.model("starter", "f1", 8))
    finally:
        process.kill()
        process.join(PATIENCE)
    assert {video.path for video in catalog.videos()} == {"/first.mp4", "/other.mp4"}


class _once_free:  # noqa: N801 - used as a function
    """The writer, as soon as the server has ended the session of the one before."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def __enter__(self) -> Any:
        end = time.monotonic() + PATIENCE
        while True:
            self._writer = self._catalog.writer()
            try:
                return self._writer.__enter__()
            except CatalogLockedError:
                assert time.monotonic() < end
                time.sleep(0.05)

    def __exit__(self, *raised: Any) -> Any:
        return self._writer.__exit__(*raised)


def test_a_writer_whose_session_ends_right_before_a_commit_writes_nothing_of_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, commit = framescout.open(address), DefaultDialect.do_commit

    def too_late(dialect: Any, connection: Any) -> None:
        """The transaction has its lock, and everything is written."""
        execute(address, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        commit(dialect, connection)

    def write_two(patched: pytest.MonkeyPatch) -> None:
        with catalog.writer() as writer:
            model = writer.model("starter", "f1", 8)
            writer.commit_video(make_indexed("/first.mp4"), model)
            patched.setattr(DefaultDialect, "do_commit", too_late)
            writer.commit_video(make_indexed("/second.mp4", content_hash="2"), model)

    with monkeypatch.context() as patched, pytest.raises(FramescoutError, match="run the same command again"):
        write_two(patched)
    assert [video.path for video in catalog.videos()] == ["/first.mp4"]
    with _once_free(catalog) as writer:
        writer.commit_video(make_indexed("/second.mp4", content_hash="2"), writer.model("starter", "f1", 8))
    assert {video.path for video in catalog.videos()} == {"/first.mp4", "/second.mp4"}


def test_a_writer_whose_number_is_not_the_last_writes_nothing(address: str) -> None:
    """Even where it still has its session: on a server that was promoted, say, with the lock held twice."""
    catalog = framescout.open(address)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.commit_video(make_indexed("/a.mp4"), model)
        execute(address, "UPDATE state SET value = value + 1 WHERE key = 'writer'")
        with pytest.raises(CatalogLockedError, match="writes nothing more"):
            writer.commit_video(make_indexed("/b.mp4"), model)
    assert [video.path for video in catalog.videos()] == ["/a.mp4"]


def test_a_lost_session_of_a_reader_that_stays_is_made_again(address: str) -> None:
    stays = Catalog.open(address, stays=True)
    assert stays.videos() == []
    ours = "datname = current_database() AND starts_with(application_name, 'framescout ')"
    assert len(execute(address, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")) == 1
    with framescout.open(address).writer() as writer:
        writer.commit_video(make_indexed("/a.mp4"), writer.model("starter", "f1", 8))
    assert [video.path for video in stays.videos()] == ["/a.mp4"]


def test_whatever_is_seen_is_whole_while_two_write(address: str) -> None:
    """Marks and saved searches are written without the writer's lock; keyframe ids never come out of order."""
    catalog = framescout.open(address)
    ended = threading.Event()

    def mark(marks: AlertMarks) -> None:
        number = 0
        while not ended.is_set():
            marks.put("gate", "footage", float(number), number + 0.5, True)
            number += 1

    thread = threading.Thread(target=mark, args=(catalog.alert_marks,))
    thread.start()
    try:
        with catalog.writer() as writer:
            model = writer.model("starter", "f1", 8)
            for number in range(30):
                writer.commit_video(make_indexed(f"/{number % 10}.mp4", count=3, seed=number), model)
                with catalog.snapshot() as snapshot:
                    space = snapshot.space(model)
                    ranges = space.keyframe_ranges()
                    assert int(ranges[-1, 1]) == snapshot.next_keyframe_id() == 3 * number + 4
                    assert np.array_equal(np.diff(ranges, axis=1).ravel(), [3] * len(ranges))
    finally:
        ended.set()
        thread.join(PATIENCE)
    assert len(catalog.alert_marks.all()) > 0


def test_how_far_a_run_is_can_be_read(address: str) -> None:
    catalog = framescout.open(address)
    assert catalog.holder() is None
    with catalog.writer() as writer:
        holder = catalog.holder()
        assert holder is not None
        assert (holder.pid, holder.files_done) == (os.getpid(), None)
        writer.note.say(files_done=3, files=7, bytes_done=2**40, bytes=2**41)
        said = {"files_done": 3, "files": 7, "bytes_done": 2**40, "bytes": 2**41}
        assert catalog.holder() == msgspec.structs.replace(holder, **said)
    assert catalog.holder() is None


def test_two_that_make_the_same_catalog_at_once_both_get_it(postgresql: Server) -> None:
    with postgresql.database() as address:
        opened: list[list[object]] = []
        threads = [threading.Thread(target=lambda: opened.append([*framescout.open(address).videos()])) for _ in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert opened == [[], []]


def test_without_the_driver_one_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("postgresql", "postgresql_store"):
        monkeypatch.delitem(sys.modules, f"framescout.catalog.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(NotAvailableError, match=r"pip install 'psycopg\[binary\]>="):
        framescout.open("postgresql:///archive")


def test_the_doctor_looks_at_the_server(program: Program, address: str) -> None:
    for where, state in ((address, "ok"), ("postgresql:///archive?host=/nowhere/at/all", "fail")):
        said = program("--catalog", where, "doctor", timeout=240)
        (line,) = [line for line in said.stdout.splitlines() if line.split()[1] == "catalog"]
        assert line.split()[0] == state
        assert where in line


def test_the_commands_take_an_address(program: Program, address: str) -> None:
    said = program("--catalog", address, "status", timeout=120)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith(f"catalog     {address} (")
    set_ = program("--catalog", address, "cameras", "set", "gate", "--folder", "/archive/gate", timeout=120)
    assert set_.returncode == 0
    assert [said.camera for said in framescout.open(address).rules.said] == ["gate"]
