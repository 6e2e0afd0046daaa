// A few colours of a picture, drawn out over its place, stand in for it until it comes.
import { make } from "./basics.js";

const [COLUMNS, ROWS] = [4, 3];
const [WIDE, HIGH] = [16, 9]; // of the place

// place: an element that holds the image, and says in data-tint what query/web/tints.py knows of it.
export function standIn(place) {
  const image = place.querySelector("img");
  if (!place.dataset.tint || image.complete) return;
  const [width, height, colours] = place.dataset.tint.split(":");
  const canvas = make("canvas", { class: "tint", width: COLUMNS, height: ROWS, "aria-hidden": "true" });
  canvas.style.aspectRatio = `${width} / ${height}`;
  canvas.style[width * HIGH > height * WIDE ? "width" : "height"] = "100%";
  const pixels = new ImageData(COLUMNS, ROWS);
  for (let pixel = 0; pixel < COLUMNS * ROWS; pixel += 1) {
    const rgb = [0, 2, 4].map((place) => parseInt(colours.slice(6 * pixel + place, 6 * pixel + place + 2), 16));
    pixels.data.set([...rgb, 255], 4 * pixel);
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  image.after(canvas);
  for (const end of ["load", "error"]) image.addEventListener(end, () => canvas.remove(), { once: true });
}
