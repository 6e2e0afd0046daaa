"""A hub with models of random weights: its cache on a machine, and a server that plays it, on the loopback alone."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.framescout.embedding.make import make_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def make_files(folder: Path, repository: str, config: dict[str, Any], seed: int = 0) -> list[Path]:
    """The files of a model as a hub's repository holds them."""
    make_model(folder, config, seed)
    if "hf_tokenizer_name" in config["text_cfg"]:
        written = json.loads((folder / "open_clip_config.json").read_text())
        written["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = repository
        (folder / "open_clip_config.json").write_text(json.dumps(written))
    return sorted(folder.iterdir())


def put(cache: Path, repository: str, *files: Path) -> Path:
    """Put copies of `files` into the cache as a fetch of the repository leaves them; return their folder."""
    own = cache / f"models--{repository.replace('/', '--')}"
    snapshot = own / "snapshots" / COMMIT
    snapshot.mkdir(parents=True, exist_ok=True)
    (own / "refs").mkdir(exist_ok=True)
    (own / "refs" / "main").write_text(COMMIT)
    for file in files:
        (snapshot / file.name).write_bytes(file.read_bytes())
    (own / ".no_exist" / COMMIT).mkdir(parents=True, exist_ok=True)
    (own / ".no_exist" / COMMIT / "config.json").touch()
    return snapshot


@contextlib.contextmanager
def serve(repositories: dict[str, list[Path]]) -> Iterator[str]:
    """A hub that holds these; its address."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, *, with_body: bool) -> None:
            parts = self.path.partition("?")[0].strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                files = repositories.get("/".join(parts[2:4]))
                said = [{"rfilename": file.name, "size": file.stat().st_size} for file in files or []]
                facts = {"id": "/".join(parts[2:4]), "sha": COMMIT, "siblings": said}
                body = json.dumps([] if "tree" in parts[4:] else facts).encode()  # it has no folders
                code = 401 if files is None else 200  # as the real one says where there is nothing
            else:
                files = repositories.get("/".join(parts[:2]), [])
                body = next((file.read_bytes() for file in files if file.name == parts[-1]), b"")
                code = 200 if body else 404
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"')
            if code == 401:
                self.send_header("X-Error-Code", "RepoNotFound")
            elif code == 404:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Not said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
