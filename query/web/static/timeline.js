// Events by time: a lane a camera, from the whole archive down to minutes. Only what is in sight is drawn, and what
// would lie on top of each other becomes one bar with a number, so that thousands of events stay quick.
import { getJson, make, say } from "./basics.js";
import { reader } from "./clocks.js";
import { openPlayer } from "./player.js";

const HOUR = 3600;
const DAY = 86400;
const LEAST = 10; // pixels of a bar
const APART = 22; // and between two, or they become one with a number
const WIDEST = 8_000_000; // pixels that browsers still lay out
const STEPS = [1, 5, 15, 60, 300, 900, HOUR, 3 * HOUR, 6 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 91 * DAY, 365 * DAY];
const A_LABEL = 92; // pixels that a time needs
const CLOSEST = 60; // pixels a second
const KINDS = 6; // colours

const page = document.querySelector("[data-timeline]");
if (page) begin().catch((error) => say(error.message));

const part = (name) => page.querySelector(`[data-${name}]`);

let events = []; // {from, to, kind, lane, place}: times in seconds since 1970; in order of time
let moments = []; // what the player gets, in the same order
let lanes = [];
let kinds = [];
let hidden = new Set();
let first = 0; // what the timeline spans
let last = 1;
let scale = 1; // pixels a second
let clockOf = null;

async function begin() {
  read(await getJson("/api/events"));
  if (!events.length && !part("untimed").textContent) return;
  page.hidden = false;
  if (!events.length) {
    page.querySelector(".lanes").hidden = true;
    return;
  }
  legend();
  part("names").replaceChildren(...lanes.map((lane) => make("div", {}, lane)));
  zoomTo("all");
  const view = part("window");
  view.addEventListener("scroll", () => requestAnimationFrame(draw));
  new ResizeObserver(() => (scale < least() ? zoomTo("all") : draw())).observe(view);
  for (const button of page.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => zoomTo(button.dataset.zoom));
  }
  view.addEventListener("keydown", keys);
  view.addEventListener("wheel", wheel, { passive: false });
}

function read(found) {
  kinds = Object.keys(found);
  const zone = page.dataset.zone;
  clockOf = reader(zone);
  const all = kinds.flatMap((kind) => found[kind].map((each) => ({ ...each, kind })));
  const timed = all.filter((each) => each.recorded_at);
  events = timed
    .map((each) => {
      const began = Date.parse(each.recorded_at) / 1000;
      return { from: began + each.start, to: began + each.end, kind: each.kind, lane: each.camera ?? "unknown", each };
    })
    .sort((one, other) => one.from - other.from);
  lanes = [...new Set(events.map((event) => event.lane))].sort();
  moments = events.map(({ each }, place) => {
    events[place].place = place;
    return { ...each, event: each.kind, name: each.video.split("/").at(-1) };
  });
  if (events.length) {
    first = events[0].from;
    last = Math.max(...lanes.map((lane) => events.findLast((event) => event.lane === lane).to), events.at(-1).to);
    const margin = Math.max(60, (last - first) * 0.02);
    [first, last] = [first - margin, last + margin];
  }
  const untimed = all.length - timed.length;
  if (untimed) {
    part("untimed").textContent = `${untimed} of ${all.length} events lie in videos whose recording time isn't known; they are in the list alone.`;
    part("untimed").hidden = false;
  }
}

function legend() {
  part("kinds").replaceChildren(
    ...kinds.map((kind, number) => {
      const count = events.filter((event) => event.kind === kind).length;
      return make(
        "button",
        {
          type: "button",
          class: `plain kind k${number % KINDS}`,
          "aria-pressed": "true",
          click: (click) => {
            if (!hidden.delete(kind)) hidden.add(kind);
            click.currentTarget.setAttribute("aria-pressed", String(!hidden.has(kind)));
            draw();
          },
        },
        `${kind} `,
        make("span", {}, count),
      );
    }),
  );
}

const least = () => part("window").clientWidth / (last - first);

function zoomTo(wanted) {
  const view = part("window");
  const wanteds = { all: least(), day: view.clientWidth / DAY, hour: view.clientWidth / HOUR, in: scale * 2, out: scale / 2 };
  const focused = document.activeElement?.dataset?.place;
  const middle = focused !== undefined ? events[focused].from : firstSeen();
  rescale(wanteds[wanted], middle, wanted === "all");
}

// Where "day" and "hour" go: the middle of what is seen, or where the first event lies in it.
function firstSeen() {
  const view = part("window");
  const [from, to] = [first + view.scrollLeft / scale, first + (view.scrollLeft + view.clientWidth) / scale];
  const seen = events.find((event) => event.from >= from && event.from <= to && !hidden.has(event.kind));
  return seen ? seen.from : (from + to) / 2;
}

function rescale(wanted, about, isAll = false, at = part("window").clientWidth / 2) {
  const view = part("window");
  scale = Math.min(Math.max(wanted, least()), Math.max(least(), WIDEST / (last - first)), Math.max(least(), CLOSEST));
  part("inside").style.width = `${Math.max(view.clientWidth, (last - first) * scale)}px`;
  view.scrollLeft = isAll ? 0 : (about - first) * scale - at;
  draw();
}

