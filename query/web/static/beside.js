// Another camera beside the film, at the same time of day: it follows what the first one does, from file to file.
import { getJson, make, sayAndTakeNone } from "./basics.js";
import { Footage } from "./footage.js";
import { dayOf, lanesOf, secondsOf } from "./recordings.js";
import { Stamp } from "./stamp.js";

const UNSEEN = 0.04; // seconds apart that nobody sees
const FAR = 0.6; // and from which it jumps instead of hurrying
const HURRY = 0.15; // the most by which its speed is changed
const NONE = "One camera";

export class Beside {
  constructor({ video, second, choice, screen, stamp, absent }) {
    Object.assign(this, { video, second, choice, screen, absent, stamp: new Stamp(stamp) });
    this.clear();
    choice.addEventListener("change", () => this.follow());
    for (const name of ["timeupdate", "seeked", "play", "pause", "ratechange"]) video.addEventListener(name, () => this.follow());
    second.addEventListener("seeked", () => this.tell());
  }

  clear() {
    this.facts = null;
    this.lanes = [];
    this.drop();
    this.choice.parentElement.hidden = true;
  }

  // Offer the cameras that recorded anything while this video was recorded; go on with the one that is chosen.
  async draw(facts) {
    this.facts = facts;
    if (!facts.recorded_at) return;
    const lanes = await this.others(facts).catch(sayAndTakeNone);
    if (this.facts !== facts) return;
    const chosen = this.choice.value;
    const options = lanes.map(({ camera }) => make("option", { value: camera }, camera));
    this.lanes = lanes;
    this.choice.replaceChildren(make("option", { value: "" }, NONE), ...options);
    this.choice.value = lanes.some(({ camera }) => camera === chosen) ? chosen : "";
    this.choice.parentElement.hidden = !lanes.length;
    this.follow();
  }

  async others(facts) {
    const [begins, ends] = [secondsOf(facts), secondsOf(facts) + facts.duration];
    const days = new Set([dayOf(facts, 0), dayOf(facts, facts.duration)]);
    const lanes = new Map();
    for (const day of days) {
      for (const { camera, spans } of await lanesOf(day)) {
        const own = spans.filter((span) => span.from < ends && span.to > begins);
        if (camera && camera !== facts.camera && own.length) lanes.set(camera, [...(lanes.get(camera) ?? []), ...own]);
      }
    }
    return [...lanes].map(([camera, spans]) => ({ camera, spans }));
  }

  // The next camera of the list.
  turn() {
    if (!this.lanes.length) return null;
    this.choice.selectedIndex = (this.choice.selectedIndex + 1) % this.choice.options.length;
    this.follow();
    return this.choice.selectedOptions[0].textContent;
  }

  follow() {
    const lane = this.facts && this.lanes.find(({ camera }) => camera === this.choice.value);
    this.screen.classList.toggle("two", Boolean(lane));
    if (!lane) {
      this.drop();
      return;
    }
    const at = secondsOf(this.facts) + this.video.currentTime;
    const span = lane.spans.find(({ from, to }) => from <= at && at < to);
    this.absent.textContent = span ? this.trouble : `${lane.camera} recorded nothing now`;
    if (!span) this.drop();
    else if (this.span !== span) this.open(span, at);
    else if (this.footage) this.keepUp(span.offset + at - span.from);
  }

  async open(span, at) {
    this.drop();
    this.span = span;
    const fail = (sentence) => {
      if (this.span === span) this.absent.textContent = this.trouble = sentence;
    };
    try {
      const facts = await getJson(`/api/videos/${span.video_id}?file=${span.file}`);
      if (this.span !== span) return;
      this.footage = new Footage(this.second, facts, fail);
      this.footage.start(span.offset + at - span.from);
      this.stamp.draw(facts);
      this.second.hidden = false;
      this.follow();
    } catch (error) {
      fail(error.message);
    }
  }

  drop() {
    this.footage?.close();
    this.footage = this.span = null;
    this.trouble = ""; // why the file of this time can't be played
    this.second.hidden = true;
    this.stamp.clear();
    if (!this.choice.value) this.absent.textContent = "";
  }

  keepUp(wanted) {
    const { video, second } = this;
    const late = wanted - second.currentTime;
    this.tell();
    if (video.paused) {
      second.pause();
      if (Math.abs(late) > UNSEEN && !second.seeking) second.currentTime = wanted;
      return;
    }
    if (Math.abs(late) > FAR * video.playbackRate && !second.seeking) second.currentTime = wanted;
    const hurry = Math.abs(late) > UNSEEN ? Math.min(HURRY, Math.max(-HURRY, late)) : 0;
    second.playbackRate = video.playbackRate * (1 + hurry);
    if (second.paused) second.play().catch(() => {});
  }

  tell() {
    if (this.footage) this.stamp.tell(this.second.currentTime, this.second.paused);
  }
}
