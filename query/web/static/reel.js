// The selection page: in and out on the frame, the order, the export.
import { clock, getJson, say, sendJson } from "./basics.js";
import { selection } from "./selection.js";

const list = document.querySelector("[data-reel]");
const form = document.querySelector("[data-export]");

if (list) {
  selection.whenChanged(draw);
  form.addEventListener("submit", begin);
  form.querySelector("[data-clear]").addEventListener("click", () => selection.replace([]));
}

function draw() {
  const kept = selection.all();
  document.querySelector("[data-nothing]").hidden = kept.length > 0;
  form.hidden = kept.length === 0;
  list.replaceChildren(...kept.map(row));
}

function row(moment, number) {
  const item = document.createElement("li");
  item.append(edge(moment, number, "start", "In"), edge(moment, number, "end", "Out"));
  const facts = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = moment.name;
  const length = document.createElement("p");
  length.className = "small";
  length.textContent = `${clock(moment.start)} to ${clock(moment.end)}, ${(moment.end - moment.start).toFixed(1)} seconds`;
  facts.append(name, length);
  const moves = document.createElement("div");
  moves.className = "moves";
  moves.append(
    button("Up", `Move ${moment.name} up`, () => move(number, -1), number === 0),
    button("Down", `Move ${moment.name} down`, () => move(number, 1), number === selection.all().length - 1),
    button("Remove", `Remove ${moment.name}`, () => selection.replace(selection.all().filter((_, i) => i !== number))),
  );
  item.append(facts, moves);
  return item;
}

function edge(moment, number, side, label) {
  const figure = document.createElement("figure");
  const image = document.createElement("img");
  const at = side === "start" ? moment.start : Math.max(moment.start, moment.end - 0.04);
  image.src = `/api/videos/${moment.video_id}/picture?at=${at}&width=320`;
  image.alt = `${label} of ${moment.name}`;
  const caption = document.createElement("figcaption");
  const input = document.createElement("input");
  Object.assign(input, { type: "number", min: 0, step: 0.04, value: moment[side].toFixed(2) });
  input.setAttribute("aria-label", `${label} of ${moment.name}, in seconds`);
  input.addEventListener("change", () => trim(number, side, Number(input.value)));
  caption.append(label, input);
  figure.append(image, caption);
  return figure;
}

function button(text, label, action, disabled = false) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "plain", textContent: text, disabled });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", action);
  return made;
}

function move(number, by) {
  const kept = selection.all();
  [kept[number], kept[number + by]] = [kept[number + by], kept[number]];
  selection.replace(kept);
}

function trim(number, side, seconds) {
  const kept = selection.all();
  const trimmed = { ...kept[number], [side]: seconds };
  if (!(trimmed.start >= 0 && trimmed.end > trimmed.start)) {
    say("The end must lie behind the start");
    draw();
    return;
  }
  selection.replace(kept.with(number, trimmed));
}

async function begin(event) {
  event.preventDefault();
  const chosen = new FormData(form);
  const wanted = {
    mode: chosen.get("mode"),
    ...Object.fromEntries(["reel", "edl", "otio", "sheet"].map((name) => [name, chosen.has(name)])),
    moments: selection.all().map(({ video_id, start, end }) => ({ video_id, start, end })),
  };
  try {
    await follow(await sendJson("/api/exports", wanted));
  } catch (error) {
    form.querySelector("[data-state]").textContent = error.message;
  }
}

async function follow(job) {
  const progress = form.querySelector("[data-progress]");
  const state = form.querySelector("[data-state]");
  form.querySelector("[data-files]").replaceChildren();
  progress.hidden = false;
  while (job.state === "waiting" || job.state === "running") {
    progress.max = job.steps;
    progress.value = job.done;
    state.textContent = `${job.done} of ${job.steps}`;
    await new Promise((resolve) => setTimeout(resolve, 400));
    job = await getJson(`/api/exports/${job.id}`);
  }
  progress.hidden = true;
  state.textContent = job.state === "done" ? `Done, in ${job.folder}` : job.error;
  form.querySelector("[data-files]").replaceChildren(
    ...job.files.map((name) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `/api/exports/${job.id}/files/${encodeURIComponent(name)}`;
      link.download = name;
      link.textContent = name;
      item.append(link);
      return item;
    }),
  );
}
