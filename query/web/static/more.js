// More moments come as one scrolls. The address names the page in sight, and the browser remembers the card at the top
// of the window, so that a copied address, a reload and the way back lead to the same place.
import { make, say } from "./basics.js";
import { addCards, cards } from "./cards.js";

const EARLY = "1200px"; // how far below the window the end may lie when more is asked for
const list = document.querySelector("[data-cards][data-pages]");
let isAsking = false;

const end = list && document.querySelector("[data-more]");
const nearing = new IntersectionObserver(([seen]) => seen.isIntersecting && next(), { rootMargin: EARLY });

if (end) {
  for (const card of list.children) card.dataset.page = location.search;
  history.scrollRestoration = "manual";
  returnTo(history.state?.top);
  nearing.observe(end);
  end.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.rel === "next") next();
    else before(link);
  });
  let waiting = 0;
  addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = setTimeout(remember, 150);
  }, { passive: true });
}

// The moments of another page; null where it can't be had.
async function fetchPage(address) {
  if (isAsking) return null;
  isAsking = true;
  try {
    const answer = await fetch(address);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) throw new Error(found.querySelector("[role=alert]")?.textContent ?? "framescout does not answer");
    return found;
  } catch (error) {
    say(error.message);
    return null;
  } finally {
    isAsking = false;
  }
}

function taken(found, search) {
  const items = [...(found.querySelector("[data-cards]")?.children ?? [])];
  const hasLine = list.querySelector(".near");
  return items
    .filter((item) => !hasLine || !item.matches(".near"))
    .map((item) => {
      const own = document.importNode(item, true);
      own.dataset.page = search;
      return own;
    });
}

const withMoments = (items) => items.filter((item) => item.dataset.moment);
const linkOf = (page, rel) => page.querySelector(`[data-more] a[rel=${rel}]`);

async function next() {
  const link = linkOf(document, "next");
  const found = link && (await fetchPage(link.href));
  if (!found) return;
  const items = taken(found, new URL(link.href).search);
  list.append(...items);
  addCards(withMoments(items));
  const further = linkOf(found, "next");
  if (further) link.href = further.getAttribute("href");
  else link.replaceWith(make("span", {}, "That is all"));
  document.dispatchEvent(new CustomEvent("cards"));
  nearing.unobserve(end); // where the end is still near, it is told again
  nearing.observe(end);
}

// What comes before stands before, and nothing moves in the window.
async function before(link) {
  const found = await fetchPage(link.href);
  if (!found) return;
  const items = taken(found, new URL(link.href).search);
  const first = list.firstElementChild;
  const was = first.getBoundingClientRect().top;
  list.prepend(...items);
  addCards(withMoments(items), true);
  scrollBy(0, first.getBoundingClientRect().top - was);
  const earlier = linkOf(found, "prev");
  if (earlier) link.href = earlier.getAttribute("href");
  else link.remove();
  document.dispatchEvent(new CustomEvent("cards"));
}

function remember() {
  if (document.querySelector("dialog[open]")) return;
  const top = cards.find(({ element }) => element.getBoundingClientRect().bottom > 0);
  if (!top) return;
  history.replaceState({ top: top.moment.keyframe_id }, "", `${top.element.dataset.page}${location.hash}`);
}

function returnTo(keyframe) {
  const card = keyframe && cards.find(({ moment }) => moment.keyframe_id === keyframe);
  if (!card || card === cards[0]) return;
  card.element.scrollIntoView();
}
