"""The house keeps its own rules."""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import framescout
from framescout import errors

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("framescout", "indexer", "query")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 500, 60
DRAWERS = {"utils", "util", "helpers", "common", "misc", "core", "base", "manager", "service", "handler", "factory"}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code: a long docstring is no fault."""
    first = function.body[0]
    is_documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    documented = (first.end_lineno or 0) - first.lineno + 1 if is_documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documented


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_fit_their_frame(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    assert path.stem not in DRAWERS
    for function in functions(path):
        assert length(function) <= LONGEST_FUNCTION, function.name


def test_functions_are_small_in_the_middle() -> None:
    lengths = [length(function) for path in SOURCES for function in functions(path)]
    assert statistics.median(lengths) < 12


def test_no_package_hides_below_the_tests() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_offers_is_there(package: str) -> None:
    module = importlib.import_module(package)
    assert all(hasattr(module, name) for name in module.__all__)


def test_every_error_has_a_docstring_and_an_exit_code() -> None:
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.FramescoutError):
            assert kind.__doc__, name
            assert kind.exit_code in (1, 2, 3, 4)
            assert name in (errors.__doc__ or "")
    assert all(reason.sentence for reason in errors.Reason)


def test_the_wheel_carries_migrations_and_configs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    inside = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(inside) == {"migrations", "configs"}


def test_the_changelog_knows_this_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == framescout.__version__


def test_no_file_of_the_shared_footage_is_in_the_repository() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    pictures = (".mp4", ".mkv", ".avi", ".jpg", ".jpeg", ".mov")
    assert not [name for name in tracked.splitlines() if name.lower().endswith(pictures)]
