"""The audit fails on a finding, and says so where it can't look; the real pip-audit, against a database of ours."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HOLE = {
    "id": "OSV-TEST-1",
    "summary": "made up",
    "affected": [
        {
            "package": {"name": "pillow", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
            "versions": ["13.0.0"],
        }
    ],
}


class Database(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"vulns": [HOLE]} if asked["package"]["name"] == "pillow" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Not in the tests' output."""


@pytest.fixture
def database() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Database)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()


def audit(folder: Path, pinned: str, url: str) -> subprocess.CompletedProcess[str]:
    (folder / "pinned.txt").write_text(pinned)
    call = [sys.executable, "-m", "tests.audit", "--osv-url", url, "--requirements", folder / "pinned.txt"]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_a_finding_fails_it_and_is_named(tmp_path: Path, database: str) -> None:
    ended = audit(tmp_path, "pillow==13.0.0\nnumpy==2.4.6\n", database)
    assert ended.returncode == 1, ended.stderr
    assert "pillow 13.0.0: OSV-TEST-1, mended in 99.1" in ended.stdout
    assert "2 packages, 1 known holes" in ended.stdout


def test_nothing_found_is_said(tmp_path: Path, database: str) -> None:
    ended = audit(tmp_path, "numpy==2.4.6\n", database)
    assert (ended.returncode, ended.stdout) == (0, "1 packages, 0 known holes\n"), ended.stderr


def test_where_the_database_cannot_be_asked_it_says_so_and_passes(tmp_path: Path) -> None:
    ended = audit(tmp_path, "numpy==2.4.6\n", "http://127.0.0.1:9/v1/query")
    assert ended.returncode == 0
    assert ended.stdout.startswith("audit skipped: the database of known holes can't be asked (")