function wheel(event) {
  if (!event.ctrlKey) return;
  event.preventDefault();
  const view = part("window");
  const at = event.clientX - view.getBoundingClientRect().left;
  rescale(scale * Math.exp(-event.deltaY / 200), first + (view.scrollLeft + at) / scale, false, at);
}

function draw() {
  const view = part("window");
  const inside = part("inside");
  const [left, right] = [view.scrollLeft - 400, view.scrollLeft + view.clientWidth + 400];
  const focused = document.activeElement?.dataset?.place;
  const rows = lanes.map((lane) => make("div", { class: "lane" }, ...bars(lane, left, right)));
  inside.replaceChildren(make("div", { class: "axis", "aria-hidden": "true" }, ...ticks(left, right)), ...rows);
  if (focused !== undefined) inside.querySelector(`[data-place="${focused}"]`)?.focus({ preventScroll: true });
}

function bars(lane, left, right) {
  const shown = [];
  for (const event of events) {
    if (event.lane !== lane || hidden.has(event.kind)) continue;
    const x = (event.from - first) * scale;
    const end = Math.max(x + LEAST, (event.to - first) * scale);
    if (end < left || x > right) continue;
    const before = shown.at(-1);
    if (before && x < before.x + APART) {
      before.events.push(event);
      before.end = Math.max(before.end, end);
    } else shown.push({ x, end, events: [event] });
  }
  return shown.map(bar);
}

function bar({ x, end: last, events: together }) {
  const end = together.length > 1 ? Math.max(last, x + 20) : last;
  const [event] = together;
  const names = [...new Set(together.map((each) => each.kind))];
  const number = kinds.indexOf(event.kind) % KINDS;
  const when = clockOf(event.from).long;
  const what = together.length === 1 ? event.kind : `${together.length} events (${names.join(", ")})`;
  const button = make(
    "button",
    {
      type: "button",
      class: `event ${names.length === 1 ? `k${number}` : "mixed"}`,
      "data-place": event.place,
      "aria-label": `${what}, ${event.lane}, ${when}`,
      title: `${what}\n${event.lane}, ${when}`,
      click: () => choose(together),
    },
    together.length > 1 ? make("span", {}, together.length) : null,
  );
  button.style.left = `${x}px`;
  button.style.width = `${end - x}px`;
  return button;
}

// One opens the player; several come closer, until zooming parts them no more.
function choose(together) {
  const span = together.at(-1).from - together[0].from;
  const closer = part("window").clientWidth / Math.max(span * 1.5, 1);
  if (together.length > 1 && closer > scale * 1.5 && scale < CLOSEST * 0.99) {
    rescale(closer, (together[0].from + together.at(-1).from) / 2);
    return;
  }
  const shown = events.filter((event) => !hidden.has(event.kind));
  openPlayer(shown.map((event) => moments[event.place]), shown.indexOf(together[0]), null);
}

// The arrow keys go from event to event; plus and minus zoom.
function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const zoom = { "+": "in", "=": "in", "-": "out" }[event.key];
  if (zoom) {
    event.preventDefault();
    zoomTo(zoom);
    return;
  }
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const here = document.activeElement?.dataset?.place;
  if (!by || here === undefined) return;
  event.preventDefault();
  const step = Number(here) + by;
  const next = by > 0 ? events.slice(step).find(isApart) : events.slice(0, Math.max(0, step + 1)).findLast(isApart);
  if (!next) return;
  const view = part("window");
  const x = (next.from - first) * scale;
  if (x < view.scrollLeft || x > view.scrollLeft + view.clientWidth - 20) view.scrollLeft = x - view.clientWidth / 2;
  draw();
  const bars = [...page.querySelectorAll(".event")];
  bars.find((each) => each.dataset.place === String(next.place))?.focus({ preventScroll: true });

  // Another lane, or far enough to have a bar of its own.
  function isApart(other) {
    return !hidden.has(other.kind) && (other.lane !== events[here].lane || Math.abs(other.from - events[here].from) * scale >= APART);
  }
}

function ticks(left, right) {
  const longest = STEPS.at(-1);
  const step = STEPS.find((each) => each * scale >= A_LABEL) ?? longest * Math.ceil(A_LABEL / (longest * scale));
  const made = [];
  let time = clockOf(first + Math.max(0, left) / scale).midnight;
  const begin = first + Math.max(0, left) / scale;
  if (step < DAY) time += Math.floor((begin - time) / step) * step;
  else if (step > DAY) time -= (Math.floor(time / DAY) % (step / DAY)) * DAY;
  for (let count = 0; count < 400 && (time - first) * scale < right; count += 1) {
    const { short, day, date, midnight } = clockOf(time);
    const isDay = Math.abs(time - midnight) < 1;
    const x = (time - first) * scale;
    if (x >= 0) {
      const tick = make("span", { class: isDay ? "tick day" : "tick" }, isDay ? (step > 7 * DAY ? date : day) : short);
      tick.style.left = `${x}px`;
      made.push(tick);
    }
    time += step;
    if (step >= DAY) time = clockOf(time + 2 * HOUR).midnight; // days are not all of one length
  }
  return made;
}
