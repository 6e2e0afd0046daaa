"""The player as an editing desk: J K L, the time on the picture, another camera beside it, the day, links, stills."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

import framescout
import indexer
from framescout import export_log
from framescout.catalog import Catalog
from tests.browser.acting import frame_of, judge, seek, time_of, until, until_it_plays
from tests.footage import make
from tests.query.web.serving import serving

pytestmark = pytest.mark.slow

SECOND = "document.querySelector('[data-second]')"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory, towers: Path, landscapes: Path) -> Catalog:
    """Three cameras of one day: cam02 twice, cam03 two seconds later than its first, cam04 an hour later."""
    folder = tmp_path_factory.mktemp("desk")
    archive = folder / "archive"
    shutil.copytree(landscapes, archive, dirs_exist_ok=True)
    make.b_frames(archive, "cam02_20260213_101500.mp4", seconds=12, gop=50)
    make.b_frames(archive, "cam02_20260213_101530.mp4", seconds=6)
    make.b_frames(archive, "cam03_20260213_101502.mkv", seconds=6)
    make.b_frames(archive, "cam04_20260213_111500.mp4", seconds=5)
    shutil.copytree(towers, folder / "catalog" / "cache")
    catalog = framescout.open(folder / "catalog")
    indexer.index(catalog, [archive])
    return catalog


@pytest.fixture(scope="module")
def address(yard: Catalog) -> Iterator[str]:
    with serving(yard.folder, yard.folder.parent / "exports") as where:
        yield where


def open_first(page: Page) -> None:
    """cam02's first video, from its storyboard."""
    page.goto("/archive?camera=cam02")
    page.get_by_text("cam02_20260213_101500.mp4").click()
    page.wait_for_url("**/videos/*")
    page.locator("[data-open]").first.click()
    until_it_plays(page, 0.2)


@pytest.mark.in_firefox_too
def test_j_k_and_l_go_back_stop_and_go_on(page: Page) -> None:
    open_first(page)
    page.keyboard.press("k")
    seek(page, 9.0)
    page.keyboard.press("j")
    until(page, lambda: time_of(page) < 8.0)
    page.keyboard.press("j")  # twice as fast
    expect(page.locator("dialog [data-said]").first).to_have_text("Back at 2×")
    until(page, lambda: time_of(page) < 6.0)
    page.keyboard.press("k")
    stopped = time_of(page)
    page.wait_for_timeout(300)
    assert time_of(page) == stopped > 0
    page.keyboard.press("l")
    until_it_plays(page, stopped + 0.2)
    page.keyboard.press("l")
    assert page.evaluate("document.querySelector('[data-video]').playbackRate") == 2
    page.keyboard.press("j")
    page.keyboard.press("l")
    assert page.evaluate("document.querySelector('[data-video]').playbackRate") == 1
    page.keyboard.press("j")
    until(page, lambda: time_of(page) == 0)
    page.keyboard.press(" ")
    until_it_plays(page, 0.2)


def test_camera_and_recording_time_stand_on_the_picture(page: Page) -> None:
    open_first(page)
    page.keyboard.press("k")
    seek(page, 3.25)
    stamp = page.locator("[data-stamp]")
    expect(stamp).to_have_text(re.compile(r"^cam02\s+Fri,? 13 Feb 2026, 10:15:03\.25$"))
    page.keyboard.press("t")
    expect(stamp).to_be_hidden()
    page.reload()
    until_it_plays(page, 0.2)
    expect(stamp).to_be_hidden()
    page.get_by_role("button", name="Time on picture").click()
    expect(stamp).to_be_visible()


