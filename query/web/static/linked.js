// A link to a moment: the page of its video, and behind # the second that is shown and the in and out points.
import { getJson, make } from "./basics.js";

const FORM = /^#play=(\d+)@([\d.]+)&from=([\d.]+)&to=([\d.]+)(?:&file=([0-9a-f]*))?$/;

export function hashOf({ video_id, file, start, end }, at = start) {
  const [second, from, to] = [at, start, end].map((each) => Number(each.toFixed(3)));
  return `#play=${video_id}@${second}&from=${from}&to=${to}&file=${file ?? ""}`;
}

export function linkTo(moment, at) {
  return `${location.origin}/videos/${moment.video_id}?file=${moment.file ?? ""}${hashOf(moment, at)}`;
}

// The moment that an address names behind #; null where it names none.
export async function linkedMoment(hash) {
  const said = FORM.exec(hash);
  if (!said) return null;
  const [video_id, playFrom, start, end] = said.slice(1, 5).map(Number);
  const file = said[5] ?? "";
  const [facts, keyframes] = await Promise.all([
    getJson(`/api/videos/${video_id}?file=${file}`),
    getJson(`/api/videos/${video_id}/keyframes`),
  ]);
  const own = keyframes.findLast((each) => each.start <= start) ?? keyframes[0];
  const name = facts.video.split(/[/\\]/).at(-1);
  return { video_id, file, start, end, playFrom, peak: start, keyframe_id: own?.keyframe_id ?? 0, name };
}

// Whether it was copied. Browsers keep their clipboard from pages that came without TLS; a field that is selected for a
// moment does there.
export async function copy(text, dialog) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea", { class: "unseen", readonly: true, "aria-hidden": "true" });
    field.value = text;
    const before = document.activeElement;
    dialog.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    before?.focus();
    return isCopied;
  }
}
