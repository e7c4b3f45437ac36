// The list of exchanges, the newest on top. It never moves what the reader points at: lines that come in
// above are scrolled past, and a button says how many there are.

import { make } from "./element.mjs";
import { makeRow } from "./exchange_row.mjs";
import { matches } from "./filter.mjs";
import { StillView } from "./still_view.mjs";
import { counted, isScript } from "./words.mjs";

export class ExchangeList {
  #summaries = new Map();
  #rows = new Map();
  #changed = new Set();
  #chosen = null;
  #revealed = null;
  #keep = Infinity;

  constructor(pane) {
    this.text = make("input", {
      id: "filter",
      type: "search",
      placeholder: "path, 404, POST, CGI, no_blank_line…",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-keyshortcuts": "/",
      input: () => this.#filterAgain(),
    });
    this.scriptsOnly = this.#makeToggle("Scripts only");
    this.failuresOnly = this.#makeToggle("Failures only");
    this.count = make("p", { class: "count", role: "status" });
    this.list = make("ol", { class: "rows", reversed: true });
    this.view = new StillView(this.list);
    pane.append(
      make(
        "form",
        { class: "filter", role: "search", submit: (event) => event.preventDefault() },
        make("label", { for: "filter" }, "Filter"),
        this.text,
        make("div", { class: "toggles" }, this.scriptsOnly, this.failuresOnly),
      ),
      make("div", { class: "count-line" }, this.count, this.view.newer),
      this.view.scroller,
    );
  }

  #makeToggle(words) {
    return make(
      "button",
      {
        type: "button",
        class: "toggle",
        "aria-pressed": "false",
        click: (event) => {
          const pressed = event.currentTarget.getAttribute("aria-pressed") === "true";
          event.currentTarget.setAttribute("aria-pressed", String(!pressed));
          this.#filterAgain();
        },
      },
      words,
    );
  }

  /// What comes within one frame is shown together: under load that is hundreds.
  put(summary) {
    // What was asked for before may come after news.
    if (this.#summaries.get(summary.id)?.over && !summary.over) return;
    this.#summaries.set(summary.id, summary);
    if (this.#changed.size === 0) requestAnimationFrame(() => this.#show());
    this.#changed.add(summary.id);
  }

  get isEmpty() {
    return this.#summaries.size === 0;
  }

  clear() {
    this.#summaries.clear();
    this.#filterAgain();
  }

  /// As many of scripts, and as many others, as the server keeps are shown.
  setKeep(keep) {
    this.#keep = keep;
    this.#tell();
  }

  choose(id) {
    this.#rows.get(this.#chosen)?.firstChild.removeAttribute("aria-current");
    this.#chosen = id;
    const link = this.#rows.get(id)?.firstChild;
    link?.setAttribute("aria-current", "true");
    this.#reveal();
  }

  // What an address names may come into the list later than the address.
  #reveal() {
    const row = this.#rows.get(this.#chosen);
    if (!row || this.#revealed === this.#chosen) return;
    this.#revealed = this.#chosen;
    row.scrollIntoView({ block: "nearest" });
  }

  /// Moves the focus: to the chosen line first, then up or down from where it is.
  move(by) {
    const here = document.activeElement?.closest?.(".rows li");
    const chosen = this.#rows.get(this.#chosen);
    const next = here
      ? by > 0
        ? here.nextElementSibling
        : here.previousElementSibling
      : (chosen ?? this.list.firstElementChild);
    next?.firstChild.focus();
  }

  #accepts(summary) {
    const pressed = (toggle) => toggle.getAttribute("aria-pressed") === "true";
    return matches(summary, {
      text: this.text.value,
      scriptsOnly: pressed(this.scriptsOnly),
      failuresOnly: pressed(this.failuresOnly),
    });
  }

  #filterAgain() {
    this.list.replaceChildren();
    this.#rows.clear();
    this.#changed = new Set(this.#summaries.keys());
    this.view.showTop();
    this.#show();
  }

  #show() {
    const changed = [...this.#changed].sort((a, b) => a - b);
    this.#changed.clear();
    this.view.keepStill(() => {
      for (const id of changed) this.#showOne(this.#summaries.get(id));
      this.#forgetOldest();
    });
    this.#reveal();
    this.#tell();
  }

  #showOne(summary) {
    const old = this.#rows.get(summary.id);
    if (!this.#accepts(summary)) {
      old?.remove();
      this.#rows.delete(summary.id);
      return;
    }
    const row = makeRow(summary);
    if (summary.id === this.#chosen) row.firstChild.setAttribute("aria-current", "true");
    this.#rows.set(summary.id, row);
    if (!old) return this.#insert(row, summary.id);
    // The link stays the same element, or it would lose the focus.
    old.firstChild.replaceChildren(...row.firstChild.childNodes);
    this.#rows.set(summary.id, old);
  }

  #insert(row, id) {
    let place = this.list.firstElementChild;
    while (place && Number(place.dataset.id) > id) place = place.nextElementSibling;
    this.list.insertBefore(row, place);
  }

  // As the server does: so many of scripts, and as many others.
  #forgetOldest() {
    const all = [...this.#summaries.values()].sort((a, b) => b.id - a.id);
    const scripts = all.filter(isScript);
    const others = all.filter((summary) => !isScript(summary));
    for (const { id } of [...scripts.slice(this.#keep), ...others.slice(this.#keep)]) {
      this.#summaries.delete(id);
      this.#rows.get(id)?.remove();
      this.#rows.delete(id);
    }
  }

  #tell() {
    const all = this.#summaries.size;
    const shown = this.#rows.size;
    this.count.textContent =
      shown === all ? counted(all, "exchange") : `${shown} of ${counted(all, "exchange")}`;
  }
}
