// The moments that were marked, kept by the browser: {video_id, start, end, name}, in the order of the reel.
import { say } from "./basics.js";

const KEY = "framescout-selection";
const listeners = [];

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => Number.isFinite(each?.video_id)) : [];
  } catch {
    return [];
  }
}

function write(kept) {
  localStorage.setItem(KEY, JSON.stringify(kept));
  for (const listener of listeners) listener();
}

const isSame = (one, other) => one.video_id === other.video_id && one.keyframe_id === other.keyframe_id;

export const selection = {
  all: read,
  has: (moment) => read().some((each) => isSame(each, moment)),
  replace: write,
  toggle(moment) {
    const kept = read();
    const rest = kept.filter((each) => !isSame(each, moment));
    write(rest.length < kept.length ? rest : [...kept, moment]);
    say(rest.length < kept.length ? "Taken out of the selection" : "Marked");
  },
  put(moment) {
    const kept = read();
    const place = kept.findIndex((each) => isSame(each, moment));
    write(place < 0 ? [...kept, moment] : kept.with(place, moment));
    say("Marked");
  },
  whenChanged(listener) {
    listeners.push(listener);
    listener();
  },
};
window.addEventListener("storage", () => listeners.forEach((listener) => listener()));
