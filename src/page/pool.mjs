// The server as a whole: what each worker does, and what waits.

import { make, makeTable } from "./element.mjs";
import { makeGauge } from "./gauge.mjs";
import { makeHistory } from "./history.mjs";
import { exchangeAddress } from "./route.mjs";
import { duration, printable, shortened, spaced } from "./words.mjs";

const parkedWords = {
  idle: "between two requests",
  reading_head: "in the middle of a head",
  reading_body: "in the middle of a body",
  sending: "until the client takes more",
  lingering: "until the client has seen the end",
};

export class PoolView {
  #pane;
  #history = makeHistory();

  constructor(pane) {
    this.#pane = pane;
  }

  /// To be told of every state, also while this is not shown: the history goes on.
  take(server) {
    this.#history.add(server.workers.filter(({ state }) => state === "busy").length, server.queue.length);
    if (this.#pane.querySelector(".pool-view")) this.show(server);
  }

  show(server) {
    const { scrollTop } = this.#pane;
    const shown = this.#pane.querySelector(".pool-view");
    const parts = [
      make("h2", {}, "Workers"),
      makeWorkers(server),
      make("h3", {}, "The last minute"),
      this.#history.draw(server.workers.length),
      make("h3", {}, "What waits"),
      makeGauges(server),
      make("h3", {}, "Parked connections"),
      makeParked(server.connections),
      make("h3", {}, "This server"),
      makeServer(server),
    ];
    if (shown) replaceKeepingFocus(shown, parts);
    else
      this.#pane.replaceChildren(
        make("a", { class: "back", href: "#/" }, "← All exchanges"),
        make("div", { class: "pool-view" }, parts),
      );
    this.#pane.scrollTop = scrollTop;
  }
}

// It is drawn anew every second, and the reader may be on one of its links.
function replaceKeepingFocus(place, parts) {
  const stops = () => [...place.querySelectorAll("a, [tabindex]")];
  const index = stops().indexOf(document.activeElement);
  place.replaceChildren(...parts);
  if (index >= 0) stops()[index]?.focus({ preventScroll: true });
}

function makeWorkers({ workers }) {
  const busy = workers.filter(({ state }) => state === "busy").length;
  return make(
    "div",
    {},
    make(
      "p",
      { class: "lead" },
      `${busy} of ${workers.length} are busy. They were all made when the server started; ` +
        "each takes the next connection off the queue when it is done.",
    ),
    make("ul", { class: "workers" }, workers.map(makeWorker)),
  );
}

function makeWorker({ number, state, exchange, what, since }) {
  const doing = what ? printable(shortened(what, 80)) : state === "busy" ? "a request" : "waits for the next";
  return make(
    "li",
    { class: state },
    make("strong", {}, `Worker ${number}`),
    make("span", { class: "state" }, state),
    make(
      "span",
      { class: "doing" },
      exchange && state === "busy" ? make("a", { href: exchangeAddress(exchange) }, doing) : doing,
    ),
    make("span", { class: "quiet" }, `for ${duration(since)}`),
  );
}

function makeGauges({ queue, gateways, passwords, connections }) {
  return make(
    "div",
    { class: "gauges" },
    makeGauge("Queue", queue.length, queue.capacity, "wait for a worker"),
    makeGauge("Scripts", gateways.running, gateways.places, "run"),
    makeGauge("… waiting", gateways.waiting, gateways.capacity, "wait for a place"),
    makeGauge("Passwords", passwords.running, passwords.places, "are checked"),
    makeGauge("… waiting", passwords.waiting, passwords.capacity, "wait for a place"),
    makeGauge("Connections", connections.open, connections.most, "are open"),
  );
}

function makeParked({ parked }) {
  const rows = Object.entries(parked).map(([state, count]) => [
    spaced(state),
    String(count),
    parkedWords[state] ?? "",
  ]);
  return make(
    "div",
    {},
    make(
      "p",
      { class: "lead" },
      "A connection on which nothing happens costs no worker: it is parked until it does.",
    ),
    makeTable("Parked connections", ["State", "How many", "They are"], rows),
  );
}

function makeServer({
  name,
  version,
  started,
  recorded,
  not_recorded: missed,
  keep,
  stream_bytes: bytes,
  options,
  draining,
}) {
  const rows = [
    ["version", `${name} ${version}`],
    ["started", started],
    ["exchanges recorded", `${recorded}, the newest ${keep} are kept`],
    ["not recorded", `${missed}: too many were in hand`],
    ["kept of each stream", `${bytes} bytes`],
    ...(draining ? [["draining", "it was asked to stop"]] : []),
    ...options,
  ];
  return makeTable(
    "Options and figures",
    ["Name", "Value"],
    rows.map(([key, value]) => [key, printable(String(value))]),
  );
}
