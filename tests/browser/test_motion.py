"""The motion curve under the player, and the form that asks for motion."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import framescout
import indexer
from framescout.catalog import Catalog
from framescout.motion import Motion, Source
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


@pytest.fixture
def yard(tmp_path: Path, towers: Path) -> Catalog:
    """One video of 12 s in which something moves from 5 to 7 s."""
    (tmp_path / "archive").mkdir()
    moving.scene(tmp_path / "archive", "yard.mp4", "block")
    shutil.copytree(towers, tmp_path / "catalog" / "cache")
    catalog = framescout.open(tmp_path / "catalog")
    indexer.index(catalog, [tmp_path / "archive"])
    return catalog


def opened(browser: Browser, catalog: Catalog, address: str, levels: list[int], detail: str) -> Page:
    """The player over the video, with this curve in place of its own."""
    motion = Motion(np.array(levels, np.uint8), Source.SIZES if any(levels) else Source.UNKNOWN, detail)
    with catalog.writer() as writer:
        writer.put_motion(1, motion)
    page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 860})
    page.goto("/?text=a+wall")
    page.locator("[data-open]").first.click()
    return page


def test_what_is_not_known_is_a_gap_in_the_curve(browser: Browser, yard: Catalog, tmp_path: Path) -> None:
    still, moves = 30, 80
    with serving(yard.folder, tmp_path / "exports") as address:
        levels = [still] * 8 + [0] * 4 + [moves] * 6 + [0] * 2 + [still] * 4
        page = opened(browser, yard, address, levels, "the light changes")
        expect(page.locator("[data-motion] .moves")).to_have_count(3)
        runs = [each.get_attribute("points") or "" for each in page.locator("[data-motion] .moves").all()]
        seconds = [
            sorted({float(point.split(",")[0]) / 1000 * moving.SECONDS for point in points.split()}) for points in runs
        ]
        assert [(round(own[0], 1), round(own[-1], 1)) for own in seconds] == [(0.0, 4.0), (6.0, 9.0), (10.0, 12.0)]
        gaps = [float(each.get_attribute("x1") or 0) for each in page.locator("[data-motion] .gap").all()]
        assert [round(x / 1000 * moving.SECONDS, 1) for x in gaps] == [4.0, 9.0]
        expect(page.locator("[data-motion]")).to_have_attribute(
            "aria-label", "How much moves, from sizes: the light changes"
        )
        expect(page.locator("[data-motion-unknown]")).to_be_hidden()
        page.screenshot(path=tmp_path / "gaps.png")
        page.close()


def test_of_a_curve_of_which_nothing_is_known_the_player_says_why(
    browser: Browser, yard: Catalog, tmp_path: Path
) -> None:
    with serving(yard.folder, tmp_path / "exports") as address:
        page = opened(browser, yard, address, [], "its rate is held")
        expect(page.locator("[data-motion-unknown]")).to_have_text("Not known how much moves: its rate is held")
        expect(page.locator("[data-motion] .moves")).to_have_count(0)
        page.screenshot(path=tmp_path / "unknown.png")
        page.close()


@pytest.mark.in_firefox_too
def test_motion_is_asked_for_in_the_form_and_left_out_by_its_chip(
    browser: Browser, yard: Catalog, tmp_path: Path
) -> None:
    with serving(yard.folder, tmp_path / "exports") as address:
        page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 860})
        page.goto("/")
        page.get_by_role("button", name="Filters").click()
        page.get_by_role("link", name="much 1 video").click()
        expect(page.locator(".chips li")).to_have_count(1)
        page.get_by_text("More: not, then").click()
        page.get_by_role("combobox", name="sorted by").select_option("motion")
        page.screenshot(path=tmp_path / "form.png", full_page=True)
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".chips li")).to_have_count(2)
        expect(page.locator(".verdict")).to_contain_text("Most motion first")
        expect(page.locator(".card")).to_have_count(1)
        page.screenshot(path=tmp_path / "chips.png", full_page=True)
        page.get_by_label("Leave out: by motion").click()
        expect(page.locator(".chips li")).to_have_count(1)
        expect(page.locator(".verdict")).to_contain_text("Best first")
        page.close()
