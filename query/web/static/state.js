// The state page follows an index run: the same page is asked for again, and what changed is put in.
import { markStale, pause } from "./follow.js";

const EVERY = 2000;
const page = document.querySelector("[data-state-page]");

if (page) follow();

async function follow() {
  page.dataset.shown = page.innerHTML;
  for (;;) {
    await pause(EVERY);
    if (!document.hidden) await look();
  }
}

async function look() {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-state-page]");
    markStale(page, false);
    if (fresh && fresh.innerHTML !== page.dataset.shown) {
      page.dataset.shown = fresh.innerHTML;
      page.innerHTML = fresh.innerHTML;
    }
  } catch {
    markStale(page, true);
  }
}
