"""The OpenAPI document, held against the running program by schemathesis, as a user would do it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from framescout.catalog import Catalog
from tests.query.web.serving import serving


@pytest.mark.slow
def test_schemathesis_passes_with_all_its_checks(served: Catalog, tmp_path: Path) -> None:
    """Its default checks, all of its phases; a seed, so that a failure can be looked at."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    with serving(served.folder, tmp_path / "exports") as address:
        command = [schemathesis, "run", f"{address}/openapi.json", "--max-examples", "8", "--seed", "4", "--no-color"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-6000:]
    assert "No issues found" in done.stdout
