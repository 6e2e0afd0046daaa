// Alerts on the events page: which were seen, and whether each was right.
import { say, sendJson } from "./basics.js";

const cards = [...document.querySelectorAll("[data-alert]")];
const allSeen = document.querySelector("[data-all-seen]");
const unread = document.querySelector("[data-unread]");
const looksOnly = "looksOnly" in document.documentElement.dataset;

for (const card of cards) {
  const { event, keyframe_id } = JSON.parse(card.dataset.alert);
  for (const button of card.querySelectorAll("[data-verdict]")) {
    button.addEventListener("click", () => judge(card, button, { event, keyframe_id }));
  }
}

allSeen?.addEventListener("click", async () => {
  allSeen.disabled = true;
  try {
    await sendJson("/api/events/seen", allSeen.dataset.allSeen ? { event: allSeen.dataset.allSeen } : {});
    for (const card of cards) card.classList.remove("unread");
    unread.textContent = "";
    allSeen.hidden = true;
    say("All are marked as seen");
  } catch (error) {
    allSeen.disabled = false;
    say(error.message);
  }
});

async function see(card, alert) {
  if (looksOnly || !card.classList.contains("unread")) return;
  try {
    await sendJson("/api/events/seen", alert);
    wasSeen(card);
  } catch (error) {
    say(error.message);
  }
}

async function judge(card, button, alert) {
  const was = button.getAttribute("aria-pressed") === "true";
  const wanted = was ? null : button.dataset.verdict === "right";
  try {
    await sendJson("/api/events/marks", { ...alert, was_right: wanted });
  } catch (error) {
    say(error.message);
    return;
  }
  for (const each of card.querySelectorAll("[data-verdict]")) {
    each.setAttribute("aria-pressed", String(!was && each === button));
  }
  wasSeen(card);
  say(was ? "Taken back" : `Noted; the next run of framescout events goes by it`);
}

function wasSeen(card) {
  if (!card.classList.contains("unread")) return;
  card.classList.remove("unread");
  const left = Math.max(0, Number(unread.dataset.unread) - 1);
  unread.dataset.unread = left;
  unread.textContent = left ? `${left} new` : "";
  if (!left && allSeen) allSeen.hidden = true;
}

// What the player shows is seen, however it was opened.
document.addEventListener("shown", async ({ detail: moment }) => {
  if (!moment.event || looksOnly) return;
  const card = cards.find((each) => {
    const { event, keyframe_id } = JSON.parse(each.dataset.alert);
    return event === moment.event && keyframe_id === moment.keyframe_id;
  });
  if (card) await see(card, { event: moment.event, keyframe_id: moment.keyframe_id });
  else if (moment.unread) {
    moment.unread = false;
    await sendJson("/api/events/seen", { event: moment.event, keyframe_id: moment.keyframe_id }).catch((error) => say(error.message));
  }
});
