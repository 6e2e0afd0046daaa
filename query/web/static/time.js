// The archive by time, on its page and beside what was found: the calendar, and a day of it.
import { getJson, make, say } from "./basics.js";
import { drawCalendar } from "./calendar.js";
import { cards, openCard } from "./cards.js";
import { reader } from "./clocks.js";
import { drawDay } from "./day.js";
import { lasting } from "./kept.js";

const KEPT = "timeline is open";
const SOON = 300; // milliseconds
const page = document.querySelector("[data-time]");
const button = document.querySelector("[data-time-button]");
const isArchive = location.pathname === "/archive";
let isDrawn = false;
let waiting = 0; // for more cards, before the results are drawn again
let drawAgain = () => {};

if (page && isArchive) show(true);
if (page && button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    show(page.hidden);
    lasting.set(KEPT, page.hidden ? "no" : "yes");
  });
  if (lasting.get(KEPT) === "yes") show(true);
}

function show(isOpen) {
  page.hidden = !isOpen;
  button?.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) return;
  if (isDrawn) {
    drawAgain();
    return;
  }
  isDrawn = true;
  draw().catch((error) => {
    isDrawn = false;
    page.replaceChildren(make("p", { class: "small" }, error.message));
  });
}

// The question's filters; on the page of the archive the camera that was chosen.
function given() {
  const said = new URLSearchParams(location.search);
  if (!isArchive) return said;
  const camera = said.get("camera");
  return new URLSearchParams(camera && camera !== "unknown" ? [["cameras", camera.replace(/[[*?]/g, "[$&]")]] : []);
}

async function draw() {
  const known = await getJson(`/api/days?${given()}`);
  if (!known.days.length) {
    isDrawn = false;
    page.hidden = isArchive;
    page.replaceChildren(make("p", { class: "small" }, known.untimed ? "It is not known when any of this was recorded." : "There is nothing here yet."));
    return;
  }
  if (isArchive) for (const each of document.querySelectorAll("[data-days]")) each.hidden = true; // the calendar has them all
  const dayOf = days(known.zone);
  const results = () => (isArchive ? [] : cards)
    .map((card) => ({ at: Date.parse(card.moment.at) / 1000, camera: card.moment.camera ?? null, name: `Result ${card.number + 1}`, play: () => openCard(cards.indexOf(card)) }))
    .filter((each) => each.at);
  const [best] = results();
  const said = new URLSearchParams(location.search);
  const shown = isArchive ? said.get("day") : best ? dayOf(best.at) : null;
  const calendar = make("section", { class: "calendar", "aria-label": "Calendar" });
  const day = make("section", { class: "one-day", "aria-label": "Day" });
  page.replaceChildren(calendar, day);
  if (known.untimed) page.append(make("p", { class: "small" }, `${known.untimed} ${known.untimed === 1 ? "video of unknown time is" : "videos of unknown time are"} not shown here.`));
  const addressOf = (wanted) => {
    const to = new URLSearchParams(isArchive ? location.search : "");
    to.delete("page");
    to.set("day", wanted);
    return `/archive?${to}`;
  };
  const pick = (wanted) => {
    if (isArchive) location.href = addressOf(wanted);
    else open(wanted).catch((error) => say(error.message));
  };
  let opened = null;
  const open = async (wanted) => {
    opened = wanted;
    const found = results();
    const counts = new Map();
    for (const each of found) counts.set(dayOf(each.at), (counts.get(dayOf(each.at)) ?? 0) + 1);
    drawCalendar(calendar, { days: known.days, chosen: wanted, found: counts, addressOf, pick: isArchive ? null : pick });
    if (!wanted) return;
    const place = known.days.findIndex((each) => each.day === wanted);
    const others = { previous: known.days[place - 1]?.day, next: known.days[place + 1]?.day };
    await drawDay(day, wanted, { given: given(), found, searchIn, others, pick });
  };
  drawAgain = () => open(opened).catch((error) => say(error.message));
  document.addEventListener("cards", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => page.hidden || drawAgain(), SOON);
  });
  opened = known.days.some((each) => each.day === shown) ? shown : null;
  drawAgain();
}

function days(zone) {
  const clockOf = reader(zone);
  return (seconds) => clockOf(seconds).iso;
}

// The same question in these hours alone.
function searchIn(hours) {
  const to = new URLSearchParams(isArchive ? given() : location.search);
  for (const name of ["after", "before", "hours", "page"]) to.delete(name);
  for (const [name, value] of Object.entries(hours)) to.set(name, value);
  location.href = `/?${to}`;
}
