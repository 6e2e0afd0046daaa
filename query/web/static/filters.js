// The filters beside what was found: what a question may be narrowed to, as lists with counts that follow the question.
// They are asked for when they are opened. A pick is a link to the narrower question, so that it can be kept and sent.
import { getJson, make } from "./basics.js";
import { lasting, ofTab } from "./kept.js";

const WIDE = "(min-width: 1100px)"; // there they stand beside what was found, as they were left
const KEPT = "filters are open";
const PICKED = "picked filter"; // where the focus goes after a pick
const MANY = 14; // values for which there is a field to find one

const panel = document.querySelector("[data-filters]");
const button = document.querySelector("[data-filter-button]");
const form = document.querySelector("[data-search]");
const isWide = matchMedia(WIDE).matches;
let isFilled = false;

if (panel) {
  button.hidden = false;
  button.addEventListener("click", () => {
    show(panel.hidden);
    if (isWide) lasting.set(KEPT, panel.hidden ? "no" : "yes");
  });
  const picked = ofTab.get(PICKED);
  const hasFound = document.querySelector("[data-cards]");
  if (picked || (isWide && hasFound && lasting.get(KEPT) !== "no")) show(true);
}

function show(isOpen) {
  panel.hidden = !isOpen;
  button.setAttribute("aria-expanded", String(isOpen));
  panel.parentElement.classList.toggle("with-filters", isOpen);
  if (isOpen && !isFilled) fill().catch((error) => {
    isFilled = false;
    panel.replaceChildren(make("p", { class: "small" }, error.message));
    ofTab.remove(PICKED);
  });
}

async function fill() {
  isFilled = true;
  const facets = await getJson(`/api/facets?${here()}`);
  panel.replaceChildren(
    ...facets.filter((facet) => facet.choices.length).map(group),
    make("p", { class: "small" }, facets.length ? "Numbers: videos that are searched with it." : "There is nothing to filter by yet."),
  );
  const picked = ofTab.get(PICKED);
  ofTab.remove(PICKED);
  if (picked) panel.querySelector(`[data-pick="${CSS.escape(picked)}"]`)?.focus();
}

function here() {
  return new URLSearchParams(location.search);
}

function group(facet) {
  const rows = facet.choices.map((choice) => row(facet, choice));
  const list = make("ul", {}, ...rows);
  const find = facet.choices.length > MANY
    ? make("input", {
        type: "search",
        placeholder: `Find in ${facet.choices.length}`,
        "aria-label": `Find: ${facet.name}`,
        input: ({ target }) => {
          const wanted = target.value.toLowerCase();
          for (const [number, each] of rows.entries()) {
            each.hidden = !facet.choices[number].name.toLowerCase().includes(wanted);
          }
        },
      })
    : null;
  return make("section", { "aria-label": facet.name }, make("h2", {}, facet.name), find, list);
}

// A value: a click picks it, another lets it go; "not" leaves it out.
function row(facet, choice) {
  const said = (field) => field && here().getAll(field).includes(choice.value);
  const [isPicked, isLeftOut] = [said(facet.field), said(facet.not_field)];
  const pick = make(
    "a",
    { href: address(facet, choice, isLeftOut ? null : facet.field), "data-pick": `${facet.field} ${choice.value}`, class: "value" },
    make("span", { class: "what" }, isLeftOut ? make("span", { class: "unseen" }, "not ") : null, choice.name),
    make("span", { class: "number" }, String(choice.videos), make("span", { class: "unseen" }, choice.videos === 1 ? " video" : " videos")),
  );
  if (isPicked || isLeftOut) pick.setAttribute("aria-current", "true");
  const item = make("li", { class: isLeftOut ? "left-out" : choice.videos ? "" : "none" }, pick);
  item.style.paddingLeft = `${choice.depth * 0.9}rem`;
  if (facet.not_field && !isLeftOut) {
    item.append(make("a", { href: address(facet, choice, facet.not_field), class: "not", "aria-label": `Not ${choice.name}`, "data-pick": `not ${choice.value}` }, "not"));
  }
  for (const link of item.querySelectorAll("a")) {
    link.addEventListener("click", () => {
      ofTab.set(PICKED, pick.dataset.pick);
      link.href = typed(link.href);
    });
  }
  return item;
}

// The question with this value in a field alone, out of it where it is there already, or in neither.
function address(facet, choice, wanted) {
  const given = here();
  const wasThere = wanted && given.getAll(wanted).includes(choice.value);
  for (const field of [facet.field, facet.not_field]) if (field) given.delete(field, choice.value);
  if (wanted === "motion") given.delete("motion");
  if (wanted && !wasThere) given.append(wanted, choice.value);
  given.delete("page");
  return `/?${given}`;
}

// What stands in the field of the sentence and was not asked yet goes along.
function typed(href) {
  const url = new URL(href);
  const text = form.elements.text.value;
  if (text) url.searchParams.set("text", text);
  return url.href;
}
