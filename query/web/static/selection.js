// The moments that were marked, kept by the browser: {video_id, file, keyframe_id, start, end, name}, in the order of the reel.
import { say } from "./basics.js";

const KEY = "framescout-selection";
const listeners = [];

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => Number.isFinite(each?.video_id) && each.end > each.start) : [];
  } catch {
    return [];
  }
}

function write(kept) {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    say("The browser keeps nothing for this page; allow it to, or the selection is lost");
  }
  for (const listener of listeners) listener();
}

const isSame = (one, other) => one.video_id === other.video_id && one.keyframe_id === other.keyframe_id;

export const selection = {
  all: read,
  find: (moment) => read().find((each) => isSame(each, moment)),
  has: (moment) => read().some((each) => isSame(each, moment)),
  replace: write,
  toggle(moment) {
    const kept = read();
    const rest = kept.filter((each) => !isSame(each, moment));
    write(rest.length < kept.length ? rest : [...kept, moment]);
    say(rest.length < kept.length ? "Taken out of the selection" : `Marked: ${moment.name}`);
  },
  add(moments) {
    const kept = read();
    const fresh = moments.filter((moment) => !kept.some((each) => isSame(each, moment)));
    write([...kept, ...fresh]);
    say(`Marked ${fresh.length} ${fresh.length === 1 ? "moment" : "moments"} more`);
  },
  put(moment) {
    const kept = read();
    const place = kept.findIndex((each) => isSame(each, moment));
    write(place < 0 ? [...kept, moment] : kept.with(place, moment));
    say(`Marked: ${moment.name}`);
  },
  whenChanged(listener) {
    listeners.push(listener);
    listener();
  },
};
window.addEventListener("storage", (event) => event.key === KEY && listeners.forEach((listener) => listener()));
