"""The motion curve under the player."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import framescout
import indexer
from tests.footage import moving
from tests.query.web.serving import serving

pytestmark = pytest.mark.slow


def test_the_curve_rises_where_something_moves(browser: Browser, tmp_path: Path, towers: Path) -> None:
    (tmp_path / "archive").mkdir()
    moving.scene(tmp_path / "archive", "yard.mp4", "block")
    shutil.copytree(towers, tmp_path / "catalog" / "cache")
    catalog = framescout.open(tmp_path / "catalog")
    indexer.index(catalog, [tmp_path / "archive"])
    with serving(catalog.folder, tmp_path / "exports") as address:
        page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 860})
        page.goto("/?motion=much")
        page.locator("[data-open]").first.click()
        expect(page.locator("[data-motion] .moves")).to_have_count(1)
        points = page.locator("[data-motion] .moves").get_attribute("points") or ""
        places = [tuple(map(float, each.split(","))) for each in points.split()]
        seconds = [x / 1000 * moving.SECONDS for x, y in places if y < 12]  # much is the upper half
        assert seconds
        assert min(seconds) >= moving.BEGINS - 0.5
        assert max(seconds) <= moving.ENDS + 1.0
        expect(page.locator("[data-motion-unknown]")).to_be_hidden()
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 860})
            page.screenshot(path=tmp_path / f"{scheme}-{width}.png")
        page.close()
