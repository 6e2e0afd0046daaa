"""A hundred thousand results are scrolled without a gap, with a bounded number of cards, and found again.

The cards are made: one that the server sent, with other numbers. Their keyframe ids are their places in the answer.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from tests.browser.acting import until

pytestmark = pytest.mark.slow

ALL, MATCHES = 100_000, 1234
SMALL, LARGE = 100, 400  # moments of a page: as many as the server sends at most; more, to be through sooner
MOST_CARDS = 600 + 2 * LARGE  # what the document may hold: its bound, and a page above and below the window
MOST_MORE = 8 * 2**20  # bytes of JavaScript's memory behind 95,000 more cards, whose moments alone are 20 MB of text

_NUMBERS = "[...document.querySelectorAll('.card')].map((card) => JSON.parse(card.dataset.moment).keyframe_id)"
_IN_SIGHT = """[...document.querySelectorAll(".card")].filter((card) => {
  const box = card.getBoundingClientRect();
  return box.bottom > 1 && box.top < innerHeight - 1;
}).map((card) => JSON.parse(card.dataset.moment).keyframe_id)"""
_COLUMNS_AND_TOPS = """[...document.querySelectorAll(".card")].map((card) => [
  JSON.parse(card.dataset.moment).keyframe_id, card.offsetLeft, card.offsetTop])"""
_FETCH = """(made) => {
  const { fetch } = window;
  window.asked = [];
  window.fetch = async (address, ...others) => {
    const { pathname, searchParams } = new URL(address, location);
    if (pathname !== "/" || searchParams.get("text") !== "made") return fetch(address, ...others);
    const [size, page] = [Number(searchParams.get("of")), Number(searchParams.get("page").split("@")[0])];
    const first = (page - 1) * size;
    window.asked.push(page);
    let cards = "";
    for (let number = first; number < Math.min(first + size, made.all); number += 1) {
      cards += (number === made.matches ? made.line : "") + made.card.replaceAll("4711", number);
    }
    const near = first + size > made.matches ? `data-near="${made.matches}"` : "";
    const further = first + size < made.all ? "data-further" : "";
    const list = `<ol data-cards data-first="${first}" data-size="${size}" data-below="9" ${near} ${further}>`;
    return new Response(`${list}${cards}</ol>`);
  };
}"""
_SCROLL_THROUGH = """async ([from, to]) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const numberOf = (card) => JSON.parse(card.dataset.moment).keyframe_id;
  const found = { faults: [], most: 0, reached: from };
  for (let waited = 0; found.reached < to && waited < 3000; waited += 1) {
    await frame();
    const cards = document.querySelectorAll(".card");
    found.most = Math.max(found.most, cards.length);
    const last = cards[cards.length - 1];
    if (numberOf(last) < found.reached) continue;
    const numbers = [...cards].map(numberOf);
    const isInOrder = numbers.every((number, place) => number === numbers[0] + place);
    if (!isInOrder) found.faults.push(`out of order at ${numbers.at(-1)}`);
    if (numbers[0] > found.reached) found.faults.push(`a gap from ${found.reached} to ${numbers[0]}`);
    scrollBy(0, last.getBoundingClientRect().bottom - innerHeight);
    const missed = last.getBoundingClientRect().bottom - innerHeight;
    if (Math.abs(missed) > 2) found.faults.push(`${missed} pixels short of ${numbers.at(-1)}`);
    found.reached = numbers.at(-1) + 1;
    waited = 0;
  }
  return found;
}"""


class MadeAnswer:
    """Serves pages of made moments in place of the server; what a page asks for by itself is made in the browser."""

    def __init__(self, page: Page) -> None:
        real = page.request.get("/?text=a+landscape&limit=1").text()
        real = re.sub(r'src="/api[^"]*"', 'src="/static/icon.svg"', re.sub(r'srcset="[^"]*"', "", real))
        parts = re.fullmatch(r"(.*)<ol class=\"cards\"[^>]*>(.*)</ol>(.*)", real, re.DOTALL)
        assert parts
        self._start, card, self._end = parts.groups()
        moment = json.loads(re.findall(r"data-moment='([^']*)'", card)[0]) | {"keyframe_id": 4711}
        card = re.sub(r"data-moment='[^']*'", f"data-moment='{json.dumps(moment)}'", card)
        self._card = re.sub(r"\s+", " ", card)
        self._line = '<li class="near">Below: only near.</li>'
        made = {"all": ALL, "matches": MATCHES, "card": self._card, "line": self._line}
        page.add_init_script(f"({_FETCH})({json.dumps(made)})")
        page.route(re.compile(r"/\?.*text=made"), self._answer)

    def _answer(self, route: Route) -> None:
        size, number = (int((re.findall(rf"\b{name}=(\d+)", route.request.url) or [1])[0]) for name in ("of", "page"))
        first = (number - 1) * size
        cards = "".join(
            (self._line if each == MATCHES else "") + self._card.replace("4711", str(each))
            for each in range(first, first + size)
        )
        near = f'data-near="{MATCHES}"' if first + size > MATCHES else ""
        data = f'data-first="{first}" data-size="{size}" data-below="9" {near} data-further'
        end = self._end if "data-more" in self._end else self._end.replace("</div>", "<nav data-more></nav></div>", 1)
        route.fulfill(
            content_type="text/html", body=f'{self._start}<ol class="cards" data-cards {data}>{cards}</ol>{end}'
        )


@pytest.fixture(autouse=True)
def made(page: Page) -> MadeAnswer:
    page.set_viewport_size({"width": 1440, "height": 900})
    return MadeAnswer(page)


def card(page: Page, number: int) -> Locator:
    return page.locator(f"[data-moment*='\"keyframe_id\": {number},']")


def in_sight(page: Page) -> list[int]:
    return [int(each) for each in page.evaluate(_IN_SIGHT)]


def numbers(page: Page) -> list[int]:
    return [int(each) for each in page.evaluate(_NUMBERS)]


def memory(devtools: CDPSession) -> float:
    """Bytes that JavaScript holds in the page after a collection of garbage."""
    devtools.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"])


def test_a_hundred_thousand_results_come_without_a_gap_or_growing_memory(page: Page) -> None:
    page.goto(f"/?text=made&of={LARGE}")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    early = page.evaluate(_SCROLL_THROUGH, [0, ALL // 20])
    held = memory(devtools)
    late = page.evaluate(_SCROLL_THROUGH, [early["reached"], ALL])
    more = memory(devtools) - held
    assert early["faults"] + late["faults"] == []
    assert late["reached"] == ALL
    assert late["most"] <= MOST_CARDS
    assert more < MOST_MORE
    assert page.evaluate("asked") == [*range(2, ALL // LARGE + 1)]
    expect(page.locator("[data-more]")).to_contain_text("That is all")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")  # what was there is asked for again
    until(page, lambda: in_sight(page) != [])
    assert 0.48 < in_sight(page)[0] / ALL < 0.52
    page.evaluate("scrollTo(0, 0)")
    until(page, lambda: in_sight(page)[:1] == [0])
    assert len(numbers(page)) <= MOST_CARDS


def test_back_a_reload_and_an_address_lead_to_the_same_place(page: Page) -> None:
    page.goto(f"/?text=made&of={SMALL}&page=900@9")
    until(page, lambda: 899 * SMALL in in_sight(page) and numbers(page)[0] < 899 * SMALL)
    page.evaluate("scrollBy(0, 5000)")
    until(page, lambda: page.evaluate("history.state?.top") in in_sight(page)[:1])
    seen = in_sight(page)
    assert seen[0] > 899 * SMALL + 30
    assert f"page={seen[0] // SMALL + 1}%409" in page.url
    at = card(page, seen[8]).bounding_box()
    assert at
    card(page, seen[8]).locator(".name a").click()
    page.wait_for_url("**/videos/*")
    page.go_back()
    expect(card(page, seen[8])).to_be_in_viewport()
    assert card(page, seen[8]).bounding_box() == pytest.approx(at, abs=1)
    page.reload()
    expect(card(page, seen[8])).to_be_in_viewport()
    assert card(page, seen[8]).bounding_box() == pytest.approx(at, abs=1)
    page.set_viewport_size({"width": 700, "height": 900})  # fewer beside each other
    until(page, lambda: seen[0] in in_sight(page))
    copied = page.context.new_page()
    MadeAnswer(copied)
    copied.goto(page.url)
    until(copied, lambda: seen[0] // SMALL * SMALL in in_sight(copied))


def test_a_range_reaches_over_cards_that_are_gone_from_the_document(page: Page) -> None:
    page.goto(f"/?text=made&of={SMALL}")
    card(page, 90).locator("[data-open]").focus()
    page.keyboard.press("m")
    page.evaluate(_SCROLL_THROUGH, [0, 2000])
    assert numbers(page)[0] > 90
    page.keyboard.press("j")  # what had the focus is gone: it begins where one looks
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") > 0
    page.evaluate("scrollTo(0, 0)")
    until(page, lambda: in_sight(page)[:1] == [0])
    card(page, 0).locator("[data-open]").focus()
    page.keyboard.press("Shift+M")
    expect(page.locator("[data-selected]")).to_have_text("91")
    page.evaluate(_SCROLL_THROUGH, [0, 490])
    until(page, lambda: 480 in numbers(page))
    card(page, 480).locator("[data-open]").focus()
    page.keyboard.press("Shift+M")
    expect(page.locator("[data-selected]")).to_have_text("481")
    marked = page.evaluate("JSON.parse(localStorage['framescout-selection']).map((each) => each.keyframe_id)")
    assert sorted(marked) == [*range(481)]
    page.evaluate(_SCROLL_THROUGH, [490, 2000])
    page.locator("[data-open]").last.focus()
    page.keyboard.press("Shift+M")
    expect(page.locator("body > [data-said]")).to_contain_text("at most 500")
    expect(page.locator("[data-selected]")).to_have_text("481")


def test_columns_go_on_where_pages_meet_and_behind_the_line_where_matches_end(page: Page) -> None:
    page.goto(f"/?text=made&of={SMALL}&page=13@9")
    line = page.locator(".near")
    expect(line).to_have_count(1)
    line.evaluate("line => line.scrollIntoView({ block: 'center' })")
    until(page, lambda: numbers(page)[0] < 1200)
    expect(line).to_be_in_viewport()
    for _ in range(2):
        placed = page.evaluate(_COLUMNS_AND_TOPS)
        lefts = sorted({left for _, left, _ in placed})
        tops = sorted({top for _, _, top in placed})
        for number, left, _ in placed:
            assert lefts.index(left) == (number - MATCHES if number >= MATCHES else number) % len(lefts)
        steps = [below - above for above, below in pairwise(tops)]
        assert sorted(steps)[-2] - min(steps) <= 1  # the line alone lies between two rows
        page.evaluate(_SCROLL_THROUGH, [0, 4000])  # the line is gone, and what lies behind it keeps its columns
    assert line.count() == 0


def test_the_player_goes_on_and_the_address_names_what_it_shows(page: Page) -> None:
    page.goto(f"/?text=made&of={SMALL}&page=3@9")
    until(page, lambda: numbers(page)[0] < 200)
    number = numbers(page)[-1]
    card(page, number).locator("[data-open]").click()
    for step in range(1, 4):
        until(page, lambda wanted=number + step: numbers(page)[-1] >= wanted)
        page.keyboard.press("n")
        expect(page.locator("[data-count]")).to_contain_text(f"{number + step + 1} of ")
    expect(page).to_have_url(re.compile(rf"page={(number + 3) // SMALL + 1}%409.*#moment-{number + 3}$"))
    page.reload()
    expect(page.locator("[data-count]")).to_contain_text(f"{number + 4} of ")
    page.keyboard.press("Escape")
    expect(card(page, number + 3)).to_be_in_viewport()
