"""Answers that don't come, or come late: the page says so, and asks again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import open_video, search, until, until_it_plays

pytestmark = pytest.mark.slow

SENTENCE = "framescout does not answer; is framescout serve still running?"
LATE, WANTED = "2026-02-13", "2026-02-16"  # days


@pytest.fixture(autouse=True)
def aborted(page: Page, trouble: list[str]) -> Iterator[None]:
    """Chromium itself tells of each answer that did not come."""
    yield
    trouble[:] = [said for said in trouble if "net::ERR_FAILED" not in said]


def abort(route: Route) -> None:
    route.abort()


def test_the_player_says_that_it_has_no_curve(page: Page) -> None:
    search(page, "trees in a green meadow")
    page.route("**/curve?*", abort)
    page.locator("[data-open]").first.click()
    expect(page.locator("dialog [data-said]").first).to_have_text(SENTENCE)
    until_it_plays(page, 0.2)


def test_the_player_says_that_it_knows_of_no_other_camera(page: Page) -> None:
    page.route("**/api/days/*", abort)
    open_video(page, "cam03_20260216_040000.mp4")
    expect(page.locator("dialog [data-said]").first).to_have_text(SENTENCE)


def test_the_page_works_in_a_browser_that_keeps_nothing(page: Page) -> None:
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name,"
        " { get() { throw new DOMException('it is not allowed', 'SecurityError'); } });"
    )
    search(page, "trees in a green meadow")
    expect(page.get_by_role("region", name="Camera")).to_be_visible()
    page.get_by_role("button", name="Timeline").click()
    expect(page.get_by_role("region", name="Calendar")).to_be_visible()
    page.locator("[data-open]").first.click()
    until_it_plays(page, 0.2)
    page.keyboard.press("t")
    expect(page.locator("[data-stamped]")).to_have_attribute("aria-pressed", "false")


def test_a_strip_of_pictures_that_did_not_come_is_fetched_again(page: Page) -> None:
    search(page, "trees in a green meadow")
    picture = page.locator(".card .picture").first
    page.route("**/strip?*", abort)
    with page.expect_event("requestfailed"):
        picture.hover()
    page.unroute("**/strip?*")

    def comes() -> int:
        page.mouse.move(0, 0)
        picture.hover()
        return page.locator("[data-scrub]").count()

    until(page, comes)


def test_filters_and_timeline_that_did_not_come_are_asked_for_when_they_are_opened_again(page: Page) -> None:
    for part, button, address in (("filters", "Filters", "**/api/facets?*"), ("time", "Timeline", "**/api/days?*")):
        page.route(address, abort)
        search(page, "a landscape")
        opened = page.get_by_role("button", name=button)
        if opened.get_attribute("aria-expanded") == "false":
            opened.click()
        place = page.locator(f"[data-{part}]")
        expect(place).to_have_text(SENTENCE)
        page.unroute(address)
        opened.click()
        opened.click()
        expect(place).to_contain_text("Camera" if part == "filters" else "Videos")


def test_a_day_that_comes_late_does_not_take_the_place_of_the_one_that_was_picked_after_it(page: Page) -> None:
    page.goto("/?text=a+street+at+night&collapse=false")
    page.get_by_role("button", name="Timeline").click()
    day = page.get_by_role("region", name="Day")
    expect(day.get_by_role("heading")).to_be_visible()
    late: list[Route] = []
    page.route(f"**/api/days/{LATE}?*", lambda route: late.append(route))
    page.locator(f"a.square[data-day='{LATE}']").click()
    until(page, lambda: late)
    page.locator(f"a.square[data-day='{WANTED}']").click()
    expect(day.get_by_role("heading")).to_have_text("Mon, 16 Feb 2026")
    with page.expect_response(f"**/api/days/{LATE}?*"):
        late[0].continue_()
    page.unroute(f"**/api/days/{LATE}?*")
    page.evaluate("address => fetch(address).then((answer) => answer.json())", late[0].request.url)
    expect(day.get_by_role("heading")).to_have_text("Mon, 16 Feb 2026")
    page.route(f"**/api/days/{LATE}?*", abort)
    page.locator(f"a.square[data-day='{LATE}']").click()
    expect(page.locator("body > [data-said]")).to_have_text(SENTENCE)
    expect(day).not_to_have_attribute("aria-busy", re.compile(".*"))
