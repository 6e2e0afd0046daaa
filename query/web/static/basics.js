// Small things that every module needs.

export function clock(seconds) {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const whole = Math.floor(tenths / 10);
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${tenths % 10}`;
}

export async function getJson(address, options = {}) {
  const answer = await fetch(address, options);
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(document.error ?? `the app answered with ${answer.status}`);
  return document;
}

export function sendJson(address, value) {
  const headers = { "content-type": "application/json" };
  return getJson(address, { method: "POST", headers, body: JSON.stringify(value) });
}

let silence = 0;
export function say(sentence) {
  const place = document.querySelector("[data-said]");
  place.textContent = sentence;
  clearTimeout(silence);
  silence = setTimeout(() => (place.textContent = ""), 4000);
}
