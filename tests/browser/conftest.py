"""A real browser, Debian's Chromium, at the running program."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import framescout
import indexer
from framescout.commands.demo import make_archive
from tests.conftest import program_path
from tests.footage import make

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_QUIET])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, towers: Path) -> Iterator[str]:
    """Where `framescout serve` listens; the landscapes, one film in VP9, one in MPEG-4."""
    folder = tmp_path_factory.mktemp("browser")
    archive = folder / "archive"
    make_archive(archive)
    make.vp9(archive)
    make.mpeg4_avi(archive)
    shutil.copytree(towers, folder / "catalog" / "cache")
    indexer.index(framescout.open(folder / "catalog"), [archive])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program_path(), "--catalog", str(folder / "catalog"), "serve", "--port", str(port)]
    with subprocess.Popen([*command, "--exports", str(folder / "exports")], stdout=subprocess.DEVNULL) as server:
        where = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{where}/api/state").close()
                break
            except OSError:
                time.sleep(0.1)
        yield where
        server.terminate()


@pytest.fixture
def trouble() -> list[str]:
    """What the browser's console complained of; a test that ends with any has failed."""
    return []


@pytest.fixture
def page(browser: Browser, address: str, trouble: list[str]) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 860}, accept_downloads=True)
    opened = context.new_page()
    opened.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.set_default_timeout(20_000)
    yield opened
    context.close()
    assert trouble == []
