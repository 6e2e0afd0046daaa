// Exports: begun on the selection page, followed wherever they are shown, fetched one by one or all at once.
import { make, say, sendJson } from "./basics.js";
import { follower } from "./follow.js";
import { selection } from "./selection.js";

const EVERY = 500;
const form = document.querySelector("[data-export]");
const shelf = document.querySelector("[data-exports]");
const follow = follower("/api/exports", { every: EVERY, place: document.querySelector("[data-exported]"), draw });

if (form) {
  form.addEventListener("submit", begin);
  follow();
}

async function begin(event) {
  event.preventDefault();
  const chosen = new FormData(form);
  const wanted = {
    mode: chosen.get("mode"),
    pad: Number(chosen.get("pad") || 0),
    ...Object.fromEntries(["reel", "edl", "otio", "mlt", "sheet"].map((name) => [name, chosen.has(name)])),
    moments: selection.all().map(asked),
    query: askedFor(),
  };
  const refusal = form.querySelector("[data-refused]");
  refusal.hidden = true;
  try {
    await sendJson("/api/exports", wanted);
    say("The export has begun");
    follow(true);
  } catch (error) {
    refusal.textContent = error.message;
    refusal.hidden = false;
  }
}

// A stretch as the search found it: the manifest keeps what it said.
function asked({ video_id, start, end, peak, score, confidence, keyframe_id, file }) {
  const known = Object.entries({ peak, score, confidence, keyframe_id }).filter(([, value]) => Number.isFinite(value));
  return { video_id, start, end, file: file ?? "", ...Object.fromEntries(known) };
}

// What was asked; several questions where the moments were found by several.
function askedFor() {
  const questions = [...new Set(selection.all().map((each) => each.question).filter(Boolean))];
  return questions.length === 1 ? { question: questions[0] } : questions.length ? { questions } : {};
}

const isGoingOn = (job) => job.state === "waiting" || job.state === "running";

// Whether any goes on.
function draw(jobs) {
  document.querySelector("[data-exported]").hidden = jobs.length === 0;
  for (const item of [...shelf.children]) if (!jobs.some(({ id }) => id === item.dataset.job)) item.remove();
  for (const [number, job] of jobs.entries()) {
    const shown = JSON.stringify(job);
    const known = shelf.querySelector(`[data-job="${job.id}"]`);
    if (known?.dataset.shown === shown) continue;
    const item = card(job, number === 0);
    item.dataset.shown = shown;
    if (known) known.replaceWith(item);
    else shelf.insertBefore(item, shelf.children[number] ?? null);
  }
  return jobs.some(isGoingOn);
}

const STATES = { waiting: "Waiting for its turn", done: "Done", failed: "Failed", stopped: "Stopped" };

function card(job, isLatest) {
  const goesOn = isGoingOn(job);
  const state = job.state === "running" ? `${job.done} of ${job.steps} done${job.doing ? `, writing ${job.doing}` : ""}` : STATES[job.state];
  const file = (name) => make("li", {}, make("a", { href: `/api/exports/${job.id}/files/${encodeURIComponent(name)}`, download: name }, name));
  return make(
    "li",
    { "data-job": job.id, "data-is": job.state },
    make("p", { class: "head" }, make("strong", { role: "status" }, state), goesOn ? make("button", { type: "button", class: "plain", click: () => stop(job.id) }, "Stop") : null),
    goesOn ? make("progress", { max: job.steps, value: job.done, "aria-label": "Files written" }) : null,
    job.error ? make("p", { class: "trouble", role: "alert" }, job.error) : null,
    make("p", { class: "small" }, job.folder),
    !goesOn && job.files.length
      ? make("a", { class: "button", href: `/api/exports/${job.id}/zip`, download: "" }, `Download all ${job.files.length} files (ZIP)`)
      : null,
    job.files.length
      ? make("details", { open: isLatest }, make("summary", {}, "File by file"), make("ul", { class: "files" }, ...job.files.map(file)))
      : null,
  );
}

async function stop(id) {
  try {
    await sendJson(`/api/exports/${id}/stop`, {});
  } catch (error) {
    say(error.message);
  }
}
