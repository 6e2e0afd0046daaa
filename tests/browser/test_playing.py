"""The player: every format, to the frame."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import framescout
import indexer
from tests.browser.acting import frame_of, open_video, search, seek, time_of, until, until_it_plays
from tests.footage import make
from tests.query.web.serving import serving

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "way", "offset"),
    [
        ("cam03_20260216_040000.mp4", "file", 0),
        ("cam02_20260213_101500.mkv", "copy", 0),
        ("mpeg4.avi", "encode", 0),
    ],
)
def test_steps_go_to_the_very_frame_in_every_format(page: Page, name: str, way: str, offset: int) -> None:
    streams = []
    page.on("request", lambda request: streams.append(request.url) if "/stream?" in request.url else None)
    open_video(page, name)
    page.keyboard.press(" ")
    seek(page, 2.01)
    until(page, lambda: frame_of(page) == 50 - offset)
    asked = len(streams)
    for key, frame in ((".", 51), (".", 52), (",", 51), (",", 50), (",", 49)):
        page.keyboard.press(key)
        until(page, lambda frame=frame: frame_of(page) == frame - offset)
    page.keyboard.press("i")
    expect(page.locator("[data-in-at]")).to_have_text("0:00:01.96")
    for frame in (50, 51):
        page.keyboard.press(".")
        until(page, lambda frame=frame: frame_of(page) == frame - offset)
    page.keyboard.press("o")  # the frame that is shown belongs to it
    expect(page.locator("[data-out-at]")).to_have_text("0:00:02.08")
    assert len(streams) == asked, "steps are sought in what is buffered"
    assert asked == (0 if way == "file" else 1)
    assert all(("encode=true" in url) == (way == "encode") for url in streams)


def test_a_stream_is_sought_in_and_plays_on(page: Page) -> None:
    open_video(page, "cam02_20260213_101500.mkv")
    seek(page, 9.0)
    until_it_plays(page, 9.3)
    seek(page, 1.0)
    until(page, lambda: 1.2 < time_of(page) < 8)
    assert page.evaluate("document.querySelector('[data-video]').duration") == pytest.approx(12, abs=0.2)


def test_a_film_that_plays_on_gathers_no_listeners(browser: Browser, tmp_path: Path, towers: Path) -> None:
    (tmp_path / "archive").mkdir()
    make.b_frames(tmp_path / "archive", "long.mkv", seconds=150, gop=50)  # longer than what is fetched ahead
    shutil.copytree(towers, tmp_path / "catalog" / "cache")
    catalog = framescout.open(tmp_path / "catalog")
    indexer.index(catalog, [tmp_path / "archive"])
    with serving(catalog.folder, tmp_path / "exports") as where:
        page = browser.new_context(base_url=where).new_page()
        open_video(page, "long.mkv")
        until_it_plays(page, 1.0)
        before = listeners(page)
        until_it_plays(page, 4.0)
        assert abs(listeners(page) - before) <= 3  # those that wait, or none in between
        page.context.close()


def listeners(page: Page) -> int:
    """Of all events of the film."""
    session = page.context.new_cdp_session(page)
    film = session.send("Runtime.evaluate", {"expression": "document.querySelector('[data-video]')"})["result"]
    return len(session.send("DOMDebugger.getEventListeners", {"objectId": film["objectId"]})["listeners"])


def test_webm_comes_from_the_archive_by_ranges(page: Page) -> None:
    with page.expect_response(lambda answer: "/file?" in answer.url) as answer:
        open_video(page, "vp9.webm")
    assert answer.value.status == 206
    assert "/file" in page.evaluate("document.querySelector('[data-video]').currentSrc")


def test_keys_speed_loop_sound_and_help(page: Page) -> None:
    search(page, "trees in a green meadow")
    page.locator("[data-open]").first.click()
    until_it_plays(page, 6.1)
    of_video = "document.querySelector('[data-video]')"
    page.keyboard.press(">")
    page.keyboard.press(">")
    assert page.evaluate(f"{of_video}.playbackRate") == 4
    page.keyboard.press("r")
    seek(page, 11.5)  # the moment ends at 12
    until(page, lambda: 6 <= time_of(page) < 9)
    page.keyboard.press("s")
    assert page.evaluate(f"{of_video}.muted")
    page.keyboard.press("?")
    expect(page.locator("[data-help-page]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-help-page]")).not_to_be_visible()
    expect(page.locator("[data-player]")).to_be_visible()
    expect(page.locator("[data-curve] .line")).to_have_count(1)
    assert page.locator("[data-curve] .stretch").count() >= 1


def test_the_curve_shows_pictures_and_is_clicked(page: Page) -> None:
    search(page, "trees in a green meadow")
    page.locator("[data-open]").first.click()
    until_it_plays(page, 6.1)
    page.keyboard.press(" ")
    box = page.locator("[data-curve]").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 10)
    expect(page.locator("[data-preview]")).to_be_visible()
    expect(page.locator("[data-preview] span")).to_have_text(re.compile(r"0:00:13\.\d"))
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 10)
    until(page, lambda: 13.3 < time_of(page) < 13.7)


@pytest.mark.in_firefox_too
def test_back_closes_the_player_and_its_address_opens_it_again(page: Page) -> None:
    search(page, "a landscape")
    page.locator("[data-open]").nth(1).click()
    expect(page.locator("[data-player]")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("[data-previous]")).to_be_disabled()
    opened = page.url
    assert "#moment-" in opened
    page.evaluate("history.back()")  # Playwright's `go_back` waits for a load, which Firefox does without here
    expect(page.locator("[data-player]")).not_to_be_visible()
    expect(page).to_have_url(re.compile(r"text=a\+landscape[^#]*$"))
    page.goto("about:blank")
    page.goto(opened)
    expect(page.locator("[data-player]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-player]")).not_to_be_visible()
    expect(page).to_have_url(re.compile(r"text=a\+landscape[^#]*$"))  # a moment after the dialog is gone


@pytest.mark.in_firefox_too
def test_focus_comes_back_to_the_card(page: Page) -> None:
    search(page, "a landscape")
    card = page.locator("[data-open]").nth(1)
    card.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-play]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(card).to_be_focused()