def test_another_camera_plays_beside_it_at_the_same_time(page: Page) -> None:
    open_first(page)
    page.keyboard.press("k")
    choice = page.get_by_label("Beside")
    expect(choice.locator("option")).to_have_text(["One camera", "cam03"])  # cam04 recorded later
    choice.select_option("cam03")
    expect(page.locator("[data-absent]")).to_have_text("cam03 recorded nothing now")
    seek(page, 5.0)
    until(page, lambda: abs(page.evaluate(f"{SECOND}.currentTime") - 3.0) < 0.05)
    expect(page.locator("[data-second-stamp]")).to_have_text(re.compile(r"^cam03\s+Fri,? 13 Feb 2026, 10:15:05\.0\d$"))
    page.keyboard.press("l")
    until_it_plays(page, 6.5)
    one, other = page.evaluate(f"[document.querySelector('[data-video]').currentTime, {SECOND}.currentTime]")
    assert abs(one - other - 2.0) < 0.25
    until_it_plays(page, 8.3)
    expect(page.locator("[data-absent]")).to_have_text("cam03 recorded nothing now")
    seek(page, 2.5)
    until(page, lambda: 0.3 < page.evaluate(f"{SECOND}.currentTime") < 4)
    page.keyboard.press("b")
    expect(page.locator("[data-second]")).to_be_hidden()


def test_it_stays_said_that_the_other_camera_can_not_be_played(page: Page, trouble: list[str]) -> None:
    open_first(page)
    page.keyboard.press("k")
    page.route(re.compile(r"/api/videos/\d+\?file="), lambda route: route.abort())
    seek(page, 3.0)
    page.get_by_label("Beside").select_option("cam03")
    said = page.locator("[data-absent]")
    expect(said).to_have_text("framescout does not answer; is framescout serve still running?")
    page.keyboard.press("l")
    until_it_plays(page, 5.0)
    expect(said).to_have_text("framescout does not answer; is framescout serve still running?", timeout=1000)
    trouble.clear()  # Chromium notes what was aborted


def test_what_came_next_on_the_day_is_played_whichever_file_has_it(page: Page) -> None:
    open_first(page)
    title = page.locator("[data-title]")
    page.keyboard.press("N")
    expect(title).to_have_text("cam02_20260213_101530.mp4")
    until_it_plays(page, 0.2)
    page.keyboard.press("N")
    expect(page.locator("dialog [data-said]").first).to_have_text("Nothing later on this day")
    page.get_by_role("button", name="Earlier").click()
    expect(title).to_have_text("cam02_20260213_101500.mp4")


def test_what_is_recorded_meanwhile_comes_next_and_beside_after_a_minute(
    browser: Browser, tmp_path: Path, towers: Path
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    make.b_frames(archive, "cam02_20260213_101500.mp4", seconds=12, gop=50)
    shutil.copytree(towers, tmp_path / "catalog" / "cache")
    catalog = framescout.open(tmp_path / "catalog")
    indexer.index(catalog, [archive])
    with serving(catalog.folder, tmp_path / "exports") as where:
        page = browser.new_context(base_url=where).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/api/days/" in request.url else None)
        page.clock.set_fixed_time("2026-02-13T10:20:00Z")
        open_first(page)
        page.keyboard.press("N")
        said = page.locator("dialog [data-said]").first
        expect(said).to_have_text("Nothing later on this day")
        assert len(asked) == 1
        make.b_frames(archive, "cam02_20260213_101530.mp4", seconds=6)
        make.b_frames(archive, "cam03_20260213_101531.mp4", seconds=6)
        indexer.index(catalog, [archive])
        page.clock.set_fixed_time("2026-02-13T10:21:01Z")
        page.keyboard.press("N")
        expect(page.locator("[data-title]")).to_have_text("cam02_20260213_101530.mp4")
        expect(page.get_by_label("Beside").locator("option")).to_have_text(["One camera", "cam03"])
        assert len(asked) == 2
        page.context.close()


def test_with_a_question_the_moments_of_a_day_come_by_time_from_all_cameras(page: Page) -> None:
    page.goto("/?text=a+test+picture&collapse=false&cameras=cam0[234]")
    page.locator(".card", has_text="cam02_20260213_101500.mp4").locator("[data-open]").first.click()
    until_it_plays(page, 0.1)
    names = [page.locator("[data-title]").inner_text()]
    for _ in range(40):
        page.keyboard.press("N")
        page.wait_for_timeout(400)
        if "Nothing later" in page.locator("dialog [data-said]").first.inner_text():
            break
        if (name := page.locator("[data-title]").inner_text()) != names[-1]:
            names.append(name)
    assert names[-1] == "cam04_20260213_111500.mp4"
    assert len(names) >= 3


def test_what_the_page_says_is_a_match_is_one_in_the_player_too(page: Page) -> None:
    def matched(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"matched": True})

    page.route("**/api/search?*", matched)
    page.goto("/?text=a+test+picture&collapse=false&cameras=cam0[234]")
    page.locator(".card", has_text="cam02_20260213_101500.mp4").locator("[data-open]").first.click()
    until_it_plays(page, 0.1)
    opened = page.url
    page.keyboard.press("N")
    expect(page.locator("dialog [data-said]").first).to_have_text("Nothing later on this day")
    page.evaluate("document.documentElement.dataset.match = 0")
    page.keyboard.press("N")
    expect(page).not_to_have_url(opened)


