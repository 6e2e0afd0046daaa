"""Lance datasets in an object store, and what is said where it can't be used."""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framescout import vectors
from framescout.errors import NotAvailableError, UsageError
from tests.framescout.vectors.make import LANCE, Archive, unit_rows
from tests.object_store import NoObjectStoreError, ObjectStore, object_store

pytest.importorskip("lance", reason="Lance is not installed")

from framescout.vectors import lance_datasets, lance_sets
from framescout.vectors.lance_index import PAUSE

QUERIES = unit_rows(5, seed=2000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    try:
        with object_store(tmp_path_factory.mktemp("moto")) as store:
            yield store
    except NoObjectStoreError as error:
        pytest.skip(str(error))


@pytest.fixture
def use(running: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    return running


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    lance_sets._opened.cache_clear()
    lance_sets._warn.cache_clear()
    lance_sets._pauses.clear()
    made = Archive.make(tmp_path / "catalog", LANCE)
    made.add([50] * 10)
    return made


def test_generations_lie_in_an_object_store(archive: Archive, use: ObjectStore) -> None:
    archive.place = f"s3://{use.bucket}/one"
    for _ in range(5):
        generation = archive.publish()
        archive.store.drop_stale([generation])
    assert archive.is_indexed()
    assert archive.verify() == []
    archive.add([20])
    archive.drop([3])
    for ranges in (None, np.array([[40, 160], [300, 520]])):
        found, wanted = archive.search(QUERIES, 20, ranges), archive.brute_force(QUERIES, 20, ranges)
        assert np.mean([len(np.intersect1d(a, b)) / 20 for a, b in zip(found[0], wanted[0], strict=True)]) >= 0.9
    archive.store.drop(generation)
    lance_sets._opened.cache_clear()
    assert not archive.is_indexed()
    assert np.array_equal(archive.search(QUERIES, 20)[0], archive.brute_force(QUERIES, 20)[0])


def test_a_store_that_is_gone_costs_nothing_but_time(
    archive: Archive, use: ObjectStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    archive.place = f"s3://{use.bucket}/two"
    archive.publish()
    lance_sets._opened.cache_clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for _ in range(2):
        assert np.array_equal(archive.search(QUERIES, 20)[0], archive.brute_force(QUERIES, 20)[0])
    assert caplog.text.count("is missing or damaged") == 1
    assert "is missing or damaged" in archive.verify()[0]


def test_a_store_that_is_gone_holds_up_one_question_alone(
    archive: Archive, use: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.place = f"s3://{use.bucket}/four"
    archive.publish()
    lance_sets._opened.cache_clear()
    now, asked = 1000.0, []
    there = lance_datasets.version

    def version(address: str, number: int) -> Any:
        asked.append(number)
        return there(address, number)

    monkeypatch.setattr(lance_datasets, "version", version)
    monkeypatch.setattr("framescout.vectors.lance_index.time.monotonic", lambda: now)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for _ in range(3):
        assert not archive.is_indexed()
    assert len(asked) == 1
    monkeypatch.setenv("AWS_ENDPOINT_URL", use.environment["AWS_ENDPOINT_URL"])
    now += PAUSE
    assert archive.is_indexed()


def test_a_store_that_goes_while_it_is_used_holds_up_one_question_alone(
    archive: Archive, use: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.place = f"s3://{use.bucket}/five"
    archive.publish()
    now, asked = 1000.0, []

    def away(*given: object) -> None:
        asked.append(given)
        raise OSError("error sending request")

    with monkeypatch.context() as patched:
        patched.setattr("framescout.vectors.lance_index.time.monotonic", lambda: now)
        patched.setattr(lance_datasets, "search", away)
        for _ in range(3):
            assert np.array_equal(archive.search(QUERIES, 20)[0], archive.brute_force(QUERIES, 20)[0])
        assert len(asked) == 1
        now += PAUSE
        archive.search(QUERIES, 20)
        assert len(asked) == 2


class Refusing(http.server.BaseHTTPRequestHandler):
    """Answers everything with 403."""

    def do_GET(self) -> None:
        said = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def refusing() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


def refusal(archive: Archive) -> str:
    with pytest.raises(NotAvailableError) as raised, archive.catalog.snapshot() as snapshot:
        archive.store.publish(snapshot.space(archive.model))
    said = str(raised.value)
    assert "\n" not in said
    assert len(said) < 500
    return said


def test_what_keeps_a_store_from_being_written_to_is_said(
    archive: Archive, use: ObjectStore, refusing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.place = "s3://no-such-bucket/one"
    assert "there is no such bucket; make it" in refusal(archive)
    archive.place = f"s3://{use.bucket}/three"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "can't be reached; look at AWS_ENDPOINT_URL" in refusal(archive)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{refusing}")
    assert "the store refuses it; look at AWS_ACCESS_KEY_ID" in refusal(archive)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1")
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL is no address"):
        archive.search(QUERIES, 1)


def test_a_folder_that_may_not_be_written_to_is_named(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    archive.place = str(tmp_path / "file" / "sets")
    assert archive.place in refusal(archive)


def test_the_way_out_is_named_where_lance_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "framescout.vectors.lance_sets", None)
    with pytest.raises(NotAvailableError, match=r"python3 -m pip install 'pylance>=\d+,<\d+' 'pyroaring"):
        vectors.store_in("/anywhere")
