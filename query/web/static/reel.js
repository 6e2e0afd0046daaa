// The selection page: in and out on the frame, seen while they move, and the order.
import { clock, make, picture, say } from "./basics.js";
import { frameNear } from "./frames.js";
import { openPlayer } from "./player.js";
import { selection } from "./selection.js";

const WIDTH = 480;
const JUST_BEFORE = 0.001; // an out point is the end of the last frame; a little before it that frame is shown
const [EDGE, SCROLL] = [60, 14]; // pixels from the window's edge within which dragging scrolls, and how far
const list = document.querySelector("[data-reel]");
const rows = new Map(); // by moment: {element, update}

const keyOf = (moment) => `${moment.video_id}/${moment.keyframe_id}`;
const placeOf = (key) => selection.all().findIndex((each) => keyOf(each) === key);

let steps = Promise.resolve(); // of a frame, one after the other, so that none is lost while a key is held

if (list) selection.whenChanged(draw);

function draw() {
  const kept = selection.all();
  const keys = kept.map(keyOf);
  for (const [key, row] of rows) {
    if (!keys.includes(key)) {
      row.element.remove();
      rows.delete(key);
    }
  }
  for (const [number, moment] of kept.entries()) {
    const key = keys[number];
    if (!rows.has(key)) rows.set(key, makeRow(key, moment));
    const { element, update } = rows.get(key);
    if (list.children[number] !== element) list.insertBefore(element, list.children[number] ?? null);
    update(moment, number, kept.length);
  }
  const seconds = kept.reduce((sum, each) => sum + each.end - each.start, 0);
  const moments = kept.length === 1 ? "1 moment" : `${kept.length} moments`;
  document.querySelector("[data-sum]").textContent = kept.length ? `${moments}, ${clock(seconds)} together` : "";
  document.querySelector("[data-begin]").textContent = `Export ${moments}`;
  document.querySelector("[data-nothing]").hidden = kept.length > 0;
  document.querySelector("[data-export]").hidden = kept.length === 0;
}

document.querySelector("[data-clear]")?.addEventListener("click", () => {
  const kept = selection.all();
  selection.replace([]);
  const undo = document.querySelector("[data-undo]");
  undo.hidden = false;
  undo.onclick = () => {
    selection.replace(kept);
    undo.hidden = true;
  };
});

function makeRow(key, { name }) {
  const edges = { start: makeEdge(key, "start", `In of ${name}`), end: makeEdge(key, "end", `Out of ${name}`) };
  const length = make("p", { class: "small" });
  const button = (text, label, act, more = {}) =>
    make("button", { type: "button", class: "plain", "aria-label": `${label} ${name}`, click: act, ...more }, text);
  const up = button("Up", "Move up:", () => move(key, -1));
  const down = button("Down", "Move down:", () => move(key, 1));
  const handle = make("span", { class: "handle", title: "Drag to reorder, or Alt with the arrow keys", "aria-hidden": "true" }, "\u2630");
  const place = make("span", { class: "place" });
  const element = make(
    "li",
    { "data-key": key },
    make("div", { class: "order" }, handle, place),
    edges.start.element,
    edges.end.element,
    make(
      "div",
      { class: "what" },
      make("strong", {}, name),
      length,
      make(
        "div",
        { class: "actions" },
        button("Play", "Play", () => openPlayer(selection.all(), placeOf(key), null)),
        up,
        down,
        button("Remove", "Remove", () => remove(key)),
      ),
    ),
  );
  element.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || !by) return;
    event.preventDefault();
    move(key, by);
  });
  drag(handle, element);
  const update = (moment, number, count) => {
    edges.start.update(moment.start, moment.start);
    edges.end.update(moment.end, Math.max(moment.start, moment.end - JUST_BEFORE));
    length.textContent = `${clock(moment.start, 2)} to ${clock(moment.end, 2)}, ${(moment.end - moment.start).toFixed(2)} seconds`;
    place.textContent = number + 1;
    up.disabled = number === 0;
    down.disabled = number === count - 1;
  };
  return { element, update };
}

