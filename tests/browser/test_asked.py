"""The last questions of a browser are offered again, by pointer and by keys, and forgotten when somebody wants that."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import judge, search

pytestmark = pytest.mark.slow


@pytest.mark.in_firefox_too
def test_what_was_asked_is_offered_and_asked_again_by_keys_alone(page: Page) -> None:
    page.goto("/?text=mountains&without=snow&page=1")
    search(page, "the sea")
    page.get_by_role("link", name="Search", exact=True).click()
    field = page.get_by_role("combobox", name="What should be seen")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    options = page.get_by_role("listbox", name="Asked before").get_by_role("option")
    expect(options).to_have_text(["the sea", "mountains · not snow"])
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    page.keyboard.type("MOUNT")
    expect(options).to_have_text(["mountains · not snow"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?text=mountains&without=snow")
    field.click()
    expect(options).to_have_text(["mountains · not snow", "the sea"])
    options.last.click()
    page.wait_for_url("**/?text=the+sea")


def test_they_are_forgotten_one_by_one_and_all_at_once(page: Page) -> None:
    for text in ("mountains", "the sea", "a meadow"):
        search(page, text)
    page.goto("/")
    options = page.get_by_role("listbox", name="Asked before").get_by_role("option")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Delete")
    expect(options).to_have_text(["a meadow", "the sea"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Forget all")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(options).to_have_count(0)
    assert page.evaluate("localStorage.getItem('framescout-asked')") is None


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (768, "light"), (1440, "light"), (2560, "dark")])
def test_the_list_is_accessible_and_fits(browser: Browser, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/?text=mountains&" + "&".join(f"without=a+long+word+{number}" for number in range(9)))
    search(page, "the sea")
    page.goto("/")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("ArrowDown")
    box = page.locator("[data-asked]").bounding_box()
    assert box
    assert (box["x"] >= 0, box["x"] + box["width"] <= width, box["height"] > 60) == (True, True, True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    judge(page)
    context.close()
