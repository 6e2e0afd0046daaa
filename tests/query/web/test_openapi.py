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
        given = ["--phases", "coverage,fuzzing", "--max-examples", "3", "--workers", "2", "--request-timeout", "120"]
        command = [schemathesis, "run", f"{address}/openapi.json", *given, "--no-color", "--seed"]
        urllib.request.urlopen(f"{address}/api/search?text=a+dog", timeout=120).close()  # the first one loads the model
        done = _run([*command, "4"], tmp_path)
        if _broke_itself(done):
            done = _run([*command, "5"], tmp_path)
    assert not _broke_itself(done), f"schemathesis broke twice, with two seeds: {done.stdout[-6000:]}"
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"(\d+) generated, \1 passed", done.stdout)


def _run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=500)


def _broke_itself(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether schemathesis failed by a fault inside it: no check failed, and the server answered."""
    says = done.stdout
    faults = re.findall(r"^(Runtime Error|Internal Error|Network Error|Server Unavailable)$", says, re.MULTILINE)
    is_inside = bool(faults) and set(faults) <= {"Runtime Error", "Internal Error"}
    return done.returncode != 0 and is_inside and "= FAILURES =" not in says


@pytest.mark.parametrize(
    ("says", "is_its_own"),
    [
        ("=== ERRORS ===\n\n___ GET /api ___\nRuntime Error\n\nSystemError: odd", True),
        ("=== ERRORS ===\n\n___ GET /api ___\nNetwork Error\n\nConnection failed", False),
        ("=== FAILURES ===\n\n___ GET /api ___\n- Server error", False),
    ],
)
def test_a_fault_inside_the_tool_is_told_from_one_of_the_product(says: str, is_its_own: bool) -> None:
    assert _broke_itself(subprocess.CompletedProcess([], 1, says)) is is_its_own