// A picture of the edge's own frame, steps of a frame, and the time as a field.
function makeEdge(key, side, label) {
  const image = make("img", { alt: "", width: 320, height: 180, decoding: "async" });
  const input = make("input", { type: "text", inputmode: "decimal", "aria-label": `${label}, in seconds`, autocomplete: "off" });
  const step = (by) => make("button", {
    type: "button", class: "plain", "aria-label": `${label}: one frame ${by < 0 ? "back" : "on"}`, click: () => stepEdge(key, side, by),
  }, by < 0 ? "\u2039" : "\u203A");
  input.addEventListener("change", () => type(key, side, input));
  input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by || event.altKey) return;
    event.preventDefault();
    stepEdge(key, side, event.shiftKey ? by * 10 : by);
  });
  const element = make("figure", {}, image, make("figcaption", {}, make("span", {}, side === "start" ? "In" : "Out"), step(-1), input, step(1)));
  const update = (seconds, at) => {
    const address = picture(key.split("/")[0], at.toFixed(6), WIDTH);
    if (image.getAttribute("src") !== address) image.src = address;
    if (document.activeElement !== input || input.dataset.told !== String(seconds)) input.value = seconds.toFixed(3);
    input.dataset.told = seconds;
  };
  return { element, update };
}

function stepEdge(key, side, by) {
  steps = steps.then(async () => {
    const moment = selection.all()[placeOf(key)];
    if (!moment) return;
    try {
      if (side === "start") {
        const { time } = await frameNear(moment.video_id, moment.start, by, WIDTH);
        put(key, { start: time });
      } else {
        const { end } = await frameNear(moment.video_id, moment.end - JUST_BEFORE, by, WIDTH);
        put(key, { end });
      }
    } catch (error) {
      say(error.message);
    }
  });
}

async function type(key, side, input) {
  const moment = selection.all()[placeOf(key)];
  const seconds = read(input.value);
  if (seconds === null) {
    say("Write seconds, such as 75.2, or minutes and seconds, such as 1:15.2");
    input.value = moment[side].toFixed(3);
    return;
  }
  try {
    const near = await frameNear(moment.video_id, side === "start" ? seconds : Math.max(0, seconds - JUST_BEFORE), 0, WIDTH);
    if (!put(key, { [side]: side === "start" ? near.time : near.end })) input.value = moment[side].toFixed(3);
  } catch (error) {
    say(error.message);
  }
}

// "75.2", "1:15.2" and "0:01:15.2" are the same; null for anything else.
function read(written) {
  const pieces = written.trim().replace(",", ".").split(":");
  if (pieces.length > 3 || pieces.some((piece) => !/^\d+(\.\d*)?$/.test(piece))) return null;
  return pieces.reduce((sum, piece) => sum * 60 + Number(piece), 0);
}

function put(key, edge) {
  const kept = selection.all();
  const place = placeOf(key);
  const moment = { ...kept[place], ...edge };
  if (!(moment.start >= 0 && moment.end > moment.start)) {
    say("The out point must lie behind the in point");
    return false;
  }
  selection.replace(kept.with(place, moment));
  return true;
}

function move(key, by) {
  const kept = selection.all();
  const place = placeOf(key);
  const wanted = place + by;
  if (wanted < 0 || wanted >= kept.length) return;
  const focused = document.activeElement;
  [kept[place], kept[wanted]] = [kept[wanted], kept[place]];
  selection.replace(kept);
  (focused.disabled ? rows.get(key).element.querySelector(".actions button") : focused).focus();
  say(`Place ${wanted + 1} of ${kept.length}`);
}

function remove(key) {
  const place = placeOf(key);
  selection.replace(selection.all().filter((each) => keyOf(each) !== key));
  const next = list.children[Math.min(place, list.children.length - 1)];
  (next?.querySelector(".actions button") ?? document.querySelector("h1")).focus();
  say("Removed");
}

function drag(handle, row) {
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    row.classList.add("dragged");
  });
  handle.addEventListener("pointermove", (event) => {
    if (!row.classList.contains("dragged")) return;
    if (event.clientY < EDGE) window.scrollBy(0, -SCROLL);
    if (event.clientY > innerHeight - EDGE) window.scrollBy(0, SCROLL);
    // the others move around it: an element that is moved itself loses the pointer
    const middle = (each) => each.getBoundingClientRect().top + each.offsetHeight / 2;
    while (row.nextElementSibling && event.clientY > middle(row.nextElementSibling)) row.before(row.nextElementSibling);
    while (row.previousElementSibling && event.clientY < middle(row.previousElementSibling)) row.after(row.previousElementSibling);
  });
  const drop = () => {
    if (!row.classList.contains("dragged")) return;
    row.classList.remove("dragged");
    const order = [...list.children].map((each) => each.dataset.key);
    selection.replace(selection.all().toSorted((one, other) => order.indexOf(keyOf(one)) - order.indexOf(keyOf(other))));
  };
  handle.addEventListener("pointerup", drop);
  handle.addEventListener("pointercancel", drop);
}
