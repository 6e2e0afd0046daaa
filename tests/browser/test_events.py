"""Events on a timeline, and as a list."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import until_it_plays

pytestmark = pytest.mark.slow


def test_alerts_are_new_until_they_were_seen_and_are_judged(page: Page, all_new: None) -> None:
    page.goto("/events?event=passing")
    expect(page.locator("[data-unread]")).to_have_text("4 new")
    expect(page.locator(".card.unread .new")).to_have_text(["New"] * 4)
    first = page.locator(".card").first
    first.get_by_role("button", name="Was wrong").click()
    expect(first.locator("[data-verdict=wrong]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-unread]")).to_have_text("3 new")
    second = page.locator(".card").nth(1)
    second.locator("[data-open]").click()  # playing it is seeing it
    expect(page.locator("[data-unread]")).to_have_text("2 new")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.locator(".card.unread")).to_have_count(0)
    page.goto("/events?event=passing&said=wrong")
    expect(page.locator(".card")).to_have_count(1)
    page.locator("[data-verdict=wrong]").click()  # taken back
    expect(page.locator("[data-verdict=wrong]")).to_have_attribute("aria-pressed", "false")
    page.goto("/events?event=passing&said=wrong")
    expect(page.locator(".card")).to_have_count(0)


@pytest.mark.in_firefox_too
def test_the_timeline_has_a_lane_a_camera_and_plays_an_event(page: Page) -> None:
    page.goto("/events")
    expect(page.locator("[data-names] div")).to_have_text(["cam01", "cam02", "cam03"])
    expect(page.locator("[data-untimed]")).to_contain_text("1 of 3004 events")
    page.get_by_role("button", name="flicker 3000").click()
    expect(page.locator(".event")).to_have_count(3)
    left = [bar.bounding_box()["x"] for bar in page.locator(".event").all()]
    by_lane = dict(zip(("cam01", "cam02", "cam03"), left, strict=True))
    assert by_lane["cam02"] < by_lane["cam01"] < by_lane["cam03"]  # 13, 14 and 16 February
    assert any("14 Feb" in text for text in page.locator(".tick.day").all_inner_texts())
    page.locator(".event").nth(2).click()
    expect(page.locator("[data-title]")).to_have_text("cam03_20260216_040000.mp4")
    until_it_plays(page, 2.1)
    page.keyboard.press("p")
    expect(page.locator("[data-title]")).to_have_text("cam01_20260214_221500.mp4")
    page.keyboard.press("Escape")


def test_thousands_of_events_are_few_bars_that_come_apart(page: Page) -> None:
    page.goto("/events")
    expect(page.locator(".event").first).to_be_visible()
    assert page.locator(".event").count() < 60
    crowd = page.locator(".event", has_text="3001")
    expect(crowd).to_have_accessible_name("3001 events (flicker, passing), cam02, Fri 13 Feb 2026, 10:15:00")
    crowd.click()
    expect(crowd).to_have_count(0)
    took = page.evaluate(
        "async () => { const view = document.querySelector('[data-window]'); const began = performance.now();"
        " for (let i = 0; i < 20; i += 1) { view.scrollLeft += 50; await new Promise(requestAnimationFrame); }"
        " return performance.now() - began; }"
    )
    assert took < 5000
    assert page.locator(".event").count() < 200


def test_the_timeline_by_keyboard(page: Page) -> None:
    page.goto("/events")
    page.get_by_role("button", name="flicker 3000").click()
    page.locator(".event").nth(1).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".event:focus")).to_have_accessible_name("passing, cam01, Sat 14 Feb 2026, 22:15:00")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".event:focus")).to_have_accessible_name("passing, cam03, Mon 16 Feb 2026, 04:00:02")
    page.keyboard.press("Enter")
    expect(page.locator("[data-title]")).to_have_text("cam03_20260216_040000.mp4")


def test_the_list_is_narrowed_and_ordered(page: Page) -> None:
    page.goto("/events")
    page.get_by_role("combobox", name="Event").select_option("passing")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator(".card .name").first).to_have_text("cam03_20260216_040000.mp4")
    page.get_by_role("combobox", name="Order").select_option("by time")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".card .name").first).to_have_text("cam02_20260213_101500.mkv")
    page.get_by_role("combobox", name="Event").select_option("")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".paging").first).to_contain_text("Page 2 of 51")
