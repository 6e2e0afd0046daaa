// What each camera recorded on a day, and the moments of a day in order of time, whichever files they lie in.
import { getJson } from "./basics.js";
import { dayAfter, reader } from "./clocks.js";

const FRESH = 60_000; // milliseconds for which what is known of a day is used again: more of today is recorded
let last = null; // the day that was asked for last: {day, at, lanes}

// [{camera, spans: [{video_id, file, keyframe_id, name, from, to, offset}]}]; `from` and `to` in seconds since 1970.
export async function lanesOf(day) {
  if (last?.day !== day || Date.now() - last.at > FRESH) {
    const asked = { day, at: Date.now(), lanes: read(day) };
    asked.lanes.catch(() => last === asked && (last = null));
    last = asked;
  }
  return last.lanes;
}

async function read(day) {
  const known = await getJson(`/api/days/${day}`);
  const begins = Date.parse(known.begins) / 1000;
  return known.lanes.map(({ camera, spans }) => ({
    camera,
    spans: spans.map(({ start, end, ...span }) => ({ ...span, from: begins + start, to: begins + end })),
  }));
}

export const secondsOf = (facts) => Date.parse(facts.recorded_at) / 1000; // since 1970, when the video begins
export const dayOf = (facts, seconds) => reader(facts.zone)(secondsOf(facts) + seconds).iso;

// The moments of the day of which `seconds` of the video is: those that match the question, of all cameras; without a
// question what its own camera recorded. Each has `from`, seconds since 1970.
export async function momentsOfDay(facts, seconds, question) {
  const day = dayOf(facts, seconds);
  const found = question ? await matches(day, question) : await recorded(day, facts.camera);
  return found.toSorted((one, other) => one.from - other.from);
}

async function matches(day, question) {
  const asked = new URLSearchParams(question);
  for (const name of ["after", "before", "page", "limit"]) asked.delete(name);
  asked.append("after", day);
  asked.append("before", `${dayAfter(day)}T00:00`);
  asked.append("limit", 100);
  const { matched, moments } = await getJson(`/api/search?${asked}`);
  const least = Number(document.documentElement.dataset.match);
  return moments
    .filter((each) => each.recorded_at && (!matched || each.confidence >= least))
    .map((each) => ({
      ...each,
      file: "",
      name: each.video.split(/[/\\]/).at(-1),
      question: String(question),
      from: Date.parse(each.recorded_at) / 1000 + each.start,
    }));
}

async function recorded(day, camera) {
  const lane = (await lanesOf(day)).find((each) => each.camera === camera);
  return (lane?.spans ?? []).map(({ video_id, file, keyframe_id, name, from, to, offset }) => {
    const [start, end] = [offset, offset + to - from];
    return { video_id, file, keyframe_id, name, start, end, peak: start, from };
  });
}
