"""Real browsers at the running program: Debian's Chromium, and its Firefox for tests marked `in_firefox_too`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, expect, sync_playwright

import framescout
import indexer
from framescout.catalog import Catalog
from framescout.catalog.records import Alert
from tests.footage import make
from tests.query.web.serving import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
_PATIENCE = 120_000
"""Milliseconds for what should be there at once; the machine may be busy with other tests."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("in_firefox_too"):
        metafunc.parametrize("kind", ["chromium", "firefox"])


@pytest.fixture
def kind() -> str:
    """Which browser; Chromium for all tests that are not marked."""
    return "chromium"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_QUIET], timeout=_PATIENCE)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """Firefox as it is installed, driven by WebDriver BiDi, which it knows by itself."""
    if FIREFOX is None:
        pytest.skip("Firefox is not installed (Debian: apt-get install firefox-esr)")
    plays = {"media.autoplay.default": 0}
    opened = playwright.firefox.launch(
        channel="moz-firefox", executable_path=FIREFOX, firefox_user_prefs=plays, timeout=_PATIENCE
    )
    try:
        opened.new_context().close()
    except Error as error:  # Playwright 1.65 asks Firefox 153 for a command that came later
        version = opened.version
        opened.close()
        pytest.skip(f"this Playwright can't open a page in Firefox {version}: {error.message.splitlines()[0]}")
    yield opened
    opened.close()


@pytest.fixture
def browser(request: pytest.FixtureRequest, kind: str) -> Browser:
    opened: Browser = request.getfixturevalue(kind)
    return opened


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory, towers: Path, landscapes: Path) -> Catalog:
    """The landscapes; numbered films that play as they are, in another container and encoded anew; events."""
    folder = tmp_path_factory.mktemp("browser")
    archive = folder / "archive"
    shutil.copytree(landscapes, archive, dirs_exist_ok=True)
    make.vp9(archive)
    make.mpeg4_avi(archive)
    make.b_frames(archive, "cam02_20260213_101500.mkv", seconds=12, gop=100)
    make.b_frames(archive, "cam03_20260216_040000.mp4", seconds=6)
    make.garbage(archive)
    shutil.copytree(towers, folder / "catalog" / "cache")
    catalog = framescout.open(folder / "catalog")
    indexer.index(catalog, [archive])
    _put_events(catalog)
    return catalog


def _put_events(catalog: Catalog) -> None:
    """A few that are told apart, and three thousand."""
    with catalog.snapshot() as snapshot:
        model = snapshot.active_model()
        assert model
        videos = {Path(video.path).name: video.id for video in snapshot.videos()}
        keyframes = {name: snapshot.space(model).keyframe_times(number) for name, number in videos.items()}

    def alert(name: str, start: float, score: float = 2.0, number: int = 0) -> Alert:
        first = keyframes[name].first_keyframe_id
        return Alert(videos[name], start, start + 1.0, start, first + number, score, None)

    with catalog.writer() as writer:
        few = [alert("cam02_20260213_101500.mkv", 1.0), alert("cam03_20260216_040000.mp4", 2.0, 3.0),
               alert("cam01_20260214_221500.mp4", 0.5, 1.0), alert("holiday.mp4", 6.0)]  # fmt: skip
        writer.put_alerts(model, "passing", "a", few)
        many = [alert("cam02_20260213_101500.mkv", number / 300, 0.1) for number in range(3000)]
        writer.put_alerts(model, "flicker", "b", many)


@pytest.fixture(scope="session")
def address(shown: Catalog) -> Iterator[str]:
    """Where `framescout serve` listens."""
    with serving(shown.folder, shown.folder.parent / "exports") as where:
        yield where


@pytest.fixture
def all_new(shown: Catalog) -> None:
    """Nobody has seen or judged an event, whatever the tests before this one opened."""
    for mark in shown.alert_marks.all():
        shown.alert_marks.forget(mark.event, mark.content_hash, mark.start, mark.end)


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
    opened.set_default_timeout(_PATIENCE)
    yield opened
    opened.unroute_all(behavior="wait")  # an answer that a test still changes would fail in the next one
    context.close()
    assert trouble == []
