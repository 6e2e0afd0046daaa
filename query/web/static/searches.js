// Saved searches: how much is new for each, saving and changing one, forgetting one.
import { getJson, make, say, sendJson } from "./basics.js";
import { asked } from "./search.js";

const MOST = 100; // the server counts no further
const list = document.querySelector("[data-searches]");
const opened = document.querySelector("[data-opened]");
const dialog = document.querySelector("[data-saving]");
const looksOnly = "looksOnly" in document.documentElement.dataset;

if (list) begin().catch((error) => say(error.message));
if (opened && "same" in opened.dataset && !looksOnly) {
  sendJson("/api/searches/opened", { name: opened.dataset.opened, below: Number(opened.dataset.below) }).catch((error) => say(error.message));
}
if (dialog) offerToSave();

async function begin() {
  for (const button of list.querySelectorAll("[data-remove]")) {
    button.hidden = false;
    button.addEventListener("click", () => remove(button.closest("[data-saved-search]")));
  }
  const found = new Map((await getJson("/api/searches/unread")).map((each) => [each.name, each]));
  for (const item of list.querySelectorAll("[data-saved-search]")) show(item, found.get(item.dataset.savedSearch));
}

function show(item, { unread, error } = {}) {
  const place = item.querySelector("[data-unread-of]");
  if (unread) {
    place.textContent = unread < MOST ? `${unread} new` : `${MOST} or more new`;
    place.append(make("span", { class: "unseen" }, ` for ${item.dataset.savedSearch}`));
    place.hidden = false;
  }
  const trouble = item.querySelector("[data-trouble]");
  if (error && trouble) {
    trouble.textContent = error;
    trouble.hidden = false;
  }
}

async function remove(item) {
  const { savedSearch: name } = item.dataset;
  if (!confirm(`Forget the saved search ${name}?`)) return;
  try {
    await sendJson("/api/searches/remove", { name });
  } catch (error) {
    say(error.message);
    return;
  }
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  const left = list.children.length;
  document.querySelector("h1 .count").textContent = left;
  document.querySelector("[data-nothing]").hidden = left > 0;
  (next?.querySelector("a, button") ?? document.querySelector("h1")).focus();
  say(`Forgotten: ${name}`);
}

function offerToSave() {
  const form = dialog.querySelector("form");
  const refusal = dialog.querySelector("[data-refused]");
  const button = document.querySelector("[data-save]");
  button.hidden = false;
  button.addEventListener("click", () => {
    refusal.hidden = true;
    dialog.showModal();
    form.elements.name.select();
  });
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const { address } = await save(event.submitter.dataset.as, form.elements.name.value.trim());
      location.href = address;
    } catch (error) {
      refusal.textContent = error.message;
      refusal.hidden = false;
    }
  });
  if (location.hash === "#edit") edit();
}

// What stands in the form is saved, whether it was asked already or not.
function save(how, name) {
  const question = asked();
  for (const field of ["saved", "since", "page"]) question.delete(field);
  if (how === "new") return sendJson(`/api/searches?${question}`, { name });
  return sendJson(`/api/searches/change?${question}`, { name: opened.dataset.opened, new_name: name });
}

// Everything that a question may say lies open.
function edit() {
  document.querySelector(".more").open = true;
  const filters = document.querySelector("[data-filter-button]");
  if (filters.getAttribute("aria-expanded") === "false") filters.click();
  document.querySelector("[data-search] [name=text]").focus();
}
