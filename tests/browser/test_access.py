"""Every page and dialog, judged by axe in light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from framescout.catalog import Catalog
from tests.browser.acting import SCHEMES, judge, until_it_plays

pytestmark = pytest.mark.slow

PAGES = {
    "start": "/",
    "results": "/?text=mountains&without=snow&page=1",
    "saved searches": "/searches",
    "a saved search": "/?text=mountains&saved=peaks&since=2",
    "archive": "/archive",
    "storyboard": "/videos/1",
    "events": "/events",
    "state": "/state",
}


def test_pages_and_dialogs_are_accessible(page: Page, shown: Catalog) -> None:
    shown.saved_searches.save("peaks", {"text": "mountains", "without": ["snow"]}, ["cat"], 1)
    page.emulate_media(reduced_motion="reduce")
    for name, path in PAGES.items():
        page.goto(path)
        page.wait_for_load_state("networkidle")
        _judge(page, name)
    page.goto("/?text=mountains&saved=peaks")
    page.get_by_role("button", name="Save", exact=True).click()
    _judge(page, "saving")
    page.get_by_role("button", name="Cancel").click()
    page.goto("/?text=mountains")
    page.locator(".more summary").click()
    page.get_by_role("region", name="Camera").wait_for()
    _judge(page, "every condition and filter")
    page.locator("[data-mark-card]").first.click()
    page.locator("[data-open]").first.click()
    until_it_plays(page, 0.2)
    _judge(page, "player")
    page.keyboard.press("?")
    _judge(page, "keys")
    page.goto("/selection")
    page.get_by_role("button", name=re.compile("^Export")).click()
    expect(page.locator("[data-job]").first).to_have_attribute("data-is", "done", timeout=60_000)
    _judge(page, "selection")
    shown.saved_searches.remove("peaks")


def test_nothing_moves_where_motion_is_not_wanted(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/?text=mountains")
    moving = page.evaluate(
        "() => [...document.querySelectorAll('*')].filter((each) => {"
        " const style = getComputedStyle(each);"
        " return style.transitionDuration !== '0s' || style.animationName !== 'none'; }).length"
    )
    assert moving == 0


def _judge(page: Page, what: str) -> None:
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        judge(page, f"{what}, {scheme}")
