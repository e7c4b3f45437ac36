// What to do while nothing has been asked of the server yet.

import { make } from "./element.mjs";

export function makeInvitation(urls) {
  const links = urls.map((url) =>
    make("li", {}, make("a", { href: url, target: "_blank", rel: "noopener" }, url)),
  );
  const [first] = urls;
  return make(
    "div",
    { class: "empty hint invitation" },
    make("h2", {}, "No request yet"),
    make(
      "p",
      {},
      urls.length > 0
        ? "Open one of these in another tab, and watch it arrive here:"
        : "The server has not said yet where it listens.",
    ),
    make("ul", {}, links),
    first ? make("p", {}, "Or from a terminal:") : null,
    first ? make("pre", {}, `curl -i ${first}`) : null,
  );
}

/// What there is to choose from, while nothing is chosen.
export function makeHint() {
  const entry = (href, name, what) => make("li", {}, make("a", { href }, name), what);
  return make(
    "div",
    { class: "empty hint" },
    make("h2", {}, "Choose an exchange"),
    make(
      "p",
      {},
      "The newest is on top. An exchange is a request, what the server did for it, and its answer.",
    ),
    make(
      "ul",
      {},
      entry("#/pool", "Workers", ": who does what at this moment, and what waits"),
      entry("#/step", "Step mode", ": hold a request, and look at both processes"),
    ),
    make("p", { class: "quiet" }, "Press ", make("kbd", {}, "?"), " for the keys."),
  );
}
