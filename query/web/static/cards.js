// Moments on a page: a click plays, the pointer or the arrow keys run through, "m" marks.
import { clock, isTyping, say } from "./basics.js";
import { lasting } from "./kept.js";
import { followAddress, openPlayer } from "./player.js";
import { selection } from "./selection.js";
import { standIn } from "./tints.js";

const STEPS = 8; // pictures in a strip

export const cards = []; // in the order of the page, also when some come later
const moments = []; // of each card
let marked = null; // the card that was marked or taken out last: ranges begin there
let momentsBetween = null; // of numbers of which not all are in the page

// Take elements of the page in: before all others, or behind them. number: of the first of them in the whole answer.
export function addCards(elements, number, isBefore = false) {
  const added = elements.map((element, place) => made(element, number + place));
  cards.splice(isBefore ? 0 : cards.length, 0, ...added);
  moments.splice(isBefore ? 0 : moments.length, 0, ...added.map((card) => card.moment));
  countSkipped();
  showMarks();
}

// Let the first so many go, or the last; their elements are gone already.
export function dropCards(count, isFirst) {
  const from = isFirst ? 0 : cards.length - count;
  cards.splice(from, count);
  moments.splice(from, count);
  countSkipped();
}

function countSkipped() {
  moments.skipped = cards[0]?.number ?? 0; // of the whole answer, before the first one here
}

// fetcher(from, to): the moments of these numbers.
export function rangesFrom(fetcher) {
  momentsBetween = fetcher;
}

function made(element, number) {
  const asked = location.search.slice(1).replace(/(^|&)page=[^&]*/, "");
  const card = { element, number, moment: { ...JSON.parse(element.dataset.moment), question: asked } };
  element.querySelector("[data-open]").addEventListener("click", (event) => (event.shiftKey ? mark(card, true) : openCard(cards.indexOf(card))));
  element.querySelector("[data-mark-card]")?.addEventListener("click", (event) => mark(card, event.shiftKey));
  for (const button of element.querySelectorAll("[data-feedback]")) {
    button.addEventListener("click", () => feedback(button.dataset.feedback, card.moment.keyframe_id));
  }
  if (element.matches(".card")) {
    scrub(element.querySelector(".picture"), card.moment);
    standIn(element.querySelector(".picture"));
  }
  return card;
}

// Mark a card or take it out; with the shift key, mark everything from the one before to it.
async function mark(card, isRange) {
  const before = marked;
  marked = card;
  if (!isRange || !before) {
    selection.toggle(card.moment);
    return;
  }
  const [from, to] = [before.number, card.number].sort((one, other) => one - other);
  const [first, last] = [cards[0].number, cards.at(-1).number];
  try {
    const isHere = first <= from && to <= last;
    const range = isHere ? moments.slice(from - first, to - first + 1) : await momentsBetween(from, to);
    selection.add(range.map((moment) => ({ ...moment, question: card.moment.question })));
  } catch (error) {
    say(error.message);
  }
}

export function openCard(number) {
  openPlayer(moments, number, question());
}

// The question that the address holds, without its empty fields.
function question() {
  const given = new URLSearchParams(location.pathname === "/" ? location.search : "");
  for (const [name, value] of [...given]) if (value === "" || name === "page" || name === "limit") given.delete(name, value);
  return [...given].length ? given : null;
}

function feedback(kind, id) {
  const given = new URLSearchParams(location.search);
  given.delete("page");
  const other = kind === "more_like" ? "less_like" : "more_like";
  given.delete(other, id);
  if (!given.has(kind, id)) given.append(kind, id);
  location.search = given;
}

