"""Filters are picked from lists, by pointer and by keys, left out, and let go."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import search
from tests.browser.test_layout import OVERLAPS

pytestmark = pytest.mark.slow


@pytest.mark.in_firefox_too
def test_a_camera_is_picked_left_out_and_let_go(page: Page) -> None:
    search(page, "a landscape")
    camera = page.get_by_role("region", name="Camera")
    expect(camera.get_by_role("link", name="cam01 1 video")).to_be_visible()
    camera.get_by_role("link", name="cam01 1 video").click()
    page.wait_for_url("**cameras=cam01")
    picked = camera.get_by_role("link", name="cam01 1 video")
    expect(picked).to_have_attribute("aria-current", "true")
    expect(picked).to_be_focused()
    expect(page.locator(".card")).not_to_have_count(0)
    for notes in page.locator(".card .small").all_inner_texts():
        assert "cam01" in notes
    expect(camera.get_by_role("link", name="cam02 1 video", exact=True)).to_be_visible()  # counted as if it alone was
    picked.hover()
    camera.get_by_role("link", name="Not cam01").click()
    page.wait_for_url("**not_cameras=cam01")
    expect(page.locator(".chips")).to_contain_text("not camera cam01")
    assert not [notes for notes in page.locator(".card .small").all_inner_texts() if "cam01" in notes]
    camera.get_by_role("link", name="not cam01").first.click()
    page.wait_for_url(lambda url: "cam01" not in url)
    expect(page.locator(".chips")).to_have_count(0)


def test_keys_alone_open_the_filters_and_pick(page: Page) -> None:
    page.set_viewport_size({"width": 900, "height": 800})
    search(page, "a landscape")
    button = page.get_by_role("button", name="Filters")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    first = page.get_by_role("region", name="Camera").get_by_role("link").first
    expect(first).to_be_visible()
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**cameras=*")
    expect(page.locator("[data-filters] [aria-current]")).to_be_focused()
    page.get_by_role("button", name="Filters").click()
    expect(page.locator("[data-filters]")).to_be_hidden()


def test_a_chip_turns_round(page: Page) -> None:
    page.goto("/?text=a+landscape&also=snow")
    page.get_by_label("Not: and snow").click()
    page.wait_for_url("**without=snow")
    page.get_by_label("Ask for: not snow").click()
    page.wait_for_url("**also=snow")


def test_a_sentence_that_is_not_asked_yet_goes_along(page: Page) -> None:
    page.goto("/")
    page.get_by_label("What should be seen").fill("mountains")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("region", name="Camera").get_by_role("link").first.click()
    page.wait_for_url(re.compile("cameras=.*text=mountains"))


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
def test_open_filters_lie_over_nothing(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 900})
    page = context.new_page()
    for path in ("/", "/?text=mountains&without=snow"):
        page.goto(path)
        button = page.get_by_role("button", name="Filters")
        if button.get_attribute("aria-expanded") == "false":  # an open panel without its lists yet has no size
            button.click()
        page.get_by_role("region", name="Camera").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(OVERLAPS) == [], path
    context.close()
