// The state page follows an index run: the same page is asked for again, and what changed is put in.
import { say } from "./basics.js";

const EVERY = 2000;
const page = document.querySelector("[data-state-page]");

async function follow() {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-state-page]");
    page.classList.remove("stale");
    if (fresh && fresh.innerHTML !== page.dataset.shown) {
      page.dataset.shown = fresh.innerHTML;
      page.innerHTML = fresh.innerHTML;
    }
  } catch {
    if (!page.classList.contains("stale")) say("framescout does not answer; what stands here may be old");
    page.classList.add("stale");
  }
}

if (page) {
  page.dataset.shown = page.innerHTML;
  setInterval(() => document.hidden || follow(), EVERY);
}
