"""The OpenAPI document, held against the running program by schemathesis, as a user would do it."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from framescout.catalog import Catalog
from tests.query.web.serving import serving


@pytest.mark.slow
def test_schemathesis_passes_with_all_its_checks(served: Catalog, tmp_path: Path) -> None:
    """Its default checks, made-up requests of every kind; a seed, so that a failure can be looked at again."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    with serving(served.folder, tmp_path / "exports") as address:
        given = ["--phases", "coverage,fuzzing", "--max-examples", "3", "--workers", "2", "--seed", "4", "--no-color"]
        command = [schemathesis, "run", f"{address}/openapi.json", *given]
        urllib.request.urlopen(f"{address}/api/search?text=a+dog").close()  # the first one loads the model
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"(\d+) generated, \1 passed", done.stdout)
