"""Folders and addresses of databases are told apart; what is neither is refused, and makes no folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import framescout
from framescout.address import Address, place_of
from framescout.errors import UsageError
from tests.conftest import Program


@pytest.mark.parametrize("folder", ["night", "/archive/2026", "./a:b", "c:/x", "~/night", "a:b/c", "cam:/x"])
def test_a_folder_is_a_folder(folder: str) -> None:
    assert place_of(folder) == Path(folder)
    assert place_of(Path(folder)) == Path(folder)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://db.example/archive",
        "postgres://scout@db.example:5433/archive?sslmode=verify-full",
        "postgresql://one,two/archive?target_session_attrs=read-write",
        "postgresql:///archive?host=/run/postgresql",
        "postgresql://db.example?dbname=archive",
    ],
)
def test_an_address_is_an_address_with_a_folder_of_its_own(address: str) -> None:
    assert place_of(address) == place_of(Address(address)) == Address(address)
    assert Address(address).folder.name.startswith(("archive-", "db-example-"))
    assert Address(address).folder != Address(f"{address}2").folder


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("mysql://db/archive", "no place for a catalog"),
        ("https://db/archive", "no place for a catalog"),
        ("mysql://scout:secret@db/archive", r"mysql://scout:\*\*\*@db/archive is no place"),
        ("mysql://db/archive?password=secret", "no place for a catalog"),
        ("postgresql:/scout:secret@db/archive", "not whole"),
        ("postgresql:/db/archive", "not whole"),
        (Path("postgresql://db/archive"), "not whole"),
        ("postgresql://scout:secret@db/archive", "password"),
        ("postgresql://db/archive?password=secret", "password"),
        ("postgresql://db", "names no database"),
        ("postgresql://[::1/archive", "is no address"),
        ("POSTGRESQL://db/archive", "no place for a catalog"),
    ],
)
def test_what_is_neither_is_refused(
    where: str | Path, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says) as raised:
        framescout.open(where)
    assert "secret" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_the_command_refuses_it_likewise(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (["--catalog", "mysql://db/archive", "status"], ["status", "--catalog", "mysql://db/archive"]):
        said = program(*given, cwd=tmp_path, timeout=120)
        assert (said.returncode, said.stdout) == (2, "")
        assert "no place for a catalog" in " ".join(said.stderr.split())
    monkeypatch.setenv("FRAMESCOUT_CATALOG", "mysql://db/archive")
    said = program("status", cwd=tmp_path, timeout=120)
    assert said.returncode == 2
    assert said.stderr.startswith("framescout: mysql://db/archive is no place for a catalog")
    assert list(tmp_path.iterdir()) == []
