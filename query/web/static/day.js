// A day: a lane a camera, what lies in each, what moves, alerts, and what was found. A click plays from there on; hours
// are dragged, or written, to search in them alone.
import { getJson, make, say } from "./basics.js";
import { nameOf } from "./calendar.js";
import { dayAfter, reader } from "./clocks.js";
import { openPlayer } from "./player.js";

const HOUR = 3600;
const NARROWEST = 760; // pixels of a day
const A_LABEL = 46; // pixels that a time needs
const DRAGGED = 6; // pixels from which a press is no click any more
const TOGETHER = 45; // seconds between videos that no one sees as a gap
let turn = 0; // how often a day was asked for

// given: the parameters of the question. found: results, {at (seconds since 1970), camera, name, play}. searchIn(hours):
// called with {after, before} or {hours}. others: the days before and after, {previous, next}, null where there is none.
export async function drawDay(place, day, { given, found = [], searchIn, others, pick }) {
  const asked = new URLSearchParams(given);
  for (const name of ["after", "before", "hours", "page"]) asked.delete(name);
  turn += 1;
  const mine = turn;
  place.setAttribute("aria-busy", "true");
  const known = await getJson(`/api/days/${day}?${asked}`).finally(() => mine === turn && place.removeAttribute("aria-busy"));
  if (mine !== turn) return; // another day was asked for meanwhile
  const clockOf = reader(known.zone);
  const begins = Date.parse(known.begins) / 1000;
  const clock = (seconds) => clockOf(begins + Math.min(seconds, known.length - 1)).short.slice(0, 5);
  const hours = makeHours(day, clock, searchIn);
  const inside = make("div", { class: "inside" }, axis(known, clockOf, begins), ...known.lanes.map((lane) => laneOf(lane, known, { clock, found, begins })));
  const view = make("div", { class: "window" }, inside);
  inside.style.minWidth = `${NARROWEST}px`;
  drag(inside, known.length, clock, hours);
  const step = (name, to, text) => make("button", { type: "button", class: "plain", "aria-label": name, disabled: !to, click: () => pick(to) }, text);
  place.replaceChildren(
    make("div", { class: "head" }, make("h2", {}, nameOf(day)), make("div", { class: "group" }, step("Day before", others.previous, "\u2039"), step("Day after", others.next, "\u203A")), make("span", { class: "gap" }), hours.element),
    known.lanes.length
      ? make("div", { class: "lanes day-lanes", keydown: keys }, make("div", { class: "names" }, ...known.lanes.map((lane) => make("div", { title: lane.camera ?? "unknown" }, lane.camera ?? "unknown"))), view)
      : make("p", { class: "small" }, "Nothing of this day is searched."),
  );
  const runs = [...place.querySelectorAll(".run")];
  if (runs.length) {
    runs[0].tabIndex = 0;
    view.scrollLeft = Math.min(...runs.map((run) => run.offsetLeft)) - 30; // a narrow screen begins with the first of the day
  }
}

function axis(known, clockOf, begins) {
  const step = NARROWEST / 24 < A_LABEL ? 2 : 1; // hours
  const ticks = [];
  for (let seconds = 0; seconds < known.length; seconds += step * HOUR) {
    const tick = make("span", { class: "tick" }, clockOf(begins + seconds).short);
    tick.style.left = share(seconds, known.length);
    ticks.push(tick);
  }
  return make("div", { class: "axis", "aria-hidden": "true" }, ...ticks);
}

const share = (seconds, length) => `${(seconds / length) * 100}%`;

function laneOf(lane, known, { clock, found, begins }) {
  const moments = lane.spans.map((span) => ({
    video_id: span.video_id,
    file: span.file,
    keyframe_id: span.keyframe_id,
    name: span.name,
    start: span.offset,
    end: span.offset + span.end - span.start,
    peak: span.offset,
  }));
  const play = (seconds) => {
    const number = Math.max(0, lane.spans.findLastIndex((span) => span.start <= seconds));
    const span = lane.spans[number];
    const start = span.offset + Math.min(Math.max(0, seconds - span.start), Math.max(0, span.end - span.start - 0.1));
    openPlayer(moments.with(number, { ...moments[number], start, peak: start }), number, null);
  };
  const name = lane.camera ?? "unknown";
  const runs = runsOf(lane.spans);
  const element = make("div", { class: "lane", role: "group", "aria-label": name }, ...runs.map((run) => runOf(run, known, { clock, name, play })));
  element.append(motionOf(lane.motion, runs, known));
  const isMine = (each) => (each.camera ?? null) === lane.camera;
  for (const alert of known.alerts.filter(isMine)) {
    element.append(mark(alert.at, known.length, "alert", `Alert ${alert.event}, ${name}, ${clock(alert.at)}`, () => openPlayer([{ ...alert, unread: true }], 0, null)));
  }
  for (const result of found.filter((each) => isMine(each) && each.at >= begins && each.at < begins + known.length)) {
    element.append(mark(result.at - begins, known.length, "hit", `${result.name}, ${name}, ${clock(result.at - begins)}`, result.play));
  }
  return element;
}

