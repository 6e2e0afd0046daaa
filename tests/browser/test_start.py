"""The first page: the last days of each camera, what is new, what needs attention."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow


@pytest.mark.in_firefox_too
def test_a_day_of_a_camera_is_opened_from_its_picture(page: Page) -> None:
    page.goto("/")
    day = page.get_by_role("link", name="cam01, Sat 14 Feb 2026")
    day.locator("img").evaluate("image => image.decode()")
    day.click()
    page.wait_for_url("**/archive?camera=cam01&day=2026-02-14")
    expect(page.get_by_text("cam01_20260214_221500.mp4")).to_be_visible()
    page.locator(".square[aria-current]").wait_for()


def test_what_is_new_and_what_needs_attention_are_one_click_away(page: Page, all_new: None) -> None:
    page.goto("/")
    page.get_by_role("link", name="4 new of passing").click()
    page.wait_for_url("**/events?event=passing&said=new")
    expect(page.locator("[data-alert]")).to_have_count(4)
    page.go_back()
    page.get_by_role("region", name="Needs attention").get_by_role("link", name="1 file could not be read").click()
    expect(page.get_by_role("region", name="In quarantine")).to_be_visible()
