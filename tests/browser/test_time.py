"""The archive by time: a calendar, the lanes of a day, played from where it is clicked, hours to search in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.acting import judge, time_of, until, until_it_plays
from tests.browser.test_layout import OVERLAPS

pytestmark = pytest.mark.slow

DAY = "2026-02-13"  # cam02 recorded twelve seconds from 10:15 on


@pytest.mark.in_firefox_too
def test_the_calendar_leads_to_a_day_and_its_videos(page: Page) -> None:
    page.goto("/archive")
    square = page.get_by_role("link", name="Fri, 13 Feb 2026: 1 video")
    expect(square).to_be_visible()
    page.get_by_role("button", name="Alerts", exact=True).click()
    expect(page.get_by_role("button", name="Alerts", exact=True)).to_be_focused()
    square.click()
    page.wait_for_url(f"**day={DAY}")
    expect(page.get_by_role("heading", name="Fri, 13 Feb 2026")).to_be_visible()
    expect(page.locator(".board li")).to_have_count(1)
    expect(page.locator(".board")).to_contain_text("cam02_20260213_101500.mkv")


@pytest.mark.in_firefox_too
def test_a_click_in_a_lane_plays_from_there_on(page: Page) -> None:
    page.goto(f"/archive?day={DAY}")
    run = page.get_by_role("button", name=re.compile("^Play cam02, 10:15 to 10:15"))
    run.evaluate("run => { run.style.width = '200px'; }")  # twelve seconds of a day are three pixels
    box = run.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)
    until_it_plays(page, 5.8)
    assert time_of(page) < 11
    page.keyboard.press("Escape")
    expect(page.locator("[data-player]")).not_to_be_visible()


def test_keys_alone_go_through_days_and_lanes(page: Page) -> None:
    page.goto("/archive")
    squares = page.locator("a.square")
    expect(squares.first).to_be_attached()
    page.locator("a.square[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    name = page.evaluate("document.activeElement.dataset.day")
    assert name == DAY
    page.keyboard.press("Enter")
    page.wait_for_url(f"**day={DAY}")
    page.locator(".run").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.matches('.mark.alert')")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    until_it_plays(page, 0.2)


@pytest.mark.in_firefox_too
def test_hours_are_dragged_and_searched_in(page: Page) -> None:
    page.goto(f"/archive?day={DAY}&camera=cam02")
    inside = page.locator(".day-lanes .inside")
    expect(inside).to_be_visible()
    box = inside.bounding_box()
    assert box
    at = [box["x"] + box["width"] * hour / 24 for hour in (9, 12)]
    page.mouse.move(at[0] + 1, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(at[1] + 1, box["y"] + 12, steps=5)
    page.mouse.up()
    expect(page.get_by_label("From", exact=True)).to_have_value(re.compile("^(08:59|09:0[0-5])$"))
    page.get_by_label("From", exact=True).fill("09:00")
    page.get_by_label("To", exact=True).fill("12:00")
    page.get_by_role("button", name="Search these hours").click()
    page.wait_for_url("**after=*")
    expect(page.locator(".chips li")).to_have_count(3)
    page.get_by_label("What should be seen").fill("a test picture")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=*")
    expect(page.locator(".card")).not_to_have_count(0)
    for name in page.locator(".card .name").all_inner_texts():
        assert name == "cam02_20260213_101500.mkv"


def test_what_was_found_stands_on_the_timeline_too(page: Page) -> None:
    page.goto("/?text=a+street+at+night&collapse=false")  # similar pictures of other days, too
    cards = page.locator(".card")
    page.get_by_role("button", name="Timeline").click()
    marks = page.locator(".mark.hit")
    expect(marks.first).to_be_visible()
    on_days = page.locator("a.square.hit")
    expect(on_days.first).to_be_attached()
    number = int(re.findall(r"Result (\d+)", marks.first.get_attribute("aria-label") or "")[0])
    marks.first.click()
    until(page, lambda: page.locator("[data-player]").is_visible())
    name = cards.nth(number - 1).locator(".name a").inner_text()
    expect(page.locator("[data-title]")).to_have_text(name.rpartition("/")[2])
    page.keyboard.press("Escape")
    other = page.locator("a.square.hit:not([aria-current])").first
    other.click()
    expect(page.locator("a.square.hit[aria-current]")).to_have_count(1)
    page.reload()
    expect(page.get_by_role("button", name="Timeline")).to_have_attribute("aria-expanded", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_calendar_and_lanes_are_accessible(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"/archive?day={DAY}")
    page.locator(".run").first.wait_for()
    judge(page)


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
def test_nothing_of_a_day_lies_over_anything_but_its_marks(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"/archive?day={DAY}")
    page.locator(".run").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(
        "for (const mark of document.querySelectorAll('.mark')) mark.remove();"
    )  # they lie on what is recorded
    assert page.evaluate(OVERLAPS) == []
    context.close()


def test_a_narrow_screen_begins_with_what_was_recorded_first(browser: Browser, address: str) -> None:
    def with_an_earlier_camera(route: Route) -> None:
        answer = route.fetch()
        known = answer.json()
        (lane,) = known["lanes"]
        early = [span | {"start": 0.0, "end": 1800.0} for span in lane["spans"]]
        route.fulfill(response=answer, json=known | {"lanes": [lane, lane | {"camera": "cam99", "spans": early}]})

    context = browser.new_context(base_url=address, viewport={"width": 375, "height": 900})
    page = context.new_page()
    page.route(f"**/api/days/{DAY}*", with_an_earlier_camera)
    page.goto(f"/archive?day={DAY}")
    expect(page.locator(".run")).to_have_count(2)
    assert page.locator(".day-lanes .window").evaluate(
        "view => [view.scrollLeft, view.scrollWidth > view.clientWidth]"
    ) == [0, True]
    context.close()
