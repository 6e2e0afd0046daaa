// Wires up whichever page this is. Each module does nothing where its elements are missing.
import { getJson, say } from "./basics.js";
import { openPlayer } from "./player.js";
import { selection } from "./selection.js";
import "./reel.js";

const cards = [...document.querySelectorAll("[data-moment]")].map((element) => ({
  element,
  moment: JSON.parse(element.dataset.moment),
}));

for (const [number, { element, moment }] of cards.entries()) {
  element.querySelector("[data-open]").addEventListener("click", () => open(number));
  const mark = element.querySelector("[data-mark-card]");
  mark?.addEventListener("click", () => selection.toggle(moment));
  for (const button of element.querySelectorAll("[data-feedback]")) {
    button.addEventListener("click", () => feedback(button.dataset.feedback, moment.keyframe_id));
  }
  if (element.classList.contains("card")) scrubOnHover(element.querySelector(".picture"), moment);
}

function open(number) {
  openPlayer(cards.map((card) => card.moment), number, questionOf(location.search));
}

selection.whenChanged(() => {
  for (const { element, moment } of cards) {
    const chosen = selection.has(moment);
    element.classList.toggle("chosen", chosen && element.classList.contains("card"));
    element.querySelector("[data-mark-card]")?.setAttribute("aria-pressed", String(chosen));
  }
  for (const count of document.querySelectorAll("[data-selected]")) {
    count.textContent = selection.all().length;
    count.hidden = selection.all().length === 0;
  }
});

function questionOf(search) {
  const given = new URLSearchParams(search);
  given.delete("page");
  for (const [name, value] of [...given]) if (value === "") given.delete(name, value);
  return [...given].length ? given : null;
}

function feedback(kind, id) {
  const given = new URLSearchParams(location.search);
  given.delete("page");
  given.append(kind, id);
  location.search = given;
}

// A strip of eight pictures is fetched when the pointer comes, and follows the pointer.
function scrubOnHover(picture, moment) {
  const count = 8;
  let strip = null;
  picture.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "touch" || strip) return;
    const image = new Image();
    image.src = `/api/videos/${moment.video_id}/strip?start=${moment.start}&end=${moment.end}&count=${count}&width=320`;
    image.addEventListener("load", () => {
      strip = document.createElement("span");
      strip.className = "scrub";
      strip.hidden = true;
      strip.dataset.scrub = "";
      strip.style.backgroundImage = `url("${image.src}")`;
      strip.style.aspectRatio = `${image.naturalWidth / count} / ${image.naturalHeight}`;
      picture.querySelector("img").after(strip);
    });
  });
  picture.addEventListener("pointermove", (event) => {
    if (!strip) return;
    const box = picture.getBoundingClientRect();
    const place = Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
    strip.hidden = false;
    strip.style.backgroundSize = `${count * 100}% 100%`;
    strip.style.backgroundPosition = `${(place / (count - 1)) * 100}% 0`;
  });
  picture.addEventListener("pointerleave", () => {
    if (strip) strip.hidden = true;
  });
}

// A picture becomes part of the question: chosen by the field, or dropped anywhere on the page.
const form = document.querySelector("[data-search]");
if (form) {
  form.querySelector("[data-picture]").addEventListener("change", (event) => askWith(event.target.files[0]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    askWith(event.dataTransfer.files[0]);
  });
  form.querySelector("[data-drop-picture]")?.addEventListener("click", () => leaveOut(["picture"]));
  form.querySelector("[data-drop-feedback]")?.addEventListener("click", () => leaveOut(["more_like", "less_like"]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    location.href = `/?${given}`;
  });
}

async function askWith(file) {
  if (!file) return;
  say("Reading the picture");
  try {
    const { picture } = await getJson("/api/pictures", { method: "POST", body: file });
    const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string" && value));
    given.set("picture", picture);
    location.href = `/?${given}`;
  } catch (error) {
    say(error.message);
  }
}

function leaveOut(names) {
  const given = new URLSearchParams(location.search);
  for (const name of names) given.delete(name);
  location.search = given;
}

// Keys on the page itself: a card in focus is marked by "m", "/" goes to the search.
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const card = event.target.closest("[data-moment]");
  if (event.key === "/" && form) {
    event.preventDefault();
    form.elements.text.focus();
  } else if (event.key === "m" && card) {
    selection.toggle(JSON.parse(card.dataset.moment));
  }
});

// The state page follows an index run.
const numbers = document.querySelector("[data-state-page]");
if (numbers) {
  setInterval(async () => {
    const state = await getJson("/api/state").catch(() => null);
    if (!state) return;
    for (const number of numbers.querySelectorAll("[data-number]")) number.textContent = state[number.dataset.number];
  }, 3000);
}

