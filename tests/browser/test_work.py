"""A first archive is indexed from the page: the folder is picked, the run is followed, and goes on without the page."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import SCHEMES, judge
from tests.browser.test_layout import OVERLAPS
from tests.footage import make
from tests.query.web.serving import serving

pytestmark = pytest.mark.slow


@pytest.fixture
def may(tmp_path: Path, towers: Path, landscapes: Path) -> tuple[str, ...]:
    """The options of an app that may index what lies below two folders."""
    shutil.copytree(landscapes, tmp_path / "archive" / "holidays", dirs_exist_ok=True)
    for name in ("yard", "gate", "garage", "roof"):
        (tmp_path / "archive" / name).mkdir()
    (tmp_path / "other").mkdir()
    make.garbage(tmp_path / "archive" / "yard")
    shutil.copytree(towers, tmp_path / "catalog" / "cache")
    return "--may-index", str(tmp_path / "archive"), "--may-index", str(tmp_path / "other")


@pytest.fixture
def address(tmp_path: Path, may: tuple[str, ...]) -> Iterator[str]:
    """An app without a catalog."""
    with serving(tmp_path / "catalog", tmp_path / "exports", *may) as where:
        yield where


def test_a_first_archive_is_indexed_from_the_page(page: Page, tmp_path: Path) -> None:
    page.goto("/state")
    work = page.locator("[data-work]")
    expect(work.locator("[data-way]")).to_have_text("archive")
    expect(work.locator("[data-folders] li")).to_have_text(
        ["garage", "gate", "holidays", "roof", "yard", str(tmp_path / "other")]
    )
    work.get_by_role("button", name="holidays").click()
    expect(work.locator("[data-way]")).to_have_text("archiveholidays")
    work.get_by_role("button", name="Index this folder").click()
    expect(work.locator("[data-title]")).to_contain_text(f"Indexing {tmp_path / 'archive' / 'holidays'}")
    expect(work.get_by_role("button", name="Index this folder")).to_be_disabled()
    page.goto("about:blank")  # nobody looks on
    page.goto("/state")
    expect(work.locator("[data-title]")).to_have_text(f"Indexed {tmp_path / 'archive' / 'holidays'}")
    expect(work.locator("[data-said-by-job]")).to_contain_text("4 videos indexed")
    expect(page.locator("[data-number='videos']")).to_have_text("4")
    page.on("dialog", lambda dialog: dialog.accept())
    work.get_by_role("button", name="Drop what is gone").click()
    expect(work.locator("[data-title]")).to_have_text("Dropped videos whose files are gone")
    page.goto("/?text=mountains")
    expect(page.locator(".card").first).to_be_visible()


def test_it_is_stopped_from_the_page(page: Page, tmp_path: Path) -> None:
    make.b_frames(tmp_path / "archive" / "roof", "long.mp4", seconds=300, gop=5)
    page.goto("/state")
    work = page.locator("[data-work]")
    work.get_by_role("button", name="Index this folder").click()
    work.get_by_role("button", name="Stop", exact=True).click()
    expect(work.locator("[data-title]")).to_have_text(f"Indexed {tmp_path / 'archive'} – stopped")


def test_what_goes_on_is_marked_as_old_while_the_server_is_gone(
    browser: Browser, tmp_path: Path, may: tuple[str, ...]
) -> None:
    make.b_frames(tmp_path / "archive" / "roof", "long.mp4", seconds=300, gop=5)
    page = browser.new_context().new_page()
    work = page.locator("[data-work]")
    with serving(tmp_path / "catalog", tmp_path / "exports", *may) as where:
        page.goto(f"{where}/state")
        work.get_by_role("button", name="Index this folder").click()
        expect(work.locator("[data-title]")).to_contain_text("Indexing")
    expect(work).to_have_class(re.compile(r"\bstale\b"))
    expect(work.locator("[data-title]")).to_contain_text("Indexing")
    with serving(tmp_path / "catalog", tmp_path / "exports", *may, port=urlsplit(where).port):
        expect(work).not_to_have_class(re.compile(r"\bstale\b"))
        expect(work.locator("[data-job]")).to_be_hidden()
        expect(work.get_by_role("button", name="Index this folder")).to_be_enabled()
    page.context.close()


def test_work_is_accessible_and_fits(page: Page) -> None:
    page.goto("/state")
    work = page.locator("[data-work]")
    work.get_by_role("button", name="holidays").wait_for()
    _judge(page)
    work.get_by_role("button", name="Index this folder").click()
    expect(work.locator("[data-title]")).to_contain_text("Indexed")
    expect(page.locator("[data-number='videos']")).to_have_text("4")
    _judge(page)


def _judge(page: Page) -> None:
    for width, scheme in itertools.product([360, 1440], SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
        judge(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERLAPS) == []
