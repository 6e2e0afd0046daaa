"""What stands in the place of a picture until it comes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import until

pytestmark = pytest.mark.slow

PICTURES = re.compile(r"/picture\?")
ADDRESS = "/?text=mountains&collapse=false"
_COLOURS = """(canvas) => [...canvas.getContext("2d").getImageData(0, 0, 4, 3).data]"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_stand_in_for_pictures_until_they_come(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(ADDRESS)  # the pictures are made
    until(page, lambda: page.evaluate("document.querySelector('.card img').naturalWidth") > 0)
    expect(page.locator("canvas.tint")).to_have_count(0)
    held: list[Route] = []
    page.route(PICTURES, lambda route: held.append(route))
    page.goto(ADDRESS, wait_until="commit")
    tint = page.locator(".card canvas.tint").first
    expect(tint).to_be_visible()
    place, card = tint.bounding_box(), page.locator(".card .picture").first.bounding_box()
    assert place
    assert card
    assert place["width"] == pytest.approx(card["width"], abs=1)
    assert place["height"] == pytest.approx(card["height"], abs=1)
    colours = tint.evaluate(_COLOURS)
    sky = colours[:3]
    assert sky[2] > sky[0] + 40  # blue
    assert colours[3::4] == [255] * 12
    background = page.locator(".picture").first.evaluate("each => getComputedStyle(each).backgroundColor")
    assert background not in ("rgb(0, 0, 0)", "rgba(0, 0, 0, 0)")  # where nothing is known of the picture
    page.route(PICTURES, lambda route: route.continue_())  # those that are asked for later
    while held:
        held.pop().continue_()
    expect(page.locator("canvas.tint")).to_have_count(0)
