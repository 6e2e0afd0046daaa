// How much moves in a video, under the curve of the question: a gap where it is not known, a sentence where none of it is.
import { getJson, shape } from "./basics.js";

const HEIGHT = 24;
const MOST = 1000; // columns; of the half seconds in one the highest is drawn

export class MotionCurve {
  constructor(svg, unknown) {
    Object.assign(this, { svg, unknown });
  }

  clear() {
    this.facts = null;
    this.svg.replaceChildren();
    this.unknown.hidden = true;
  }

  async draw(facts) {
    this.facts = facts;
    const motion = await getJson(`/api/videos/${facts.video_id}/motion`).catch((error) => ({ levels: [], detail: error.message }));
    if (this.facts !== facts) return;
    const isKnown = motion.levels.some((level) => level !== null);
    const why = motion.detail ? `: ${motion.detail}` : "";
    const says = isKnown ? `How much moves, from ${motion.source}${why}` : `Not known how much moves${why}`;
    this.svg.setAttribute("aria-label", says);
    this.unknown.textContent = isKnown ? "" : says;
    this.unknown.hidden = isKnown;
    this.svg.parentElement.title = says;
    const x = (place) => Math.min(1000, ((place * motion.step) / facts.duration) * 1000).toFixed(2);
    const runs = stretches(motion.levels);
    this.svg.replaceChildren(...runs.map((points) => area(points, x)), ...gaps(runs, motion.levels.length).map((gap) => dashes(gap, x)));
  }
}

// Runs of known columns: [first half second, the one behind the last, level].
function stretches(levels) {
  const wide = Math.max(1, Math.ceil(levels.length / MOST));
  const runs = [];
  let run = null;
  for (let start = 0; start < levels.length; start += wide) {
    const known = levels.slice(start, start + wide).filter((level) => level !== null);
    if (known.length) {
      if (!run) runs.push((run = []));
      run.push([start, Math.min(start + wide, levels.length), Math.max(...known)]);
    } else run = null;
  }
  return runs;
}

// What lies between the runs: [first half second, the one behind the last].
function gaps(runs, length) {
  const edges = [0, ...runs.flatMap((run) => [run[0][0], run.at(-1)[1]]), length];
  const pairs = edges.flatMap((edge, place) => (place % 2 ? [] : [[edge, edges[place + 1]]]));
  return runs.length ? pairs.filter(([start, end]) => start < end) : [];
}

function dashes([start, end], x) {
  return shape("line", { class: "gap", x1: x(start), x2: x(end), y1: HEIGHT / 2, y2: HEIGHT / 2 });
}

function area(run, x) {
  const y = (level) => (HEIGHT - 1 - level * (HEIGHT - 3)).toFixed(2);
  const steps = run.flatMap(([start, end, level]) => [`${x(start)},${y(level)}`, `${x(end)},${y(level)}`]);
  const points = `${x(run[0][0])},${HEIGHT} ${steps.join(" ")} ${x(run.at(-1)[1])},${HEIGHT}`;
  return shape("polygon", { class: "moves", points });
}
