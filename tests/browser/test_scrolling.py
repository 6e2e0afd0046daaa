"""Moments come as one scrolls, and the way back leads to the same place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import until

pytestmark = pytest.mark.slow

ADDRESS = "/?text=a+landscape&collapse=false&limit=2"


def keyframes(page: Page) -> list[int]:
    return [
        int(each)
        for each in page.evaluate(
            "[...document.querySelectorAll('.card')].map((c) => JSON.parse(c.dataset.moment).keyframe_id)"
        )
    ]


def test_all_moments_come_each_once_and_in_order(page: Page) -> None:
    wanted = page.request.get("/api/search?text=a+landscape&collapse=false&limit=100").json()["moments"]
    assert len(wanted) > 6
    page.goto(ADDRESS)
    expect(page.locator("[data-more]")).to_contain_text("That is all")
    assert keyframes(page) == [each["keyframe_id"] for each in wanted]
    page.locator("[data-mark-card]").last.click()
    expect(page.locator("[data-selected]")).to_have_text("1")
    page.locator("[data-open]").last.click()
    expect(page.locator("[data-count]")).to_have_text(f"{len(wanted)} of {len(wanted)}")


def test_back_a_reload_and_an_address_lead_to_the_same_place(page: Page) -> None:
    page.set_viewport_size({"width": 500, "height": 500})
    page.goto(ADDRESS)
    page.locator(".card").nth(4).wait_for(state="attached")

    def reaches_page_3() -> bool:  # as far as cards are there, which come while one scrolls
        page.locator(".card").nth(4).evaluate("card => card.scrollIntoView()")
        return "page=3" in page.url

    until(page, reaches_page_3)
    seen = keyframes(page)[4]
    page.locator(".card").nth(4).locator(".name a").click()
    page.wait_for_url("**/videos/*")
    page.go_back()
    card = page.locator(f"[data-moment*='\"keyframe_id\": {seen},']")
    expect(card).to_be_in_viewport()
    page.reload()
    expect(card).to_be_in_viewport()
    until(page, lambda: seen in keyframes(page)[4:])  # what comes before stands before, and nothing moved
    expect(card).to_be_in_viewport()
    expect(page.get_by_role("link", name="Previous")).to_have_count(0)
    shown = keyframes(page)
    assert len(shown) == len({*shown})
    assert shown.index(seen) == 4
    assert re.search(r"page=\d", page.url)
