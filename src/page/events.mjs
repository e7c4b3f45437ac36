// Every event, in its order.

import { make, makeTable } from "./element.mjs";
import { exchangeAddress } from "./route.mjs";
import { duration, moment, printable } from "./words.mjs";

export function showEvents({ id, events, events_left_out: leftOut }, panel) {
  const rows = events.map((event, index) => [
    make(
      "a",
      { href: exchangeAddress(id, "drawing", index), "aria-label": `Event ${index + 1} in the drawing` },
      String(index + 1),
    ),
    moment(event.at),
    index > 0 ? duration(event.at - events[index - 1].at) : "",
    make("code", {}, event.step),
    printable(event.words),
  ]);
  panel.append(
    make("p", { class: "lead" }, "A number opens the drawing at that event."),
    makeTable("Events", ["No.", "At", "Since the last", "Step", "What happened"], rows, "stacked events"),
  );
  if (leftOut > 0)
    panel.append(
      make("p", { class: "note" }, `${leftOut} more were left out: the server keeps a limited number.`),
    );
}
