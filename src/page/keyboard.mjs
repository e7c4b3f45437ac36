// What keys do. None of them does anything while a field is being written in, but Escape, which leaves it.

import { make } from "./element.mjs";

const keys = [
  ["↑ ↓ or k j", "go through the exchanges"],
  ["Enter", "open the exchange"],
  ["/", "filter the list"],
  ["Esc", "leave the filter; from an exchange, back to the list"],
  ["← →", "the tab before and after, where a tab has the focus"],
  ["Space", "in the drawing: play or pause"],
  [", .", "in the drawing: the event before and after"],
  ["g", "let the held exchange go on"],
  ["?", "show these keys"],
];

/// `actions` has a function for each name that appears here.
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const action = actionOf(event);
    if (!action || actions[action]() === false) return;
    event.preventDefault();
  });
}

function actionOf(event) {
  const { target, key } = event;
  if (key === "Escape") return "leave";
  if (target.matches("input, textarea, select")) return null;
  // These keys belong to the control that has the focus.
  const isControl = target.closest("[role=tablist], .table, button, summary") !== null;
  if (key === " ") return isControl || target.matches("a") ? null : "play";
  if (key === "ArrowDown" || key === "ArrowUp") {
    const isBelowList = target.closest(".detail-pane") !== null;
    return isControl || isBelowList ? null : key === "ArrowDown" ? "down" : "up";
  }
  return (
    { j: "down", k: "up", "/": "filter", "?": "help", ",": "back", ".": "forward", g: "letGo" }[key] ?? null
  );
}

export function showKeys() {
  const dialog = make(
    "dialog",
    { class: "keys", "aria-labelledby": "keys-title", close: () => dialog.remove() },
    make("h2", { id: "keys-title" }, "Keys"),
    make(
      "dl",
      {},
      keys.map(([key, what]) => make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, what))),
    ),
    make("form", { method: "dialog" }, make("button", {}, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
}
