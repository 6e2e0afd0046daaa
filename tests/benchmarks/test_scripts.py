"""Nothing that a script takes from another is gone."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import benchmarks

SCRIPTS = sorted(path.stem for path in Path(benchmarks.__path__[0]).glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_can_be_imported(name: str) -> None:
    try:
        import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("benchmarks", "framescout", "indexer", "query", "tests"):
            raise
        pytest.skip(f"needs {error.name}")