def test_a_copied_link_opens_the_player_there(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_first(page)
    page.keyboard.press("k")
    seek(page, 4.5)
    page.keyboard.press("i")
    expect(page.locator("[data-in-at]")).to_have_text("0:00:04.48")
    seek(page, 7.01)
    page.keyboard.press("o")
    expect(page.locator("[data-out-at]")).to_have_text("0:00:07.04")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("dialog [data-said]").first).to_have_text("The link to this moment is copied")
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(link)
    until_it_plays(page, 7.05)
    assert time_of(page) < 10
    expect(page.locator("[data-title]")).to_have_text("cam02_20260213_101500.mp4")
    expect(page.locator("[data-in-at]")).to_have_text("0:00:04.48")
    expect(page.locator("[data-out-at]")).to_have_text("0:00:07.04")
    page.keyboard.press("Escape")
    expect(page.locator("[data-player]")).not_to_be_visible()
    expect(page).to_have_url(re.compile(r"/videos/\d+\?file=\w+$"))


def test_without_the_clipboard_a_link_is_copied_all_the_same(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as on plain HTTP
    open_first(page)
    page.keyboard.press("c")
    expect(page.locator("dialog [data-said]").first).to_have_text("The link to this moment is copied")


@pytest.mark.parametrize("link", ["#play=999@1&from=0&to=2&file=", "#play=x", "#play=1@1&from=0"])
def test_a_link_that_leads_nowhere_opens_no_player(page: Page, link: str, trouble: list[str]) -> None:
    page.goto(f"/archive{link}")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-player]")).not_to_be_visible()
    trouble.clear()  # the browser tells of a 404


def test_a_still_is_the_whole_frame_named_by_its_time_and_in_the_log(page: Page, yard: Catalog) -> None:
    open_first(page)
    page.keyboard.press("k")
    seek(page, 3.25)
    until(page, lambda: frame_of(page) == 81)
    with page.expect_download() as download:
        page.keyboard.press("d")
    assert download.value.suggested_filename == "cam02_20260213_101500_2026-02-13_10-15-03.240.png"
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    size = page.evaluate(
        "[document.querySelector('[data-video]').videoWidth, document.querySelector('[data-video]').videoHeight]"
    )
    assert [*picture.size] == size
    last = export_log.read(yard.folder)[0][-1]
    assert (last.kind, last.state, last.folder) == ("still", "done", "")


def test_a_still_that_does_not_come_is_a_sentence(page: Page, trouble: list[str]) -> None:
    open_first(page)
    page.keyboard.press("k")
    page.route("**/still", lambda route: route.abort())
    page.keyboard.press("d")
    expect(page.locator("dialog [data-said]").first).to_have_text(
        "framescout does not answer; is framescout serve still running?"
    )
    trouble.clear()  # Chromium notes what was aborted


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_is_accessible_and_fits(
    browser: Browser, address: str, tmp_path: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    open_first(page)
    page.keyboard.press("k")
    page.get_by_label("Beside").select_option("cam03")
    seek(page, 5.0)
    expect(page.locator("[data-second-stamp]")).to_be_visible()
    judge(page)
    assert page.locator("[data-player]").evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    page.screenshot(path=tmp_path / "desk.png")
    page.keyboard.press("?")
    page.screenshot(path=tmp_path / "keys.png")
    context.close()