// A strip of pictures is fetched when the pointer or the focus comes, and follows the pointer or the arrow keys.
function scrub(picture, moment) {
  let strip = null;
  let place = 0;
  const fetchStrip = () => {
    if (strip) return;
    strip = document.createElement("span");
    strip.className = "scrub";
    strip.hidden = true;
    const image = new Image();
    const width = picture.clientWidth * devicePixelRatio > 400 ? 480 : 320;
    image.src = `/api/videos/${moment.video_id}/strip?start=${moment.start}&end=${moment.end}&count=${STEPS}&width=${width}`;
    image.addEventListener("error", () => (strip = null)); // it is fetched again the next time
    image.addEventListener("load", () => {
      strip.dataset.scrub = "";
      strip.style.backgroundImage = `url("${image.src}")`;
      strip.style.aspectRatio = `${image.naturalWidth / STEPS} / ${image.naturalHeight}`;
      picture.querySelector("img").after(strip);
    });
  };
  const show = (wanted) => {
    if (!strip?.isConnected) return false;
    place = Math.min(STEPS - 1, Math.max(0, wanted));
    strip.hidden = false;
    strip.style.backgroundPosition = `${(place / (STEPS - 1)) * 100}% 0`;
    picture.style.setProperty("--through", `${((place + 0.5) / STEPS) * 100}%`);
    return true;
  };
  const hide = () => {
    if (strip) strip.hidden = true;
    place = 0;
  };
  picture.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && fetchStrip());
  picture.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const box = picture.getBoundingClientRect();
    show(Math.floor(((event.clientX - box.left) / box.width) * STEPS));
  });
  picture.addEventListener("pointerleave", hide);
  picture.addEventListener("focus", () => picture.matches(":focus-visible") && fetchStrip());
  picture.addEventListener("blur", hide);
  picture.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    fetchStrip();
    if (show(strip?.hidden ? 0 : place + by)) {
      say(clock(moment.start + ((place + 0.5) / STEPS) * (moment.end - moment.start)));
    }
  });
}

function showMarks() {
  const kept = selection.all();
  const marked = new Set(kept.map((each) => `${each.video_id}/${each.keyframe_id}`));
  for (const { element, moment } of cards) {
    const isChosen = marked.has(`${moment.video_id}/${moment.keyframe_id}`);
    element.classList.toggle("chosen", isChosen);
    const button = element.querySelector("[data-mark-card]");
    if (button) {
      button.setAttribute("aria-pressed", String(isChosen));
      button.textContent = isChosen ? "Marked" : "Mark";
    }
  }
  for (const count of document.querySelectorAll("[data-selected]")) {
    count.textContent = kept.length;
    count.hidden = kept.length === 0;
  }
}

// How wide a card is, as it was chosen last.
const WIDTHS = [150, 212, 290, 420]; // pixels at least
const size = document.querySelector("[data-size]");
if (size) {
  const show = () => document.documentElement.style.setProperty("--card", `${WIDTHS[size.value]}px`);
  size.value = lasting.get("size of cards") ?? 1;
  size.addEventListener("input", () => {
    lasting.set("size of cards", size.value);
    show();
  });
  size.parentElement.hidden = false;
  show();
}

// Keys on the page itself: of a card in focus; "j" and "k" reach the next and the previous one.
document.addEventListener("keydown", (event) => {
  if (isTyping(event) || document.querySelector("dialog[open]")) return;
  const number = cards.findIndex(({ element }) => element.contains(event.target));
  const wanted = { "+": "more_like", "-": "less_like" }[event.key];
  if (event.key.toLowerCase() === "m" && number >= 0) mark(cards[number], event.shiftKey);
  else if (wanted && cards[number]?.element.querySelector("[data-feedback]")) feedback(wanted, cards[number].moment.keyframe_id);
  else if ((event.key === "j" || event.key === "k") && cards.length) {
    const inSight = cards.findIndex(({ element }) => element.getBoundingClientRect().top >= 0);
    const next = number < 0 ? inSight : number + (event.key === "j" ? 1 : -1);
    cards[Math.min(cards.length - 1, Math.max(0, next))].element.querySelector("[data-open]").focus();
  }
});

addCards([...document.querySelectorAll("[data-moment]")], Number(document.querySelector("[data-cards]")?.dataset.first ?? 0));
selection.whenChanged(showMarks);
followAddress(moments, question());
