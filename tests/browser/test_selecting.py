"""The selection: trimmed on the frame, ordered by keys and by pointer, exported, fetched."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acting import search

pytestmark = pytest.mark.slow


def mark(page: Page, count: int) -> list[str]:
    """Mark the first moments of a search, and go to the selection; their names."""
    search(page, "a landscape")
    for number in range(count):
        page.locator("[data-mark-card]").nth(number).click()
    expect(page.locator("[data-selected]")).to_have_text(str(count))
    names = page.locator(".card .name").all_inner_texts()[:count]
    page.get_by_role("link", name="Selection").click()
    expect(page.locator("[data-reel] li")).to_have_count(count)
    return names


def order_of(page: Page) -> list[str]:
    return page.locator("[data-reel] li strong").all_inner_texts()


@pytest.mark.in_firefox_too
def test_a_range_is_marked_by_pointer_and_by_keys(page: Page) -> None:
    search(page, "a landscape")
    assert page.locator(".card").count() >= 4
    page.locator("[data-mark-card]").nth(1).click()
    page.locator("[data-open]").nth(3).click(modifiers=["Shift"])
    expect(page.locator("[data-selected]")).to_have_text("3")
    expect(page.locator("[data-player]")).not_to_be_visible()
    expect(page.locator(".card.chosen")).to_have_count(3)
    page.locator("[data-open]").nth(0).focus()
    page.keyboard.press("Shift+M")
    expect(page.locator("[data-selected]")).to_have_text("4")
    page.keyboard.press("m")
    expect(page.locator("[data-selected]")).to_have_text("3")
    page.locator("[data-mark-card]").nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-selected]")).to_have_text("4")
    expect(page.locator(".card.chosen")).to_have_count(4)


def test_in_and_out_move_by_a_frame_and_show_it(page: Page) -> None:
    mark(page, 1)
    row = page.locator("[data-reel] li").first
    into, out = row.locator("figure input").nth(0), row.locator("figure input").nth(1)
    start, end = float(into.input_value()), float(out.input_value())
    row.get_by_label(re.compile("In of .*one frame on")).click()
    expect(into).to_have_value(f"{start + 0.04:.3f}")
    into.focus()
    page.keyboard.press("ArrowUp")
    expect(into).to_have_value(f"{start + 0.08:.3f}")
    page.keyboard.press("Shift+ArrowUp")
    expect(into).to_have_value(f"{start + 0.48:.3f}")
    page.keyboard.press("ArrowDown")
    expect(into).to_have_value(f"{start + 0.44:.3f}")
    assert f"at={start + 0.44:.6f}" in row.locator("figure img").nth(0).get_attribute("src")
    row.get_by_label(re.compile("Out of .*one frame back")).click()
    expect(out).to_have_value(f"{end - 0.04:.3f}")
    assert f"at={end - 0.041:.6f}" in row.locator("figure img").nth(1).get_attribute("src")
    out.fill(f"{start + 2.31:.2f}")  # within a frame: it ends where that frame ends
    out.blur()
    expect(out).to_have_value(f"{start + 2.32:.3f}")
    expect(row).to_contain_text("1.88 seconds")
    out.fill("nonsense")
    out.blur()
    expect(page.locator("body > [data-said]")).to_contain_text("Write seconds")
    expect(out).to_have_value(f"{start + 2.32:.3f}")
    for image in row.locator("figure img").all():
        image.evaluate("image => image.decode()")


def test_the_order_is_changed_by_keys_buttons_and_pointer(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 1100})
    first, second, third = mark(page, 3)
    page.locator("[data-reel] li").nth(2).get_by_role("button", name="Move up").click()
    assert order_of(page) == [first, third, second]
    expect(page.locator("[data-reel] li").nth(1).get_by_role("button", name="Move up")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    assert order_of(page) == [third, first, second]
    expect(page.locator("body > [data-said]")).to_contain_text("Place 1 of 3")
    handle = page.locator(".handle").nth(0).bounding_box()
    below = page.locator("[data-reel] li").nth(2).bounding_box()
    assert handle
    assert below
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(handle["x"] + 8, below["y"] + below["height"] - 4, steps=6)
    page.mouse.up()
    assert order_of(page) == [first, second, third]
    page.reload()
    assert order_of(page) == [first, second, third]
    page.locator("[data-reel] li").nth(0).get_by_role("button", name="Remove").click()
    assert order_of(page) == [second, third]
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Bring the selection back").click()
    assert order_of(page) == [second, third]


@pytest.mark.in_firefox_too
def test_an_export_goes_on_in_the_background_and_everything_is_downloaded(page: Page, tmp_path: Path) -> None:
    mark(page, 2)
    for label in ("one reel", "EDL", "OTIO", "contact sheet"):
        page.get_by_label(re.compile(label)).check()
    page.get_by_role("button", name="Export 2 moments").click()
    job = page.locator("[data-job]").first
    expect(job).to_be_visible()
    page.get_by_role("link", name="Archive").click()  # it goes on without the page
    page.get_by_role("link", name=re.compile("^Selection")).click()
    expect(job).to_have_attribute("data-is", "done", timeout=90_000)
    for name in ("reel.mp4", "timeline.edl", "timeline.otio", "sheet.jpg", "manifest.json"):
        expect(job.locator(".files")).to_contain_text(name)
    with page.expect_download() as download:
        job.get_by_role("link", name=re.compile("Download all")).click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        assert "reel.mp4" in archive.namelist()
    with page.expect_download() as download:
        job.locator(".files a", has_text=re.compile(r"^(?!reel).*\.mp4$")).first.click()
    download.value.save_as(tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in container.decode(video=0)) >= 100


def test_an_export_is_followed_on_after_answers_that_did_not_come(page: Page, trouble: list[str]) -> None:
    mark(page, 1)
    known = {job["id"] for job in page.request.get("/api/exports").json()}

    def cut_off(route: Route) -> None:
        if route.request.method == "GET":
            route.abort()
        else:
            route.continue_()

    page.route("**/api/exports", cut_off)
    page.get_by_role("button", name="Export 1 moment").click()
    exported = page.locator("[data-exported]")
    expect(exported).to_have_class(re.compile(r"\bstale\b"))
    page.unroute("**/api/exports")
    expect(exported.locator("[data-job]").first).to_have_attribute("data-is", "done")
    expect(exported).not_to_have_class(re.compile(r"\bstale\b"))
    (new,) = {job["id"] for job in page.request.get("/api/exports").json()} - known
    expect(exported.locator(f"[data-job='{new}']")).to_have_count(1)
    page.route("**/api/exports", lambda route: forget(route, new))  # as a server that was started anew
    page.get_by_role("button", name="Export 1 moment").click()
    expect(exported.locator(f"[data-job='{new}']")).to_have_count(0)
    expect(exported.locator("[data-job]").first).to_have_attribute("data-is", "done")
    trouble.clear()  # Chromium notes what was aborted


def forget(route: Route, job: str) -> None:
    if route.request.method != "GET":
        route.continue_()
        return
    answer = route.fetch()
    route.fulfill(response=answer, json=[each for each in answer.json() if each["id"] != job])


def test_an_export_that_is_refused_says_why(page: Page, trouble: list[str]) -> None:
    mark(page, 1)
    page.evaluate(
        "() => { const kept = JSON.parse(localStorage['framescout-selection']);"
        " kept[0].start = 900; kept[0].end = 901; localStorage['framescout-selection'] = JSON.stringify(kept); }"
    )
    page.reload()
    page.get_by_role("button", name="Export 1 moment").click()
    expect(page.locator("[data-refused]")).to_contain_text("has no stretch 900.0")
    trouble.clear()  # Chromium notes the 404 itself, and the pictures that are not there
