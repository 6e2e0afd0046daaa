// The player: a moment of a list, the curve of its whole video, keys. What is open stands in the address, so that the
// browser's back button closes it and a copied address opens it again.
import { clock, firstOf, getJson, isTyping, picture, say } from "./basics.js";
import { Beside } from "./beside.js";
import { Curve } from "./curve.js";
import { Footage } from "./footage.js";
import { frameNear } from "./frames.js";
import { openHelp } from "./help.js";
import { copy, hashOf, linkedMoment, linkTo } from "./linked.js";
import { MotionCurve } from "./motion.js";
import { momentsOfDay, secondsOf } from "./recordings.js";
import { selection } from "./selection.js";
import { Shuttle } from "./shuttle.js";
import { isStamped, setStamped, Stamp } from "./stamp.js";
import { saveStill } from "./still.js";

const dialog = document.querySelector("[data-player]");
const part = (name) => dialog.querySelector(`[data-${name}]`);
const video = part("video");
const seek = part("seek");
const speed = part("speed");
const curve = new Curve(part("curve"), part("preview"), (seconds) => goTo(seconds), (place) => change(place - number));
const motion = new MotionCurve(part("motion"), part("motion-unknown"));
const stamp = new Stamp(part("stamp"));
const beside = new Beside({ video, second: part("second"), choice: part("beside"), screen: part("screen"), stamp: part("second-stamp"), absent: part("absent") });
const shuttle = new Shuttle(video, { goTo: (seconds) => goTo(seconds), faster: () => faster(1), usual: () => setSpeed(1), play: () => play() });
const looksOnly = "looksOnly" in document.documentElement.dataset;

let listed = []; // the moments of the page, which an address names by their number
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

const idOf = (moment) => `#moment-${moment.keyframe_id}`;
const isSame = (one, other) => one.video_id === other.video_id && one.start === other.start && one.keyframe_id === other.keyframe_id;
const beginOf = (moment) => moment.playFrom ?? moment.start;
const isListed = (moment) => moment.playFrom === undefined && listed.some((each) => isSame(each, moment));
const nameOf = (moment) => (isListed(moment) ? idOf(moment) : hashOf(moment, beginOf(moment)));

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
  listed = list;
  const follow = () => {
    const place = list.findIndex((moment) => idOf(moment) === location.hash);
    if (place >= 0 && !dialog.open) openPlayer(list, place, asked);
    else if (place < 0 && location.hash.startsWith("#play=") && !dialog.open) openLinked(asked);
    else if (place < 0 && dialog.open) {
      isPushed = false;
      dialog.close();
    }
  };
  window.addEventListener("popstate", follow);
  document.addEventListener("cards", () => location.hash.startsWith("#moment-") && !dialog.open && follow());
  follow();
}

async function openLinked(asked) {
  const hash = location.hash;
  try {
    const moment = await linkedMoment(hash);
    if (!moment || location.hash !== hash || dialog.open) return;
    history.replaceState(null, "", nameOf(moment));
    openPlayer([moment], 0, asked);
  } catch (error) {
    say(error.message);
  }
}

async function show() {
  const moment = moments[number];
  shuttle.halt();
  document.dispatchEvent(new CustomEvent("shown", { detail: moment }));
  part("title").textContent = moment.name;
  const skipped = moments.skipped ?? 0; // of a long answer, of which not all is here
  part("count").textContent = skipped + moments.length > 1 ? `${skipped + number + 1} of ${skipped + moments.length}` : "";
  part("storyboard").href = `/videos/${moment.video_id}?file=${moment.file ?? ""}`;
  part("previous").disabled = number === 0;
  part("next").disabled = number === moments.length - 1;
  [inAt, outAt] = [moment.start, moment.end];
  drawEdges();
  part("trouble").hidden = true;
  if (facts?.video_id === moment.video_id) {
    curve.mark(number);
    goTo(beginOf(moment));
    play();
    return;
  }
  footage?.close();
  footage = facts = null;
  curve.clear();
  motion.clear();
  stamp.clear();
  beside.clear();
  video.poster = picture(moment.video_id, beginOf(moment), 960);
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
  footage.start(beginOf(moment));
  stamp.draw(facts);
  play();
  curve.draw(facts, moments, number, question);
  motion.draw(facts);
  beside.draw(facts);
}

