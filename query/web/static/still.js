// The frame that is shown as a file: whole, from the server, which names it by its recording time and logs it.
import { reach, say } from "./basics.js";

export async function saveStill(facts, at) {
  const answer = await reach(`/api/videos/${facts.video_id}/still`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ at, file: facts.file }),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? "the still can't be had");
  const name = decodeURIComponent(/filename\*=utf-8''(\S+)/i.exec(answer.headers.get("content-disposition"))[1]);
  const address = URL.createObjectURL(await answer.blob());
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  say(`Saved ${name}`);
}
