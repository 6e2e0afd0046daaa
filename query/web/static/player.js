// The player: a moment of a list, the curve of its whole video, keys. What is open stands in the address, so that the
// browser's back button closes it and a copied address opens it again.
import { clock, getJson, isTyping, picture, say } from "./basics.js";
import { Curve } from "./curve.js";
import { Footage } from "./footage.js";
import { frameNear } from "./frames.js";
import { openHelp } from "./help.js";
import { MotionCurve } from "./motion.js";
import { selection } from "./selection.js";

const dialog = document.querySelector("[data-player]");
const part = (name) => dialog.querySelector(`[data-${name}]`);
const video = part("video");
const seek = part("seek");
const speed = part("speed");
const curve = new Curve(part("curve"), part("preview"), (seconds) => goTo(seconds), (place) => change(place - number));
const motion = new MotionCurve(part("motion"), part("motion-unknown"));

let moments = [];
let number = 0;
let question = null;
let facts = null;
let footage = null;
let inAt = 0;
let outAt = 0;
let isLooping = false;
let stepping = Promise.resolve();
let isPushed = false;

const nameOf = (moment) => `#moment-${moment.keyframe_id}`;

export function openPlayer(list, place, asked) {
  [moments, number, question] = [list, place, asked];
  const isOpen = location.hash === nameOf(moments[place]);
  if (!isOpen) history.pushState(null, "", nameOf(moments[place]));
  isPushed = !isOpen;
  if (!dialog.open) dialog.showModal();
  show();
}

// Open what the address names; close where it names nothing any more.
export function followAddress(list, asked) {
  const follow = () => {
    const place = list.findIndex((moment) => nameOf(moment) === location.hash);
    if (place >= 0 && !dialog.open) openPlayer(list, place, asked);
    else if (place < 0 && dialog.open) {
      isPushed = false;
      dialog.close();
    }
  };
  window.addEventListener("popstate", follow);
  follow();
}

async function show() {
  const moment = moments[number];
  document.dispatchEvent(new CustomEvent("shown", { detail: moment }));
  part("title").textContent = moment.name;
  part("count").textContent = moments.length > 1 ? `${number + 1} of ${moments.length}` : "";
  part("storyboard").href = `/videos/${moment.video_id}?file=${moment.file ?? ""}`;
  part("previous").disabled = number === 0;
  part("next").disabled = number === moments.length - 1;
  [inAt, outAt] = [moment.start, moment.end];
  drawEdges();
  part("trouble").hidden = true;
  if (facts?.video_id === moment.video_id) {
    curve.mark(number);
    goTo(moment.start);
    play();
    return;
  }
  footage?.close();
  footage = facts = null;
  curve.clear();
  motion.clear();
  video.poster = picture(moment.video_id, moment.start, 960);
  try {
    const found = await getJson(`/api/videos/${moment.video_id}?file=${moment.file ?? ""}`);
    if (moments[number] !== moment || !dialog.open) return;
    facts = found;
  } catch (error) {
    trouble(error.message);
    return;
  }
  seek.max = facts.duration;
  drawEdges();
  if (facts.remark) say(facts.remark);
  footage = new Footage(video, facts, trouble);
  footage.start(moment.start);
  play();
  curve.draw(facts, moments, number, question);
  motion.draw(facts);
}

function trouble(sentence) {
  part("trouble").textContent = sentence;
  part("trouble").hidden = false;
}

function play() {
  video.playbackRate = video.defaultPlaybackRate = Number(speed.value);
  video.play().catch(() => {});
}

const now = () => video.currentTime || 0;

function goTo(seconds) {
  if (!facts) return;
  video.currentTime = Math.min(Math.max(0, seconds), Math.max(0, facts.duration - 0.01));
  tell();
}

function tell() {
  const text = clock(now(), 2);
  seek.value = now();
  seek.setAttribute("aria-valuetext", text);
  part("clock").textContent = text;
  part("play").textContent = video.paused ? "Play" : "Pause";
  if (isLooping && !video.paused && (now() >= outAt || now() < inAt - 0.5)) video.currentTime = inAt;
}

function drawEdges() {
  part("in-at").textContent = clock(inAt, 2);
  part("out-at").textContent = clock(outAt, 2);
  const isMarked = selection.has(moments[number]);
  part("mark").textContent = isMarked ? "Marked" : "Mark";
  part("mark").setAttribute("aria-pressed", String(isMarked));
  const length = facts?.duration || outAt || 1;
  part("range").style.left = `${(Math.min(inAt, outAt) / length) * 100}%`;
  part("range").style.width = `${(Math.abs(outAt - inAt) / length) * 100}%`;
}