function trouble(sentence) {
  part("trouble").textContent = sentence;
  part("trouble").hidden = false;
}

function play() {
  shuttle.halt();
  video.playbackRate = video.defaultPlaybackRate = Number(speed.value);
  video.play().catch(() => {});
}

function pause() {
  shuttle.halt();
  video.pause();
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
  stamp.tell(now(), video.paused);
  part("stamped").setAttribute("aria-pressed", String(isStamped()));
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

// The next moment of the day by the time that is shown, whichever file it lies in; before it with -1. The list is the
// day's then.
async function changeInTime(by) {
  if (!facts?.recorded_at) {
    say("It is not known when this was recorded");
    return;
  }
  const here = moments[number];
  const at = secondsOf(facts) + now();
  try {
    const ofDay = await momentsOfDay(facts, now(), question);
    if (moments[number] !== here || !dialog.open) return;
    const isBeyond = (each) => (by > 0 ? each.from > at + 0.1 : each.from < at - 1);
    const place = by > 0 ? ofDay.findIndex(isBeyond) : ofDay.findLastIndex((each) => isBeyond(each) && !isSame(each, here));
    if (place < 0) {
      say(by > 0 ? "Nothing later on this day" : "Nothing earlier on this day");
      return;
    }
    [moments, number] = [ofDay, place];
    history.replaceState(null, "", nameOf(moments[place]));
    show();
    if (facts) curve.draw(facts, moments, number, question);
  } catch (error) {
    say(error.message);
  }
}

// A step goes to the very frame: its time comes from the server, so that it holds in every format and at any rate.
// Steps wait for each other, so that none is lost while a key is held.
function step(by) {
  shuttle.halt();
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

async function shown() {
  if (video.seeking) await firstOf(video, ["seeked", "emptied"]);
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

function setSpeed(value) {
  speed.value = value;
  speed.dispatchEvent(new Event("change"));
}

function shuttleBack() {
  if (facts) say(`Back at ${shuttle.back()}\u00d7`);
}

function toggleStamp() {
  setStamped(!isStamped());
  tell();
  beside.tell();
}

async function still() {
  if (!facts) return;
  if (looksOnly) {
    say("Your token may search and look, but not take stills");
    return;
  }
  await stepping;
  try {
    const { time } = await frameNear(facts.video_id, now());
    await saveStill(facts, time);
  } catch (error) {
    say(error.message);
  }
}

async function share() {
  if (!facts) return;
  const [start, end] = [Math.min(inAt, outAt), Math.max(inAt, outAt)];
  const link = linkTo({ ...moments[number], file: facts.file, start, end }, now());
  say((await copy(link, dialog)) ? "The link to this moment is copied" : link);
}

function turnBeside() {
  say(beside.turn() ?? "No other camera recorded at this time");
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
  " ": () => (video.paused && !shuttle.rate ? play() : pause()),
  j: shuttleBack,
  k: () => shuttle.stop(),
  l: () => shuttle.on(),
  ArrowLeft: () => goTo(now() - 5),
  ArrowRight: () => goTo(now() + 5),
  ",": () => step(-1),
  ".": () => step(1),
  n: () => change(1),
  p: () => change(-1),
  N: () => changeInTime(1),
  P: () => changeInTime(-1),
  m: markCurrent,
  i: () => setEdge("in"),
  o: () => setEdge("out"),
  r: loop,
  t: toggleStamp,
  d: still,
  c: share,
  b: turnBeside,
  s: sound,
  f: fill,
  "<": () => faster(-1),
  ">": () => faster(1),
  "?": openHelp,
};

const buttons = { play: " ", previous: "p", next: "n", mark: "m", in: "i", out: "o", loop: "r", sound: "s", fill: "f", help: "?", stamped: "t", still: "d", share: "c", earlier: "P", later: "N" };
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
  video.addEventListener(name, () => facts && video.paused && !shuttle.rate && frameNear(facts.video_id, now()).catch(() => {}));
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
  shuttle.halt();
  beside.clear();
  stamp.clear();
  footage?.close();
  footage = facts = null;
  curve.clear();
  motion.clear();
  video.removeAttribute("poster");
  if (isPushed) history.back();
  else if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  isPushed = false;
});
