// More moments come as one scrolls. Of a long answer only the pages near the window are in the document; the others are
// empty space of their height. The address names the page in sight, and the browser remembers the card at the top of
// the window, so that a copied address, a reload and the way back lead to the same place.
import { make, reach, say } from "./basics.js";
import { addCards, cards, dropCards, rangesFrom } from "./cards.js";
import { Rows } from "./rows.js";

const EARLY = 1200; // pixels above and below the window within which cards are here already
const MOST_CARDS = 600; // here, as long as they are enough for the window
const AHEAD = 6; // moments from the last one at which the player has more fetched
const MOST_MARKED = 500; // at once: an export takes no more
const list = document.querySelector("[data-cards][data-size]");
const end = list && document.querySelector("[data-more]");
const size = Number(list?.dataset.size); // moments of a page
const rows = list && new Rows(list);
const pages = new Map(); // number of a page -> its elements; no page between two of them is missing

let furthest = 0; // number of the last page that was ever here
let known = 0; // moments up to the end of that page
let isWhole = false; // whether no page follows it
let isBusy = false;
let top = null; // what `atTop` said last

const first = () => Math.min(...pages.keys());
const last = () => Math.max(...pages.keys());
const before = (page) => (page - 1) * size;
const pageOf = (number) => Math.floor(number / size) + 1;
const momentsIn = (elements) => elements.filter((each) => each.dataset.moment);
const isPlaying = () => document.querySelector("dialog[open]") !== null;

if (end && list.dataset.below) begin();

function begin() {
  list.classList.add("long");
  const page = pageOf(Number(list.dataset.first));
  know(page, [...list.children], list.dataset);
  for (const each of end.querySelectorAll("a[rel=prev], span[data-number]")) each.remove();
  history.scrollRestoration = "manual";
  const card = cards.find(({ moment }) => moment.keyframe_id === history.state?.top);
  layOut();
  rows.measure();
  layOut(card ? { card, at: history.state.at } : page > 1 && cards.length ? { card: cards[0], at: 0 } : null);
  listen();
  follow();
}

function listen() {
  let waiting = 0;
  let frame = 0;
  addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => !isPlaying() && top && remember(top.card, top.at), 150);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (reflow()) return;
      top = atTop();
      follow();
    });
  }, { passive: true });
  end.addEventListener("click", (event) => {
    if (!event.target.closest("a") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goOn();
  });
  document.addEventListener("shown", ({ detail: moment }) => {
    const place = cards.findIndex((card) => card.moment === moment);
    if (place < 0) return;
    remember(cards[place], 0);
    if (place >= cards.length - AHEAD) goOn();
  });
  document.querySelector("[data-player]").addEventListener("close", follow);
  new ResizeObserver(reflow).observe(list);
  rangesFrom(momentsBetween);
}

// Fetch what is missing near the window, one page after the other.
async function follow() {
  if (isBusy || isPlaying()) return;
  const page = missing();
  if (page && (await bring(page))) requestAnimationFrame(follow);
}

// The pages from a little above the window to a little below it.
function wanted() {
  const above = -list.getBoundingClientRect().top;
  const at = (pixels) => Math.min(pageOf(rows.at(pixels)), isWhole ? furthest : furthest + 1);
  return { from: at(above - EARLY), middle: at(above + innerHeight / 2), to: at(above + innerHeight + EARLY) };
}

// The missing page that is nearest to the middle of the window.
function missing() {
  const { from, middle, to } = wanted();
  const absent = [];
  for (let page = from; page <= to; page += 1) if (!pages.has(page)) absent.push(page);
  absent.sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
  return absent[0];
}

async function goOn() {
  if (!isBusy && !(isWhole && last() === furthest)) await bring(last() + 1);
}

// Put a page into the document, where the pages beside it are. Whether it came.
async function bring(page) {
  isBusy = true;
  try {
    const found = await fetchPage(page);
    if (isPlaying() && page !== last() + 1) return false; // the player counts moments from the first one here
    const elements = [...found.children].map((each) => document.importNode(each, true));
    reflow();
    const [anchor, near] = [atTop(), wanted()]; // before anything changes: then to look costs a layout
    if (page < first() - 1 || page > last() + 1) while (pages.size) drop(first());
    const isBefore = page < first();
    if (isBefore) list.prepend(...elements);
    else list.append(...elements);
    know(page, elements, found.dataset);
    addCards(momentsIn(elements), before(page), isBefore);
    if (!isPlaying()) trim(near);
    layOut(anchor);
    if (rows.lineAt !== null && !rows.line) {
      rows.measure();
      layOut(anchor);
    }
  } catch (error) {
    say(error.message);
    return false;
  } finally {
    isBusy = false;
  }
  document.dispatchEvent(new CustomEvent("cards"));
  return true;
}

