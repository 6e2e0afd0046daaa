// Where the cards of a long list lie, also those that are not in the document. All rows are of one height; a line of its
// own stands before the first card that is no match any more. Numbers of cards count from 0 over the whole answer.

export class Rows {
  constructor(list) {
    this.list = list;
    this.lineAt = null; // the number of the first card behind the line
    this.line = 0; // pixels that the line takes, with the gap below it
    this.columns = 1;
    this.pitch = 300; // pixels from one row to the next
  }

  // Look at the first card that is here; the others take its height before they are drawn.
  measure() {
    const style = getComputedStyle(this.list);
    const gap = parseFloat(style.rowGap) || 0;
    const card = this.list.querySelector(":scope > .card");
    const line = this.list.querySelector(":scope > .near");
    this.columns = style.gridTemplateColumns.split(" ").length;
    if (line) this.line = line.getBoundingClientRect().height + gap;
    if (!card) return;
    const { height } = card.getBoundingClientRect();
    this.pitch = height + gap;
    this.list.style.setProperty("--row", `${height}px`);
  }

  isBehindLine(number) {
    return this.lineAt !== null && number >= this.lineAt;
  }

  // Rows of cards above that of a card; the line is no row.
  rowOf(number) {
    if (!this.isBehindLine(number)) return Math.floor(number / this.columns);
    return Math.ceil(this.lineAt / this.columns) + Math.floor((number - this.lineAt) / this.columns);
  }

  columnOf(number) {
    return (this.isBehindLine(number) ? number - this.lineAt : number) % this.columns;
  }

  // Pixels above the row of a card, or above the line before it.
  above(number) {
    const line = this.lineAt !== null && number > this.lineAt ? this.line : 0;
    return this.rowOf(number) * this.pitch + line;
  }

  // Pixels that the first so many cards take, with the gap below them.
  height(count) {
    if (!count) return 0;
    const line = this.isBehindLine(count - 1) ? this.line : 0;
    return (this.rowOf(count - 1) + 1) * this.pitch + line;
  }

  // The first card of the row at so many pixels.
  at(pixels) {
    const row = Math.max(0, Math.floor(pixels / this.pitch));
    const before = this.lineAt === null ? Infinity : Math.ceil(this.lineAt / this.columns);
    if (row < before) return row * this.columns;
    const behind = Math.max(0, Math.floor((pixels - this.line) / this.pitch) - before);
    return this.lineAt + behind * this.columns;
  }
}
