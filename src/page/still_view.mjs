// A list that grows at its top without moving what the reader points at.

import { make } from "./element.mjs";

export class StillView {
  #first = null; // what was on top before lines came in that the reader has not seen

  constructor(list) {
    this.list = list;
    this.scroller = make(
      "div",
      { class: "scroller", scroll: () => this.#tell(), pointerleave: () => this.#goBack() },
      list,
    );
    this.newer = make("button", {
      type: "button",
      class: "newer",
      hidden: true,
      click: () => this.showTop(),
    });
  }

  keepStill(update) {
    const mark = this.list.firstElementChild;
    const place = this.#placeOf(mark);
    const isRead = this.scroller.scrollTop > 0 || this.scroller.matches(":hover, :has(:focus-visible)");
    update();
    if (!mark?.isConnected || !isRead) return this.#tell();
    const moved = this.#placeOf(mark) - place;
    if (moved > 0) this.#scrollPast(moved);
    if (moved > 0) this.#first ??= mark;
    this.#tell();
  }

  showTop() {
    this.#first = null;
    this.list.style.paddingBottom = "";
    this.scroller.scrollTop = 0;
    this.#tell();
  }

  #placeOf(row) {
    return row ? row.getBoundingClientRect().top : 0;
  }

  // A list shorter than its place cannot scroll, so room is made below it.
  #scrollPast(pixels) {
    const wanted = this.scroller.scrollTop + pixels;
    const missing = wanted + this.scroller.clientHeight - this.scroller.scrollHeight;
    if (missing > 0) {
      const room = parseFloat(this.list.style.paddingBottom) || 0;
      this.list.style.paddingBottom = `${room + missing}px`;
    }
    this.scroller.scrollTop = wanted;
  }

  // Whoever was at the top before wants to be there; nothing is pointed at now.
  #goBack() {
    if (this.#first && !this.scroller.matches(":has(:focus-visible)")) this.showTop();
  }

  #countAbove() {
    let count = 0;
    for (let row = this.#first?.previousElementSibling; row; row = row.previousElementSibling) ++count;
    return count;
  }

  #tell() {
    if (this.scroller.scrollTop <= 0) this.#first = null;
    const count = this.#countAbove();
    this.newer.hidden = count === 0;
    this.newer.textContent = `${count} newer ↑`;
  }
}
