// How full something is: a bar, and the numbers beside it.

import { make } from "./element.mjs";

export function makeGauge(name, value, most, note = "") {
  const bar = make("span", { class: "fill" });
  bar.style.width = `${most > 0 ? Math.min(100, (100 * value) / most) : 0}%`;
  if (most > 0 && value >= most) bar.classList.add("full");
  return make(
    "div",
    { class: "gauge" },
    make("span", { class: "gauge-name" }, name),
    make("span", { class: "gauge-bar", "aria-hidden": "true" }, bar),
    make(
      "span",
      { class: "gauge-value" },
      `${value} of ${most}`,
      note ? make("span", { class: "quiet" }, ` · ${note}`) : null,
    ),
  );
}