// The list of another page.
async function fetchPage(page) {
  const answer = await reach(`/?${addressOf(page)}`);
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const there = found.querySelector("[data-cards]");
  if (!answer.ok || !there) throw new Error(found.querySelector("[role=alert]")?.textContent ?? "framescout does not answer");
  return there;
}

function addressOf(page) {
  const to = new URLSearchParams(location.search);
  to.set("page", `${page}@${list.dataset.below}`);
  return to;
}

function know(page, elements, { near, further }) {
  pages.set(page, elements);
  if (near) rows.lineAt = Number(near);
  if (page < furthest) return;
  furthest = page;
  known = before(page) + momentsIn(elements).length;
  isWhole = further === undefined;
  if (isWhole) end.replaceChildren(make("span", {}, "That is all"));
}

function drop(page) {
  const elements = pages.get(page);
  dropCards(momentsIn(elements).length, page === first());
  pages.delete(page);
  for (const each of elements) each.remove();
}

// Let the pages go that are farthest from the window, while there are too many cards.
function trim({ from, middle, to }) {
  while (cards.length > MOST_CARDS) {
    const page = middle - first() > last() - middle ? first() : last();
    if (page >= from && page <= to) return;
    drop(page);
  }
}

// Leave as much space as the cards need that are not here, and let a card stand where it stood in the window.
function layOut(anchor) {
  list.querySelector(":scope > .begins")?.style.removeProperty("grid-column-start");
  list.querySelector(":scope > .begins")?.classList.remove("begins");
  if (!cards.length) return;
  const { element, number } = cards[0];
  element.classList.add("begins");
  element.style.gridColumnStart = rows.columnOf(number) + 1;
  list.style.paddingTop = `${rows.above(number)}px`;
  const below = Math.max(0, rows.height(known) - rows.height(cards.at(-1).number + 1));
  list.style.paddingBottom = `${below + innerHeight}px`; // also a card at the end can stand at the top
  if (anchor?.card.element.isConnected) scrollBy(0, anchor.card.element.getBoundingClientRect().top - anchor.at);
  top = anchor && standsAt(anchor) ? anchor : atTop();
  const isEndInSight = cards.at(-1).element.getBoundingClientRect().bottom < innerHeight;
  if (isWhole || !isEndInSight) list.style.paddingBottom = `${below}px`; // else it will be filled
}

function standsAt({ card, at }) {
  return card.element.isConnected && Math.abs(card.element.getBoundingClientRect().top - at) < 1;
}

// The card at the top of the window, and how far below the window's edge it begins.
function atTop() {
  if (top && standsAt(top)) return top; // with other columns another card may begin its row
  const card = cards.find(({ element }) => element.getBoundingClientRect().bottom > 0);
  return card && { card, at: card.element.getBoundingClientRect().top };
}

// Look whether cards have another size, or more or fewer are beside each other.
function reflow() {
  const was = [rows.columns, rows.pitch];
  rows.measure();
  if (was[0] === rows.columns && Math.abs(was[1] - rows.pitch) < 1) return false;
  layOut(top);
  follow();
  return true;
}

function remember(card, at) {
  const page = pageOf(card.number);
  const to = page > 1 || new URLSearchParams(location.search).has("page") ? `?${addressOf(page)}` : location.search;
  history.replaceState({ ...history.state, top: card.moment.keyframe_id, at }, "", `${to}${location.hash}`);
}

// The moments of these numbers, also those that are not here.
async function momentsBetween(from, to) {
  if (to - from >= MOST_MARKED) throw new Error(`Mark at most ${MOST_MARKED} moments at once; an export takes no more`);
  const found = [];
  for (let page = pageOf(from); page <= pageOf(to); page += 1) {
    const elements = momentsIn(pages.get(page) ?? [...(await fetchPage(page)).children]);
    found.push(...elements.map((each) => JSON.parse(each.dataset.moment)));
  }
  return found.slice(from - before(pageOf(from)), to + 1 - before(pageOf(from)));
}
