// The curve of a whole video under the film: how sure each stretch is, where the moments lie, a picture under the
// pointer. A click goes there.
import { clock, getJson, picture, sayAndTakeNone, shape } from "./basics.js";

const HEIGHT = 60;
const BAND = 8; // of it, where the moments stand

export class Curve {
  // goTo(seconds) and choose(place in the list of moments) are what a click does.
  constructor(svg, preview, goTo, choose) {
    Object.assign(this, { svg, preview, goTo, choose, duration: 1, moments: [] });
    svg.addEventListener("click", (event) => this.click(event));
    svg.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.show(event));
    svg.addEventListener("pointerleave", () => (this.preview.hidden = true));
  }

  clear() {
    this.svg.replaceChildren();
    this.preview.hidden = true;
  }

  async draw(facts, moments, number, question) {
    Object.assign(this, { facts, duration: facts.duration, moments });
    this.drawn = [];
    this.mark(number);
    const address = `/api/videos/${facts.video_id}/curve?${question}`;
    const curve = question ? await getJson(address).catch(sayAndTakeNone) : [];
    if (this.facts !== facts) return;
    const y = (confidence) => (HEIGHT - BAND - 2 - confidence * (HEIGHT - BAND - 6)).toFixed(2);
    const steps = curve.flatMap((each) => [
      `${this.x(each.start)},${y(each.confidence)}`,
      `${this.x(each.end)},${y(each.confidence)}`,
    ]);
    if (!steps.length) return;
    this.drawn = [
      shape("line", { class: "half", x1: 0, x2: 1000, y1: y(0.5), y2: y(0.5) }),
      shape("polygon", { class: "area", points: `0,${y(0)} ${steps.join(" ")} 1000,${y(0)}` }),
      shape("polyline", { class: "line", points: steps.join(" ") }),
    ];
    this.mark(this.number);
  }

  x(seconds) {
    return ((seconds / this.duration) * 1000).toFixed(2);
  }

  // Draw the moments of this video, the one that is open stronger than the others.
  mark(number) {
    this.number = number;
    const own = this.moments.flatMap((each, place) => (each.video_id === this.facts.video_id ? [{ each, place }] : []));
    const stretches = own.map(({ each, place }) =>
      shape("rect", {
        class: place === number ? "stretch current" : "stretch",
        "data-place": place,
        x: this.x(each.start),
        y: HEIGHT - BAND,
        width: Math.max(3, this.x(each.end) - this.x(each.start) - 1),
        height: BAND,
        rx: 1.5,
      }),
    );
    const back = shape("rect", { class: "band", x: 0, y: HEIGHT - BAND, width: 1000, height: BAND });
    this.svg.replaceChildren(back, ...this.drawn, ...stretches);
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return { share, seconds: share * this.duration, left: event.clientX - box.left, width: box.width };
  }

  click(event) {
    const place = event.target.dataset?.place;
    if (place !== undefined && Number(place) !== this.number) this.choose(Number(place));
    else this.goTo(this.at(event).seconds);
  }

  // One picture at a time, and only a hundred places, so that the pointer can't ask for more than is decoded.
  show(event) {
    const { share, seconds, left, width } = this.at(event);
    const image = this.preview.querySelector("img");
    this.preview.querySelector("span").textContent = clock(seconds);
    this.preview.style.left = `${Math.min(width - 82, Math.max(82, left))}px`;
    this.preview.hidden = false;
    if (this.loading) return;
    const at = (Math.round(share * 100) / 100) * this.duration;
    const address = picture(this.facts.video_id, at.toFixed(2), 240);
    if (image.getAttribute("src") === address) return;
    this.loading = true;
    image.onload = image.onerror = () => (this.loading = false);
    image.src = address;
  }
}
