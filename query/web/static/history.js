// The last questions of this browser, beneath the field of the sentence: they stay in the browser, and can be forgotten.
import { make, say } from "./basics.js";

const KEY = "framescout-asked";
const KEPT = 50;
const SHOWN = 8;
const NOT_ASKED = ["page", "saved", "since", "limit"]; // what an address says besides the question
const field = document.querySelector("[data-search] [name=text]");
const panel = document.querySelector("[data-asked]");
let shown = []; // the questions that are offered, in the order of the list
let chosen = -1; // which of them the keys are at

if (panel) begin();

function begin() {
  if (document.querySelector("[data-cards]")) remember();
  for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": "asked", "aria-autocomplete": "list", "aria-expanded": "false" })) {
    field.setAttribute(name, value);
  }
  field.addEventListener("input", () => open(field.value));
  field.addEventListener("click", () => open(field.value === field.defaultValue ? "" : field.value));
  field.addEventListener("keydown", keys);
  panel.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays where it is
  panel.querySelector("[data-forget]").addEventListener("click", () => {
    write([]);
    field.focus();
    close();
    say("Your questions are forgotten");
  });
  field.parentElement.addEventListener("focusout", ({ relatedTarget }) => !panel.contains(relatedTarget) && relatedTarget !== field && close());
}

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each?.question === "string" && typeof each.said === "string") : [];
  } catch {
    return [];
  }
}

function write(kept) {
  try {
    if (kept.length) localStorage.setItem(KEY, JSON.stringify(kept.slice(0, KEPT)));
    else localStorage.removeItem(KEY);
  } catch {
    // a browser that keeps nothing has no history
  }
}

// The question of this page, in its words: the sentence, and what its chips say.
function remember() {
  const given = new URLSearchParams(location.search);
  for (const [name, value] of [...given]) if (value === "" || NOT_ASKED.includes(name)) given.delete(name, value);
  const chips = [...document.querySelectorAll("form .chips li")]
    .map((chip) => [...chip.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())?.data.trim())
    .filter((words) => words && words !== "only what is new");
  const said = [given.get("text"), ...chips].filter(Boolean).join(" \u00b7 ");
  const question = String(given);
  if (question) write([{ question, said }, ...read().filter((each) => each.question !== question)]);
}

function open(typed) {
  const wanted = typed.trim().toLowerCase();
  const here = field.defaultValue.trim().toLowerCase();
  shown = read().filter(({ said }) => said.toLowerCase().includes(wanted) && (wanted !== here || said.toLowerCase() !== here)).slice(0, SHOWN);
  chosen = -1;
  panel.querySelector("[role=listbox]").replaceChildren(...shown.map(({ said, question }, number) => make(
    "li",
    { role: "option", id: `asked-${number}`, "aria-selected": "false", click: () => ask(question) },
    said,
  )));
  panel.hidden = !shown.length;
  field.setAttribute("aria-expanded", String(!panel.hidden));
  field.removeAttribute("aria-activedescendant");
}

function close() {
  panel.hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function ask(question) {
  location.href = `/?${question}`;
}

function choose(number) {
  chosen = number;
  for (const [place, option] of [...panel.querySelectorAll("[role=option]")].entries()) {
    option.setAttribute("aria-selected", String(place === chosen));
    if (place === chosen) option.scrollIntoView({ block: "nearest" });
  }
  if (chosen >= 0) field.setAttribute("aria-activedescendant", `asked-${chosen}`);
  else field.removeAttribute("aria-activedescendant");
}

function keys(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) {
    event.preventDefault();
    if (panel.hidden) open(field.value === field.defaultValue ? "" : field.value);
    const places = shown.length + 1; // one of them is the field itself
    if (!panel.hidden) choose(((chosen + 1 + by + places) % places) - 1);
  } else if (panel.hidden) return;
  else if (event.key === "Escape") {
    event.preventDefault(); // it would empty the field
    close();
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    ask(shown[chosen].question);
  } else if (event.key === "Delete" && event.shiftKey && chosen >= 0) {
    event.preventDefault();
    const { question, said } = shown[chosen];
    write(read().filter((each) => each.question !== question));
    open("");
    say(`Forgotten: ${said}`);
  }
}
