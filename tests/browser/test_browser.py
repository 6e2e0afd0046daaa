"""What a person does, done in a real browser."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import framescout
import indexer
from framescout.commands.scenes import draw
from tests.browser.acting import search, until_it_plays
from tests.footage import make
from tests.query.web.serving import serving

pytestmark = pytest.mark.slow


@pytest.mark.in_firefox_too
def test_a_sentence_is_found_scrubbed_and_played(page: Page) -> None:
    search(page, "trees in a green meadow")
    first = page.locator(".card").first
    expect(first).to_contain_text("holiday.mp4")
    expect(page.locator(".verdict")).to_contain_text("Best first")
    first.locator("img").evaluate("image => image.decode()")
    first.locator(".picture").hover()
    scrub = first.locator("[data-scrub]")
    scrub.wait_for(state="attached")
    box = first.locator(".picture").bounding_box()
    assert box
    seen = set()
    for share in (0.1, 0.5, 0.9):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        expect(scrub).to_be_visible()
        seen.add(scrub.evaluate("strip => strip.style.backgroundPosition"))
    assert len(seen) == 3
    first.locator("[data-open]").click()
    until_it_plays(page, 6.2)
    expect(page.locator("[data-curve] polyline")).to_have_count(1)
    assert "/file" in page.evaluate("document.querySelector('[data-video]').currentSrc")


@pytest.mark.in_firefox_too
def test_the_keyboard_alone_finds_plays_and_marks(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("sunset over the sea")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?text=*")
    page.locator("[data-open]").first.focus()
    page.keyboard.press("Enter")
    until_it_plays(page, 0.2)
    title = page.locator("[data-title]").inner_text()
    page.keyboard.press("i")
    page.keyboard.press("m")
    expect(page.locator("[data-mark]").first).to_have_text("Marked")
    page.keyboard.press("n")
    expect(page.locator("[data-previous]")).to_be_enabled()
    page.keyboard.press("p")
    expect(page.locator("[data-title]")).to_have_text(title)
    page.keyboard.press("Escape")
    expect(page.locator("[data-player]")).not_to_be_visible()
    expect(page.locator("[data-selected]")).to_have_text("1")


def test_the_arrow_keys_run_through_a_moment(page: Page) -> None:
    search(page, "trees in a green meadow")
    page.keyboard.press("j")
    first = page.locator(".card").first
    expect(first.locator("[data-open]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    first.locator("[data-scrub]").wait_for(state="attached")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(first.locator("[data-scrub]")).to_be_visible()
    expect(page.locator("body > [data-said]")).to_have_text(re.compile(r"0:00:0\d\.\d"))
    page.keyboard.press("m")
    expect(page.locator("[data-selected]")).to_have_text("1")


def test_feedback_and_pictures_change_the_question(page: Page, tmp_path: Path) -> None:
    search(page, "a landscape")
    page.get_by_role("button", name="More like this").last.click()
    page.wait_for_url("**more_like=*")
    expect(page.locator(".chips")).to_contain_text("1 more like this")
    page.get_by_label("Leave out: 1 more like this").click()
    expect(page.locator(".chips")).to_have_count(0)
    draw("meadow").save(tmp_path / "meadow.png")
    page.goto("/")
    page.locator(".more summary").click()
    page.locator("[data-picture]").set_input_files(tmp_path / "meadow.png")
    page.wait_for_url("**picture=*")
    expect(page.locator(".card").first).to_contain_text("holiday.mp4")
    page.locator(".chips img").evaluate("image => image.decode()")
    page.go_back()
    expect(page).not_to_have_url(re.compile("picture"))


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted_anywhere(page: Page, tmp_path: Path, way: str, trouble: list[str]) -> None:
    draw("meadow").save(tmp_path / "meadow.png")
    page.goto("/")
    give = """(way, [name, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
      const event = way === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
      document.querySelector("main").dispatchEvent(event);
    }"""
    page.evaluate(f"([way, ...file]) => ({give})(way, file)", [way, "x.png", [1, 2, 3]])
    expect(page.locator("body > [data-said]")).to_contain_text("this is no picture")
    trouble.clear()  # Chromium notes the 409 itself
    picture = list((tmp_path / "meadow.png").read_bytes())
    page.evaluate(f"([way, ...file]) => ({give})(way, file)", [way, "meadow.png", picture])
    page.wait_for_url("**picture=*")
    expect(page.locator(".card").first).to_contain_text("holiday.mp4")


def test_every_condition_is_in_the_address_and_on_a_chip(page: Page) -> None:
    page.goto("/?text=a+street&cameras=cam*")
    page.locator(".more summary").click()
    for label, value in {
        "but not": "snow",
        "hours of the day": "20:00-23:00",
        "path": "*.mp4",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("from", exact=True).fill("2026-02-14T00:00")
    page.keyboard.press("Enter")
    page.wait_for_url("**hours=*")
    expect(page.locator(".chips li")).to_have_count(5)
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card")).to_contain_text("cam01_20260214_221500.mp4")
    expect(page.locator(".card")).to_contain_text("Sat 14 Feb 2026, 22:15")
    page.get_by_label("Leave out: path *.mp4").click()
    expect(page.locator(".chips li")).to_have_count(4)
    page.go_back()
    expect(page.locator(".chips li")).to_have_count(5)


def test_no_match_and_trouble_are_said(page: Page, trouble: list[str]) -> None:
    search(page, "a cat on a sofa")
    expect(page.locator(".verdict")).to_contain_text("No confident match")
    page.goto("/?text=x&cameras=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("there is no camera")
    trouble.clear()  # Chromium notes the 409 itself


def test_the_state_follows_a_run_of_another_process(browser: Browser, towers: Path, tmp_path: Path) -> None:
    catalog = framescout.open(tmp_path / "catalog")
    shutil.copytree(towers, catalog.folder / "cache", dirs_exist_ok=True)
    make.garbage(tmp_path)
    with serving(catalog.folder, tmp_path / "exports") as address:
        page = browser.new_page(base_url=address)
        page.goto("/state")
        expect(page.locator("main")).to_contain_text("Nothing is indexed yet")
        with catalog.writer():  # as an index run holds it
            expect(page.locator(".notice")).to_contain_text("An index run is going on")
            expect(page.locator(".notice")).to_contain_text("0 videos")
        indexer.index(catalog, [make.numbered(tmp_path), tmp_path / "garbage.mp4"])
        expect(page.locator("[data-number=videos]")).to_have_text("1")
        expect(page.locator("main")).to_contain_text("garbage.mp4")
        expect(page.locator(".notice")).to_have_count(0)
        with catalog.writer():
            expect(page.locator(".notice")).to_contain_text("0 videos")
        page.close()
    assert catalog.folder.is_dir()


def test_a_phone_shows_everything_in_its_width(browser: Browser, address: str) -> None:
    context = browser.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto("/?text=mountains")
    page.locator("[data-mark-card]").first.tap()
    for path in ("/", "/?text=mountains&without=snow", "/archive", "/videos/1", "/events", "/selection", "/state"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path
    page.goto("/?text=mountains")
    page.locator("[data-open]").first.tap()
    until_it_plays(page, 0.1)
    player = page.locator("[data-player]")
    assert player.evaluate("player => player.scrollWidth") <= 390
    page.locator("[data-next]").tap()
    expect(page.locator("[data-count]")).to_contain_text("2 of")
    context.close()
