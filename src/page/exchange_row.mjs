// One line of the list: an exchange in brief, as a link to all of it.

import { make } from "./element.mjs";
import { exchangeAddress } from "./route.mjs";
import {
  duration,
  handlerName,
  printable,
  shortByteCount,
  shortened,
  spaced,
  timeOfDay,
  toneOf,
} from "./words.mjs";

const targetSigns = 300;

export function makeStatus(summary) {
  const word = summary.held ? "held" : summary.status || (summary.over ? "none" : "…");
  const tone = summary.held ? "warm" : toneOf(summary);
  return make("span", { class: `tag ${tone}` }, String(word));
}

export function makeRow(summary) {
  const row = make(
    "li",
    { "data-id": summary.id },
    make(
      "a",
      { href: exchangeAddress(summary.id) },
      makeStatus(summary),
      make("span", { class: "method" }, printable(shortened(summary.method || "?", 12))),
      make(
        "span",
        { class: "target" },
        make("bdi", { dir: "ltr" }, printable(shortened(summary.target, targetSigns))),
      ),
      make("span", { class: "about" }, about(summary)),
      trouble(summary),
    ),
  );
  return row;
}

function about(summary) {
  const parts = [`#${summary.id}`, timeOfDay(summary.began)];
  if (summary.handler) parts.push(handlerName(summary.handler));
  if (summary.over) parts.push(duration(summary.duration), shortByteCount(summary.body_bytes));
  else parts.push(summary.held ? `held ${spaced(summary.held)}` : "not over yet");
  if (summary.replay_of) parts.push(`replay of #${summary.replay_of}`);
  // A line may end between two of them, not within one.
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}

function trouble(summary) {
  if (summary.diagnosis)
    return make("span", { class: "trouble" }, printable(shortened(summary.diagnosis, 200)));
  if (summary.failure) return make("span", { class: "trouble" }, spaced(summary.failure));
  if (summary.over && !summary.complete)
    return make("span", { class: "trouble" }, "the answer was cut short");
  return null;
}
