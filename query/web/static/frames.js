// When the frames of a video are shown, to the microsecond, as the server decoded them; asked for once per stretch.
import { getJson } from "./basics.js";

const EDGE = 0.1; // seconds near the end of what is known where more is asked for
const known = new Map(); // video id and width -> list of runs of times

async function run(videoId, around, width) {
  const name = `${videoId}/${width ?? ""}`;
  const runs = known.get(name) ?? [];
  known.set(name, runs);
  const found = runs.find((times) => times[0] <= around - EDGE && around + EDGE < times.at(-2));
  if (found) return found;
  const more = width ? `&width=${width}` : "";
  const { times } = await getJson(`/api/videos/${videoId}/frames?around=${around.toFixed(6)}${more}`);
  runs.unshift(times);
  runs.splice(40);
  return times;
}

// The place of the frame that is shown at `seconds`.
function placeOf(times, seconds) {
  let place = times.findLastIndex((time) => time <= seconds + 0.0002);
  if (place < 0) place = 0;
  return place;
}

// {time, end}: when the frame that is `by` after the one shown at `seconds` is shown, and when the next one is.
export async function frameNear(videoId, seconds, by = 0, width = null) {
  const times = await run(videoId, seconds, width);
  const place = Math.min(times.length - 1, Math.max(0, placeOf(times, seconds) + by));
  const usual = times.length > 1 ? (times.at(-1) - times[0]) / (times.length - 1) : 0.04;
  return { time: times[place], end: times[place + 1] ?? times[place] + usual };
}