// Videos that follow each other are one bar; between bars lies nothing.
function runsOf(spans) {
  const runs = [];
  for (const span of spans) {
    const last = runs.at(-1);
    if (last && span.start - last.end < TOGETHER) {
      last.end = Math.max(last.end, span.end);
      last.count += 1;
    } else runs.push({ start: span.start, end: span.end, count: 1, name: span.name });
  }
  return runs;
}

function runOf(run, known, { clock, name, play }) {
  const what = run.count === 1 ? run.name : `${run.count} videos`;
  const said = `${name}, ${clock(run.start)} to ${clock(run.end)}: ${what}`;
  const button = make("button", {
    type: "button",
    class: "run",
    tabindex: "-1",
    "aria-label": `Play ${said}`,
    title: said,
    click: (event) => {
      if (button.closest(".inside").dataset.wasDragged) return;
      const box = button.getBoundingClientRect();
      const at = event.detail ? ((event.clientX - box.left) / box.width) * (run.end - run.start) : 0; // a key begins at the start
      play(run.start + at);
    },
  });
  button.style.left = share(run.start, known.length);
  button.style.width = share(run.end - run.start, known.length);
  return button;
}

// How much moves, within the bars.
function motionOf(levels, runs, known) {
  const bars = runs.flatMap((run) => {
    const own = [];
    for (let number = Math.floor(run.start / known.step); number * known.step < run.end; number += 1) {
      if (!levels[number]) continue;
      const start = Math.max(run.start, number * known.step);
      const bar = make("i", {});
      bar.style.left = share(start, known.length);
      bar.style.width = share(Math.min(run.end, (number + 1) * known.step) - start, known.length);
      bar.style.height = `${levels[number] * 100}%`;
      own.push(bar);
    }
    return own;
  });
  return make("div", { class: "pulse", "aria-hidden": "true" }, ...bars);
}

function mark(at, length, kind, said, click) {
  const button = make("button", { type: "button", class: `mark ${kind}`, tabindex: "-1", "aria-label": said, title: said, click });
  button.style.left = share(at, length);
  return button;
}

// The arrow keys go from one thing of the lanes to the next, by time and by lane.
function keys(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const along = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const here = document.activeElement;
  if ((!by && !along) || !here.matches(".run, .mark")) return;
  const things = (lane) => [...lane.querySelectorAll(".run, .mark")].sort((one, other) => one.offsetLeft - other.offsetLeft);
  const lanes = [...event.currentTarget.querySelectorAll(".lane")];
  const lane = here.closest(".lane");
  const own = things(lane);
  const beside = lanes[lanes.indexOf(lane) + (along ?? 0)];
  const nearest = (all) => all.toSorted((one, other) => Math.abs(one.offsetLeft - here.offsetLeft) - Math.abs(other.offsetLeft - here.offsetLeft))[0];
  const next = by ? own[own.indexOf(here) + by] : beside && nearest(things(beside));
  if (!next) return;
  event.preventDefault();
  here.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// The hours to search in: written in two fields, or dragged over the lanes.
function makeHours(day, clock, searchIn) {
  const field = (label, value) => make("input", { type: "time", "aria-label": label, value });
  const [from, to] = [field("From", "00:00"), field("To", "23:59")];
  const act = (every) => {
    if (!from.value || !to.value || from.value === to.value) {
      say("Write from when to when, such as 14:00 and 15:30");
      return;
    }
    const isWhole = from.value === "00:00" && to.value === "23:59";
    const end = isWhole || to.value < from.value ? dayAfter(day) : day;
    if (every) searchIn({ hours: `${from.value}-${isWhole ? "24:00" : to.value}` });
    else searchIn({ after: `${day}T${from.value}`, before: `${end}T${isWhole ? "00:00" : to.value}` });
  };
  const button = (text, every) => make("button", { type: "button", class: "plain", click: () => act(every) }, text);
  const element = make("div", { class: "hours", role: "group", "aria-label": "Hours to search in" }, from, "\u2013", to, button("Search these hours", false), button("Every day", true));
  const set = (start, end, length) => {
    from.value = clock(start);
    to.value = end >= length - 60 ? "23:59" : clock(end);
  };
  return { element, set };
}

function drag(inside, length, clock, hours) {
  const band = make("div", { class: "band", hidden: true });
  inside.append(band);
  let began = null;
  const secondsAt = (event) => {
    const box = inside.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * length;
  };
  inside.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button) return; // a finger scrolls
    began = { x: event.clientX, seconds: secondsAt(event) };
    delete inside.dataset.wasDragged;
  });
  inside.addEventListener("pointermove", (event) => {
    if (!began || (!inside.dataset.wasDragged && Math.abs(event.clientX - began.x) < DRAGGED)) return;
    if (!inside.dataset.wasDragged) inside.setPointerCapture(event.pointerId);
    inside.dataset.wasDragged = "yes";
    const [start, end] = [began.seconds, secondsAt(event)].sort((one, other) => one - other);
    band.hidden = false;
    band.style.left = share(start, length);
    band.style.width = share(end - start, length);
    band.textContent = `${clock(start)} \u2013 ${clock(end)}`;
    hours.set(start, end, length);
  });
  const stop = () => (began = null);
  inside.addEventListener("pointerup", stop);
  inside.addEventListener("pointercancel", stop);
}