function markCurrent() {
  const moment = moments[number];
  const [start, end] = [Math.min(inAt, outAt), Math.max(inAt, outAt)];
  const kept = selection.find(moment);
  if (kept && kept.start === start && kept.end === end) selection.toggle(moment);
  else if (end > start) selection.put({ ...moment, start, end });
  else say("The out point must lie behind the in point");
  drawEdges();
}

function change(by) {
  const place = number + by;
  if (place < 0 || place >= moments.length) return;
  number = place;
  history.replaceState(null, "", nameOf(moments[place]));
  show();
}

// A step goes to the very frame: its time comes from the server, so that it holds in every format and at any rate.
// Steps wait for each other, so that none is lost while a key is held.
function step(by) {
  video.pause();
  stepping = stepping.then(async () => {
    if (!facts) return;
    try {
      const { time } = await frameNear(facts.video_id, now(), by);
      goTo(time + 0.001);
      await shown();
    } catch (error) {
      say(error.message);
    }
  });
}

function shown() {
  if (!video.seeking) return Promise.resolve();
  return new Promise((resolve) => {
    video.addEventListener("seeked", resolve, { once: true });
    video.addEventListener("emptied", resolve, { once: true });
  });
}

// In begins with the frame that is shown, out ends behind it.
async function setEdge(side) {
  if (!facts) return;
  await stepping;
  try {
    const { time, end } = await frameNear(facts.video_id, now());
    if (side === "in") inAt = time;
    else outAt = end;
    drawEdges();
    say(side === "in" ? `In at ${clock(time, 2)}` : `Out at ${clock(end, 2)}`);
  } catch (error) {
    say(error.message);
  }
}

function faster(by) {
  speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + by));
  speed.dispatchEvent(new Event("change"));
  say(`Speed ${speed.selectedOptions[0].textContent}`);
}

function loop() {
  isLooping = !isLooping;
  part("loop").setAttribute("aria-pressed", String(isLooping));
}

function sound() {
  video.muted = !video.muted;
  part("sound").setAttribute("aria-pressed", String(video.muted));
}

function fill() {
  if (document.fullscreenElement) document.exitFullscreen();
  else part("screen").requestFullscreen?.().catch(() => {});
}

const actions = {
  " ": () => (video.paused ? play() : video.pause()),
  ArrowLeft: () => goTo(now() - 5),
  ArrowRight: () => goTo(now() + 5),
  ",": () => step(-1),
  ".": () => step(1),
  n: () => change(1),
  p: () => change(-1),
  m: markCurrent,
  i: () => setEdge("in"),
  o: () => setEdge("out"),
  l: loop,
  s: sound,
  f: fill,
  "<": () => faster(-1),
  ">": () => faster(1),
  "?": openHelp,
};

const buttons = { play: " ", previous: "p", next: "n", mark: "m", in: "i", out: "o", loop: "l", sound: "s", fill: "f", help: "?" };
for (const [name, key] of Object.entries(buttons)) part(name).addEventListener("click", actions[key]);
for (const button of dialog.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => step(Number(button.dataset.step)));
}
part("close").addEventListener("click", () => dialog.close());
speed.addEventListener("change", () => (video.playbackRate = video.defaultPlaybackRate = Number(speed.value)));
seek.addEventListener("input", () => (facts?.plays === "file" || footage?.holds(Number(seek.value))) && goTo(Number(seek.value)));
seek.addEventListener("change", () => goTo(Number(seek.value)));
video.addEventListener("click", actions[" "]);
for (const name of ["timeupdate", "play", "pause", "seeked", "loadeddata"]) video.addEventListener(name, tell);
// What steps will need is asked for while the film still stands.
for (const name of ["pause", "seeked"]) {
  video.addEventListener(name, () => facts && video.paused && frameNear(facts.video_id, now()).catch(() => {}));
}
for (const name of ["waiting", "seeking", "loadstart"]) video.addEventListener(name, () => dialog.classList.add("waiting"));
for (const name of ["playing", "seeked", "error", "emptied", "canplay"]) video.addEventListener(name, () => dialog.classList.remove("waiting"));
dialog.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  const action = actions[event.key];
  const ownKey = event.target.matches("button, select") && event.key === " ";
  const slides = event.target === seek && event.key.startsWith("Arrow");
  if (action && !ownKey && !slides) {
    event.preventDefault();
    action();
  }
});
dialog.addEventListener("close", () => {
  footage?.close();
  footage = facts = null;
  curve.clear();
  motion.clear();
  video.removeAttribute("poster");
  if (isPushed) history.back();
  else if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  isPushed = false;
});
