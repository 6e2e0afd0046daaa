"""What a person does, done in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import av
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from framescout.commands.scenes import draw

pytestmark = pytest.mark.slow


def search(page: Page, text: str) -> None:
    page.goto("/")
    page.get_by_label("What should be seen").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?text=*")


def time_of(page: Page) -> float:
    return float(page.evaluate("document.querySelector('[data-video]').currentTime"))


def wait_until_it_plays(page: Page, beyond: float) -> None:
    for _ in range(100):  # not wait_for_function: the page's policy forbids it to evaluate strings
        if time_of(page) > beyond:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the film stands still at {time_of(page)}")


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
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 20)
        expect(scrub).to_be_visible()
        seen.add(scrub.evaluate("strip => strip.style.backgroundPosition"))
    assert len(seen) == 3
    first.locator("[data-open]").click()
    wait_until_it_plays(page, 6.2)
    expect(page.locator("[data-curve] polyline")).to_have_count(1)
    assert "/file" in page.evaluate("document.querySelector('[data-video]').currentSrc")


@pytest.mark.parametrize(("name", "way"), [("vp9.webm", "file"), ("mpeg4.avi", "stream")])
def test_other_formats_play_and_seek(page: Page, name: str, way: str) -> None:
    page.goto("/archive")
    page.get_by_text(name).click()
    page.locator("[data-open]").first.click()
    wait_until_it_plays(page, 0.3)
    assert way in page.evaluate("document.querySelector('[data-video]').currentSrc")
    page.keyboard.press(" ")
    page.locator("[data-seek]").evaluate("range => { range.value = 2; range.dispatchEvent(new Event('change')); }")
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"0:00:0[2].\d"))


def test_moments_are_marked_trimmed_ordered_exported_and_downloaded(page: Page, tmp_path: Path) -> None:
    search(page, "a landscape")
    for number in (0, 1):
        page.locator("[data-mark-card]").nth(number).click()
    expect(page.locator("[data-selected]")).to_have_text("2")
    names = page.locator(".card .name").all_inner_texts()[:2]
    page.get_by_role("link", name="Selection").click()
    expect(page.locator("[data-reel] li")).to_have_count(2)
    page.get_by_role("button", name=f"Move {names[1]} up").last.click()
    out = page.locator("[data-reel] li").first.locator("input").nth(1)
    start = float(page.locator("[data-reel] li").first.locator("input").nth(0).input_value())
    out.fill(f"{start + 1.0:.2f}")
    out.blur()
    expect(page.locator("[data-reel] li").first).to_contain_text("1.0 seconds")
    page.get_by_label("one reel").check()
    page.get_by_label("EDL").check()
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.locator("[data-state]")).to_contain_text("Done", timeout=60_000)
    expect(page.locator("[data-files]")).to_contain_text("timeline.edl")
    with page.expect_download() as download:
        page.locator("[data-files] a", has_text=re.compile(r"^(?!reel).*\.mp4$")).first.click()
    download.value.save_as(tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in container.decode(video=0)) >= 10


def test_the_keyboard_alone_finds_plays_and_marks(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("sunset over the sea")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?text=*")
    page.locator("[data-open]").first.focus()
    page.keyboard.press("Enter")
    wait_until_it_plays(page, 0.2)
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


def test_feedback_and_a_dropped_picture_change_the_question(page: Page, tmp_path: Path) -> None:
    search(page, "a landscape")
    page.get_by_role("button", name="More like this").last.click()
    page.wait_for_url("**more_like=*")
    expect(page.locator(".more")).to_contain_text("1 moments were right")
    draw("meadow").save(tmp_path / "meadow.png")
    page.goto("/")
    page.locator(".more summary").click()
    page.locator("[data-picture]").set_input_files(tmp_path / "meadow.png")
    page.wait_for_url("**picture=*")
    expect(page.locator(".card").first).to_contain_text("holiday.mp4")


def test_no_match_and_trouble_are_said(page: Page, trouble: list[str]) -> None:
    search(page, "a cat on a sofa")
    expect(page.locator(".verdict")).to_contain_text("No confident match")
    page.goto("/?text=x&cameras=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("there is no camera")
    trouble.clear()  # Chromium notes the 400 itself


@pytest.mark.parametrize("path", ["/", "/?text=mountains", "/archive", "/videos/1", "/events", "/selection", "/state"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(page: Page, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_phone_shows_everything_in_its_width(browser: Browser, address: str) -> None:
    context = browser.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    for path in ("/?text=mountains", "/archive", "/videos/1", "/state"):
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path
    page.goto("/?text=mountains")
    page.locator("[data-open]").first.tap()
    wait_until_it_plays(page, 0.1)
    context.close()
