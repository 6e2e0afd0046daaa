// Small things that every module needs.

export function clock(seconds, decimals = 1) {
  const unit = 10 ** decimals;
  const parts = Math.round(Math.max(0, seconds) * unit);
  const whole = Math.floor(parts / unit);
  const two = (number) => String(number).padStart(2, "0");
  const fraction = String(parts % unit).padStart(decimals, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${fraction}`;
}

// As fetch, with a sentence where nothing answers.
export async function reach(address, options = {}) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("framescout does not answer; is framescout serve still running?");
  }
}

export async function getJson(address, options = {}) {
  const answer = await reach(address, options);
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(document.error ?? `the app answered with ${answer.status}`);
  return document;
}

export function sendJson(address, value) {
  const headers = { "content-type": "application/json" };
  return getJson(address, { method: "POST", headers, body: JSON.stringify(value) });
}

// An element: make("button", { type: "button", "aria-label": "Close" }, "text", child, ...). Functions become listeners.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export function picture(videoId, at, width) {
  return `/api/videos/${videoId}/picture?at=${at}&width=${width}`;
}

let silence = 0;
export function say(sentence) {
  const place = document.querySelector("dialog[open] [data-said]") ?? document.querySelector("body > [data-said]");
  place.textContent = sentence;
  clearTimeout(silence);
  silence = setTimeout(() => (place.textContent = ""), 4000);
}

// What goes on without a list that did not come: none, and a sentence of why.
export function sayAndTakeNone(error) {
  say(error.message);
  return [];
}

// Wait for whichever of these events comes first.
export function firstOf(element, names) {
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const end = () => {
      waiting.abort();
      resolve();
    };
    for (const name of names) element.addEventListener(name, end, { signal: waiting.signal });
  });
}

// Whether a key is meant for what is being typed into, or for the browser.
export function isTyping(event) {
  const typed = "input:not([type=range], [type=checkbox], [type=radio], [type=file]), textarea, select";
  return event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.(typed);
}

export function shape(name, values) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
  return element;
}
