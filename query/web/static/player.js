// The player: a moment of a list, the curve of its whole video, keys. Footage that browsers don't play comes as a
// stream that begins anew at each seek, so that time on the page is where the stream began plus the element's own time.
import { clock, getJson, say } from "./basics.js";
import { selection } from "./selection.js";

const dialog = document.querySelector("[data-player]");
const part = (name) => dialog.querySelector(`[data-${name}]`);
const video = part("video");
const seek = part("seek");

let moments = [];
let number = 0;
let question = null;
let facts = null;
let began = 0;
let inAt = 0;
let outAt = 0;

export async function openPlayer(list, place, asked) {
  [moments, number, question] = [list, place, asked];
  if (!dialog.open) dialog.showModal();
  await show();
}

async function show() {
  const moment = moments[number];
  part("title").textContent = moment.name;
  part("storyboard").href = `/videos/${moment.video_id}`;
  [inAt, outAt] = [moment.start, moment.end];
  drawEdges();
  part("previous").disabled = number === 0;
  part("next").disabled = number === moments.length - 1;
  part("curve").replaceChildren();
  try {
    facts = await getJson(`/api/videos/${moment.video_id}`);
  } catch (error) {
    say(error.message);
    return;
  }
  seek.max = facts.duration;
  load(moment.start);
  video.play().catch(() => {});
  drawCurve(moment);
}

function load(seconds) {
  if (facts.plays_as_it_is) {
    const address = `/api/videos/${facts.video_id}/file`;
    if (!video.src.endsWith(address)) video.src = address;
    began = 0;
    video.currentTime = seconds;
  } else {
    began = seconds;
    video.src = `/api/videos/${facts.video_id}/stream?start=${seconds.toFixed(3)}`;
  }
  tell();
}

// A file that should play but doesn't (an unusual profile) is asked for as a stream.
video.addEventListener("error", () => {
  if (!facts?.plays_as_it_is || !dialog.open) return;
  facts.plays_as_it_is = false;
  load(now());
  video.play().catch(() => {});
});

const now = () => began + (video.currentTime || 0);

function goTo(seconds) {
  if (!facts) return;
  const wanted = Math.min(Math.max(0, seconds), Math.max(0, facts.duration - 0.05));
  const wasPlaying = !video.paused;
  load(wanted);
  if (!wasPlaying) video.pause();
  else video.play().catch(() => {});
}

function tell() {
  seek.value = now();
  seek.setAttribute("aria-valuetext", clock(now()));
  part("clock").textContent = clock(now());
  part("play").textContent = video.paused ? "Play" : "Pause";
}

function drawEdges() {
  part("in-at").textContent = clock(inAt);
  part("out-at").textContent = clock(outAt);
  const moment = moments[number];
  part("mark").textContent = selection.has(moment) ? "Marked" : "Mark";
  part("mark").setAttribute("aria-pressed", String(selection.has(moment)));
}

async function drawCurve(moment) {
  const curve = question
    ? await getJson(`/api/videos/${moment.video_id}/curve?${question}`).catch(() => [])
    : [];
  if (moments[number] !== moment) return;
  const shape = (name, values) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
    return element;
  };
  const x = (seconds) => ((seconds / facts.duration) * 1000).toFixed(2);
  const y = (confidence) => (58 - confidence * 54).toFixed(2);
  const stretches = moments
    .filter((each) => each.video_id === moment.video_id)
    .map((each) => shape("rect", { class: "stretch", x: x(each.start), y: 0, width: x(each.end - each.start), height: 60 }));
  const steps = curve.flatMap((each) => [`${x(each.start)},${y(each.confidence)}`, `${x(each.end)},${y(each.confidence)}`]);
  const drawn = steps.length
    ? [
        shape("polygon", { class: "area", points: `0,60 ${steps.join(" ")} 1000,60` }),
        shape("polyline", { class: "line", points: steps.join(" ") }),
      ]
    : [];
  const half = shape("line", { class: "half", x1: 0, x2: 1000, y1: y(0.5), y2: y(0.5) });
  part("curve").replaceChildren(...stretches, half, ...drawn);
}

function markCurrent() {
  selection.put({ ...moments[number], start: Math.min(inAt, outAt), end: Math.max(inAt, outAt) });
  drawEdges();
}

function change(by) {
  const place = number + by;
  if (place < 0 || place >= moments.length) return;
  number = place;
  show();
}

function step(by) {
  video.pause();
  goTo(now() + by / (facts?.frame_rate || 25));
}

const actions = {
  " ": () => (video.paused ? video.play().catch(() => {}) : video.pause()),
  ArrowLeft: () => goTo(now() - 5),
  ArrowRight: () => goTo(now() + 5),
  ",": () => step(-1),
  ".": () => step(1),
  n: () => change(1),
  p: () => change(-1),
  m: markCurrent,
  i: () => { inAt = now(); drawEdges(); },
  o: () => { outAt = now(); drawEdges(); },
};

part("play").addEventListener("click", actions[" "]);
part("previous").addEventListener("click", actions.p);
part("next").addEventListener("click", actions.n);
part("mark").addEventListener("click", actions.m);
part("in").addEventListener("click", actions.i);
part("out").addEventListener("click", actions.o);
part("close").addEventListener("click", () => dialog.close());
for (const button of dialog.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => step(Number(button.dataset.step)));
}
seek.addEventListener("change", () => goTo(Number(seek.value)));
for (const name of ["timeupdate", "play", "pause", "seeked", "loadeddata"]) video.addEventListener(name, tell);
dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = actions[event.key];
  const ownKey = event.target.matches("button, a") && event.key === " ";
  const slides = event.target === seek && event.key.startsWith("Arrow");
  if (action && !ownKey && !slides) {
    event.preventDefault();
    action();
  }
});
dialog.addEventListener("close", () => {
  video.pause();
  video.removeAttribute("src");
  video.load();
});
