// Camera and recording time on the picture; shown or not as it was chosen last.
import { reader } from "./clocks.js";
import { lasting } from "./kept.js";

const KEY = "recording time on the picture";

export const isStamped = () => lasting.get(KEY) !== "no";
export const setStamped = (wanted) => lasting.set(KEY, wanted ? "yes" : "no");

export class Stamp {
  constructor(element) {
    this.element = element;
    this.clear();
  }

  clear() {
    this.facts = null;
    this.element.hidden = true;
  }

  draw(facts) {
    this.facts = facts;
    this.began = facts.recorded_at ? Date.parse(facts.recorded_at) / 1000 : null;
    this.clockOf = reader(facts.zone);
  }

  // What is shown at a second of the video; hundredths where it stands still.
  tell(seconds, isStill) {
    const time = this.began === null ? null : this.text(seconds, isStill);
    const parts = this.facts ? [this.facts.camera, time].filter(Boolean) : [];
    this.element.textContent = parts.join("  ");
    this.element.hidden = !parts.length || !isStamped();
  }

  text(seconds, isStill) {
    const hundredths = Math.floor((this.began + seconds) * 100 + 1e-3); // what is rounded up would be a later second
    const fraction = String(((hundredths % 100) + 100) % 100).padStart(2, "0");
    return this.clockOf(Math.floor(hundredths / 100)).long + (isStill ? `.${fraction}` : "");
  }
}
