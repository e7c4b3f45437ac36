// The waterfall: what the time went to, from accept to exit.

import { make, makeTable } from "./element.mjs";
import { marksOf, phasesOf, spanOf } from "./phases.mjs";
import { duration, moment, printable } from "./words.mjs";

export function showTime(exchange, panel) {
  const { from, to } = spanOf(exchange);
  const part = (at) => `${(100 * Math.max(0, Math.min(1, (at - from) / (to - from || 1)))).toFixed(3)}%`;
  const rows = phasesOf(exchange).map((phase) => [
    phase.name,
    makeBar(phase, part),
    moment(phase.from),
    phase.open ? "not over" : duration(phase.to - phase.from),
  ]);
  panel.append(
    make(
      "p",
      { class: "lead" },
      "Times count from the first byte of the request. " +
        "Phases may overlap: the server sends while the script still writes.",
    ),
    makeTable("Phases", ["Phase", "When", "Began", "Took"], rows, "stacked waterfall"),
    makeTable(
      "Moments",
      ["Moment", "At", "What"],
      marksOf(exchange).map(({ name, at, words }) => [name, moment(at), printable(words)]),
    ),
  );
}

function makeBar({ from, to, tone, name }, part) {
  const bar = make("span", { class: `bar ${tone}` });
  bar.style.left = `min(${part(from)}, 100% - 3px)`;
  bar.style.width = `max(3px, ${part(to)} - ${part(from)})`;
  return make("span", { class: "track", "aria-hidden": "true", title: name }, bar);
}
