// Work on the catalog from the page of its state: a folder is picked and indexed, files are tried again, what is gone is
// dropped, all is checked. The server goes on with it when this page is closed.
import { getJson, make, say, sendJson } from "./basics.js";
import { follower } from "./follow.js";

const EVERY = 1000;
const page = document.querySelector("[data-work]");
const part = (name) => page.querySelector(`[data-${name}]`);
let roots = [];
let chosen = { folder: 0, below: [] };
const follow = follower("/api/work", { every: EVERY, place: page, draw });

if (page) begin().catch((error) => say(error.message));

async function begin() {
  ({ folders: roots } = await getJson("/api/work"));
  for (const button of page.querySelectorAll("[data-task]")) button.addEventListener("click", () => run(button));
  part("stop").addEventListener("click", () => sendJson("/api/work/stop", {}).then(draw, (error) => say(error.message)));
  await open(chosen);
  follow();
}

const nameOf = (path) => path.split(/[/\\]/).filter(Boolean).at(-1) ?? path;

// Show a folder: the way to it, and the folders in it.
async function open(wanted) {
  const below = wanted.below.join("/");
  const { folders } = await getJson(`/api/work/folders?${new URLSearchParams({ folder: wanted.folder, below })}`);
  chosen = wanted;
  const step = (text, to, title) => make("button", { type: "button", class: "plain", title, click: () => go(to) }, text);
  const names = [nameOf(roots[chosen.folder]), ...chosen.below];
  const way = names.slice(0, -1).map((name, depth) => step(name, { folder: chosen.folder, below: chosen.below.slice(0, depth) }));
  part("way").replaceChildren(...way, make("strong", { title: roots[chosen.folder] }, names.at(-1)));
  const others = chosen.below.length ? [] : roots.map((root, folder) => ({ root, folder })).filter(({ folder }) => folder !== chosen.folder);
  part("folders").replaceChildren(
    ...folders.map((name) => make("li", {}, step(name, { folder: chosen.folder, below: [...chosen.below, name] }))),
    ...others.map(({ root, folder }) => make("li", {}, step(root, { folder, below: [] }))),
  );
  part("folders").hidden = !folders.length && !others.length;
}

const go = (wanted) => open(wanted).then(() => part("way").scrollIntoView({ block: "nearest" }), (error) => say(error.message));

async function run(button) {
  if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
  const wanted = { task: button.dataset.task };
  if (wanted.task === "index") Object.assign(wanted, { folder: chosen.folder, below: chosen.below.join("/") });
  const refusal = part("refused");
  refusal.hidden = true;
  try {
    draw(await sendJson("/api/work", wanted));
    follow(true);
  } catch (error) {
    refusal.textContent = error.message;
    refusal.hidden = false;
  }
}

const isGoingOn = (job) => job?.state === "running" || job?.state === "stopping";
const TASKS = {
  index: ["Indexing", "Indexed"],
  retry: ["Trying files in quarantine again", "Tried files in quarantine again"],
  prune: ["Dropping videos whose files are gone", "Dropped videos whose files are gone"],
  verify: ["Checking every vector, row and file", "Checked every vector, row and file"],
};
const ENDS = { done: "", failed: " \u2013 something is wrong", stopped: " \u2013 stopped", running: "\u2026", stopping: " \u2013 stopping\u2026" };

// Whether it goes on.
function draw({ job }) {
  part("job").hidden = !job;
  for (const button of page.querySelectorAll("[data-task]")) button.disabled = isGoingOn(job);
  if (!job) return false;
  const clock = new Date(job.began).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  part("job").dataset.is = job.state;
  part("title").textContent = `${TASKS[job.task][isGoingOn(job) ? 0 : 1]}${job.folder ? ` ${job.folder}` : ""}${ENDS[job.state]}`;
  part("who").textContent = `${job.who}, ${clock}${job.files ? `, ${job.files_done} of ${job.files} files` : ""}`;
  const bar = part("bar");
  bar.hidden = !isGoingOn(job);
  if (job.share === null) bar.removeAttribute("value");
  else bar.value = job.share;
  part("stop").hidden = !isGoingOn(job);
  part("stop").disabled = job.state === "stopping";
  const said = job.lines.slice(-12).join("\n");
  if (part("said-by-job").textContent !== said) part("said-by-job").textContent = said;
  part("said-by-job").hidden = !said;
  return isGoingOn(job);
}
