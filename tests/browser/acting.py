"""What the browser tests do again and again."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCHEMES = ("light", "dark")
_NUMBER = """() => {
  const video = document.querySelector("[data-video]");
  const [width, height] = [video.videoWidth, video.videoHeight];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const drawing = canvas.getContext("2d");
  drawing.drawImage(video, 0, 0);
  const pixels = drawing.getImageData(0, 0, width, height).data;
  const light = (x, y) => pixels[(Math.floor(y) * width + Math.floor(x)) * 4 + 1];
  let number = 0;
  for (let cell = 0; cell < 16; cell += 1) {
    const x = ((cell + 0.5) * width) / 16;
    const [bit, opposite] = [light(x, height / 16), light(x, (height * 3) / 16)];
    if (Math.abs(bit - opposite) < 60) return -1;
    if (bit > opposite) number |= 1 << cell;
  }
  return number;
}"""


def search(page: Page, text: str) -> None:
    page.goto("/")
    page.get_by_label("What should be seen").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?text=*")


def judge(page: Page, what: str = "the page") -> None:
    """By axe."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{what}: {found.generate_report()}"


def time_of(page: Page) -> float:
    return float(page.evaluate("document.querySelector('[data-video]').currentTime"))


def frame_of(page: Page) -> int:
    """The number that the frame on the screen carries."""
    return int(page.evaluate(_NUMBER))


def until(page: Page, what: Any, *, tries: int = 200) -> None:
    """Look again and again; not wait_for_function, since the page's policy forbids it to evaluate strings."""
    for _ in range(tries):
        if what():
            return
        page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 40)))")
    raise AssertionError("it did not come to that")


def until_it_plays(page: Page, beyond: float) -> None:
    until(page, lambda: time_of(page) > beyond, tries=400)


def open_video(page: Page, name: str) -> None:
    """Its storyboard, and the player on its first keyframe."""
    page.goto("/archive")
    page.get_by_text(name).first.click()
    page.wait_for_url("**/videos/*")
    page.locator("[data-open]").first.click()
    until_it_plays(page, 0.2)


def seek(page: Page, seconds: float) -> None:
    page.locator("[data-seek]").evaluate(
        "(range, to) => { range.value = to; range.dispatchEvent(new Event('change')); }", seconds
    )
