"""What CONTRIBUTING.md sends people to is there, and no code is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROOTS = ("framescout/", "indexer/", "query/", "tests/", "docs/", "benchmarks/", "configs/", "migrations/")
NAMED = sorted({name for name in re.findall(r"`([\w./-]+)`", TEXT) if name.startswith(ROOTS) or name.endswith(".md")})
CODE = sorted(
    {path.parent for side in ("framescout", "indexer", "query", "benchmarks") for path in (ROOT / side).rglob("*.py")}
)
TESTS = sorted({path.parent for path in (ROOT / "tests").rglob("test_*.py")})
TABLE = TEXT.split("| code | tests that cover it |")[1].split("\n\n")[0]


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_exists(name: str) -> None:
    assert (ROOT / name).exists()


def covers(row_part: int, folder: Path) -> bool:
    """Whether a row of the table names the folder or one above it."""
    cells = [row.split("|")[row_part] for row in TABLE.splitlines() if row.count("|") == 3]
    named = {Path(name) for cell in cells for name in re.findall(r"`([\w./-]+)`", cell)}
    return any(each in named for each in (folder, *folder.parents))


@pytest.mark.parametrize("folder", CODE, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_folder_of_code_has_its_tests_named(folder: Path) -> None:
    assert covers(1, folder.relative_to(ROOT))


@pytest.mark.parametrize("folder", TESTS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_folder_of_tests_is_named_for_something(folder: Path) -> None:
    assert covers(2, folder.relative_to(ROOT))
