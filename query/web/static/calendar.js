// A calendar of the archive: a square a day, darker where there is more. The arrow keys go from day to day.
import { make } from "./basics.js";

const KINDS = {
  videos: { name: "Videos", of: (day) => day.videos },
  moving: { name: "Motion", of: (day) => day.moving },
  alerts: { name: "Alerts", of: (day) => day.alerts },
};
const DAY = 86_400_000; // milliseconds
const SHADES = 4;
const NAMES = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", timeZone: "UTC" });

const timeOf = (day) => Date.parse(`${day}T00:00Z`);
const dayOf = (time) => new Date(time).toISOString().slice(0, 10);
const many = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

export const nameOf = (day) => NAMES.format(timeOf(day));

// days: what /api/days says. found: Map of a day to how many results lie on it. addressOf(day): where its link goes.
// pick(day): called in place of the link, if given.
export function drawCalendar(place, { days, chosen, found = new Map(), addressOf, pick = null }) {
  let kind = "videos";
  const draw = () => {
    const years = [...new Set(days.map((each) => each.day.slice(0, 4)))].reverse();
    place.replaceChildren(choice(), ...years.map((year) => strip(year)));
    const shown = place.querySelector("[aria-current]") ?? [...place.querySelectorAll("a")].at(-1);
    if (!shown) return;
    shown.tabIndex = 0;
    const view = shown.closest(".year");
    view.scrollLeft = shown.offsetLeft - view.clientWidth / 2;
  };
  const choice = () => make(
    "div",
    { class: "group", role: "group", "aria-label": "What the squares count" },
    ...Object.entries(KINDS).map(([name, each]) => make(
      "button",
      {
        type: "button",
        class: "plain",
        "aria-pressed": String(kind === name),
        click: () => {
          kind = name;
          draw();
          [...place.querySelectorAll("button")].find((button) => button.textContent === each.name).focus();
        },
      },
      each.name,
    )),
  );
  const most = () => Math.max(1, ...days.map(KINDS[kind].of));
  const strip = (year) => {
    const [first, last] = [timeOf(`${year}-01-01`), timeOf(`${year}-12-31`)];
    const before = (new Date(first).getUTCDay() + 6) % 7; // weeks begin on Monday
    const known = new Map(days.filter((each) => each.day.startsWith(year)).map((each) => [each.day, each]));
    const cells = [];
    const months = [];
    for (let time = first; time <= last; time += DAY) {
      const number = before + Math.round((time - first) / DAY);
      const column = Math.floor(number / 7) + 1;
      if (new Date(time).getUTCDate() === 1) months.push(put(make("span", { class: "month", "aria-hidden": "true" }, MONTH.format(time)), 1, column));
      cells.push(put(cell(dayOf(time), known.get(dayOf(time))), (number % 7) + 2, column));
    }
    return make("div", { class: "year", role: "group", "aria-label": year, keydown: keys }, make("h2", {}, year), make("div", { class: "weeks" }, ...months, ...cells));
  };
  const cell = (day, count) => {
    if (!count) return make("span", { class: "square" });
    const number = KINDS[kind].of(count);
    const shade = number ? Math.max(1, Math.ceil((SHADES * Math.log1p(number)) / Math.log1p(most()))) : 0;
    const results = found.get(day);
    const said = [many(count.videos, "video"), count.moving && `${count.moving} with much motion`, count.alerts && many(count.alerts, "alert"), results && many(results, "result")];
    const what = `${nameOf(day)}: ${said.filter(Boolean).join(", ")}`;
    const link = make("a", { class: `square ${kind} s${shade}${results ? " hit" : ""}`, href: addressOf(day), "data-day": day, "aria-label": what, title: what, tabindex: "-1" });
    if (day === chosen) link.setAttribute("aria-current", "date");
    if (pick) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        pick(day);
      });
    }
    return link;
  };
  const keys = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    const links = [...place.querySelectorAll("a.square")].sort((one, other) => (one.dataset.day < other.dataset.day ? -1 : 1));
    const next = links[links.indexOf(document.activeElement) + by];
    if (!by || !next) return;
    event.preventDefault();
    for (const link of links) link.tabIndex = link === next ? 0 : -1;
    next.focus();
  };
  draw();
}

function put(element, row, column) {
  element.style.gridRow = row;
  element.style.gridColumn = column;
  return element;
}
