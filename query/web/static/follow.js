// What goes on in the server: asked for again and again, and marked as old while no answer comes.
import { getJson, say } from "./basics.js";

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Mark what stands in an element as old, or as fresh again.
export function markStale(place, isStale) {
  if (isStale && !place.classList.contains("stale")) say("framescout does not answer; what stands here may be old");
  place.classList.toggle("stale", isStale);
}

// What follows `address`: draw(answer) draws in `place`, and says whether anything goes on; then it is asked again after
// `every` milliseconds. To follow again begins anew. isGoingOn: whether something is known to go on before it is asked.
export function follower(address, { every, place, draw }) {
  let turn = 0;
  return async (isGoingOn = false) => {
    turn += 1;
    const mine = turn;
    do {
      try {
        const answer = await getJson(address);
        if (mine !== turn) return;
        markStale(place, false);
        isGoingOn = draw(answer);
      } catch (error) {
        if (mine !== turn) return;
        if (isGoingOn) markStale(place, true);
        else say(error.message);
      }
      if (isGoingOn) await pause(every);
    } while (isGoingOn && mine === turn);
  };
}
