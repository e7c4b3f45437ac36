// The server at the moment in which the script was about to be started.

import { make } from "./element.mjs";
import { makeGauge } from "./gauge.mjs";

export function showLoad({ load }, panel) {
  panel.append(
    make(
      "p",
      { class: "lead" },
      "What else the server did when this script was about to be started. A request waits in " +
        "the queue when every worker is busy, and for a place when too many scripts run.",
    ),
    make(
      "div",
      { class: "gauges" },
      makeGauge("Workers busy", load.busy, load.workers),
      makeGauge("Queue", load.queue, load.queue_capacity, "wait for a worker"),
      makeGauge("Scripts", load.gateways, load.gateway_places, `${load.gateways_waiting} wait for a place`),
    ),
    make("p", {}, `${load.connections} connections were open.`),
  );
}
