"""Nothing lies over anything else, and nothing sticks out, from phones to wide screens; cards as large as one likes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import search

pytestmark = pytest.mark.slow

PAGES = ("/", "/?text=mountains&without=snow", "/archive", "/videos/1", "/events", "/selection", "/state")

OVERLAPS = """() => {
  const isSeen = (each) => each.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const boxes = [...document.querySelectorAll("a, button, input, select")]
    .filter((each) => isSeen(each) && !each.closest("dialog, svg, .unseen, .skip"))
    .flatMap((each) => [...each.getClientRects()].map((box) => [each, box]));  // a link may break over lines
  const over = [];
  for (const [number, [one, a]] of boxes.entries()) {
    for (const [other, b] of boxes.slice(number + 1)) {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const isWithin = one.contains(other) || other.contains(one);
      if (width > 2 && height > 2 && !isWithin) over.push(`${one.outerHTML} | ${other.outerHTML}`);
    }
  }
  return over;
}"""
"""What can be pressed or filled in and lies over something else of the kind."""


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
def test_nothing_overlaps_or_sticks_out(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 900})
    page = context.new_page()
    for path in PAGES:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(OVERLAPS) == [], path
    context.close()


def test_cards_stay_as_large_as_they_were_chosen(page: Page) -> None:
    search(page, "mountains")
    slider = page.get_by_label("Size")
    card = page.locator(".card").first
    widths = []
    for place in range(4):
        slider.fill(str(place))
        widths.append(card.evaluate("card => card.offsetWidth"))
    assert widths == sorted(set(widths))
    search(page, "the sea")
    assert page.locator(".card").first.evaluate("card => card.offsetWidth") == widths[-1]


def test_actions_come_with_the_pointer_and_by_key(page: Page) -> None:
    search(page, "mountains")
    card = page.locator(".card").last
    more = card.get_by_role("button", name="More like this")
    assert more.evaluate("each => each.checkVisibility({ opacityProperty: true })") is False
    card.hover()
    assert more.evaluate("each => each.checkVisibility({ opacityProperty: true })") is True
    card.locator("[data-open]").focus()
    page.keyboard.press("-")
    page.wait_for_url("**less_like=*")
    expect(page.locator(".chips")).to_contain_text("1")
