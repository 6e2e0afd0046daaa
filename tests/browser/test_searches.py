"""Saved searches on the page: saved, opened with their filters, edited, forgotten; and what is new for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from framescout.catalog import Catalog
from tests.browser.acting import search
from tests.browser.test_layout import OVERLAPS

pytestmark = pytest.mark.slow


@pytest.fixture
def none_left(shown: Catalog) -> Iterator[Catalog]:
    """Asked for before the page: it is closed first, and asks for no search that is gone."""
    yield shown
    for each in shown.saved_searches.all():
        shown.saved_searches.remove(each.name)


def names(catalog: Catalog) -> list[str]:
    return [each.name for each in catalog.saved_searches.all()]


@pytest.mark.in_firefox_too
def test_a_search_is_saved_run_edited_and_forgotten(none_left: Catalog, page: Page) -> None:
    page.goto("/?text=a+landscape&without=snow&cameras=cam01")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Name").fill("dry land")
    page.keyboard.press("Enter")
    expect(page.locator("[data-opened]")).to_contain_text("Saved search dry land")
    page.get_by_role("link", name="Saved", exact=True).click()
    row = page.locator("[data-saved-search]")
    expect(row).to_contain_text("camera cam01")
    row.get_by_role("link", name="Edit dry land").click()
    expect(page.get_by_label("but not")).to_be_visible()
    expect(page.get_by_role("region", name="Camera")).to_be_visible()
    page.get_by_label("Leave out: camera cam01").click()
    expect(page.locator("[data-opened]")).to_contain_text("Changed from the saved search dry land")
    page.get_by_label("What should be seen").fill("mountains")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Name").fill("dry mountains")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("[data-opened]")).to_contain_text("Saved search dry mountains")
    (kept,) = none_left.saved_searches.all()
    assert (kept.name, kept.query) == ("dry mountains", {"text": "mountains", "without": ["snow"], "limit": 10})
    page.get_by_role("link", name="Saved", exact=True).click()
    page.once("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Remove dry mountains").click()
    expect(page.get_by_text("Nothing is saved yet")).to_be_visible()
    expect(page.locator("h1")).to_be_focused()
    assert names(none_left) == []


def test_what_is_new_is_counted_until_it_was_opened(none_left: Catalog, page: Page) -> None:
    none_left.saved_searches.save("meadow", {"text": "trees in a green meadow"}, None, 1)
    page.goto("/")
    page.get_by_role("link", name="new for meadow").click()
    expect(page.locator(".chips")).to_contain_text("only what is new")
    expect(page.locator(".card").first).to_contain_text("holiday.mp4")
    page.wait_for_load_state("networkidle")
    page.goto("/searches")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("link", name="Run meadow")).to_be_visible()
    expect(page.locator("[data-unread-of]")).to_be_hidden()


def test_a_name_that_is_taken_is_refused_and_keys_alone_save(
    none_left: Catalog, page: Page, trouble: list[str]
) -> None:
    none_left.saved_searches.save("sea", {"text": "the sea"}, None, 1)
    search(page, "mountains")
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("sea")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("already")
    trouble.clear()  # Chromium notes the 409 itself
    page.keyboard.type("s and mountains")
    page.keyboard.press("Enter")
    expect(page.locator("[data-opened]")).to_contain_text("seas and mountains")
    assert names(none_left) == ["sea", "seas and mountains"]


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
def test_nothing_overlaps(browser: Browser, address: str, none_left: Catalog, width: int) -> None:
    long = "a name that somebody wrote without thinking of narrow screens, and" + "one-word" * 4
    none_left.saved_searches.save(long, {"text": "x " * 80, "cameras": ["cam0*"], "hours": "22:00-05:00"}, ["cat"], 1)
    none_left.saved_searches.save("meadow", {"text": "trees in a green meadow", "without": ["snow"]}, None, 1)
    none_left.saved_searches.save("a picture", {"images": ["/home/me/dog.jpg"]}, None, 1)
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 900})
    page = context.new_page()
    for path in ("/", "/searches", "/?text=mountains&saved=meadow&since=3"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(OVERLAPS) == [], path
    context.close()
