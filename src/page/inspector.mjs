// The page: a list of exchanges beside one of them, the workers, or step mode, as the address says.

import { setUpAppearance } from "./appearance.mjs";
import { getStep } from "./api.mjs";
import { ExchangeList } from "./exchange_list.mjs";
import { ExchangeView } from "./exchange_view.mjs";
import { makeHint, makeInvitation } from "./invitation.mjs";
import { listenToKeys, showKeys } from "./keyboard.mjs";
import { Live } from "./live.mjs";
import { PoolView } from "./pool.mjs";
import { go, readRoute } from "./route.mjs";
import { followStepMode, goOn, showHeld, showStepMode } from "./step_mode.mjs";

const detail = document.querySelector("#detail");
const list = new ExchangeList(document.querySelector("#list"));
const view = new ExchangeView(detail);
const pool = new PoolView(detail);
const connection = document.querySelector("#connection");
let server = null;
let heldId = null;
let shownView = "";

function showRoute() {
  const route = readRoute();
  document.body.dataset.view = route.view;
  for (const link of document.querySelectorAll("#views a")) {
    const isHere = readRoute(link.hash).view === (route.view === "exchange" ? "list" : route.view);
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${titleOf(route)} – inspector of tinyhttpd`;
  list.choose(route.id);
  if (route.view === "exchange") view.open(route.id, route.tab, route.event);
  else view.close();
  if (route.view === "pool" && server) pool.show(server);
  if (route.view === "step")
    getStep()
      .then((step) => showStepMode(detail, step))
      .catch(tellConnection);
  delete detail.dataset.hint;
  if (route.view === "list") showHint();
  // Where there is one column, the reader is taken to what was chosen.
  if (shownView && route.view !== "list" && shownView !== route.view) detail.focus({ preventScroll: true });
  shownView = route.view;
}

const titleOf = ({ view: name, id, tab }) =>
  ({ exchange: `#${id} ${tab}`, pool: "Workers", step: "Step mode", list: "Exchanges" })[name];

// What stands where an exchange would: what to choose, or while there is none, how to make one.
function showHint() {
  const isEmpty = list.isEmpty && server !== null;
  if (detail.dataset.hint === String(isEmpty)) return;
  detail.dataset.hint = String(isEmpty);
  document.body.dataset.empty = String(isEmpty);
  detail.replaceChildren(isEmpty ? makeInvitation(server.urls) : makeHint());
}

function tellConnection(word) {
  connection.textContent = word instanceof Error ? word.message : word;
  connection.dataset.state = word === "live" ? "live" : "other";
}

function takeServer(state) {
  const isFirst = server === null;
  server = state;
  list.setKeep(state.keep);
  if (readRoute().view === "list") showHint();
  pool.take(state);
  if (isFirst && readRoute().view === "pool") pool.show(state);
  followStepMode(state.step);
  takeHeld(state.step.held);
}

function takeHeld(held) {
  heldId = held?.id ?? null;
  showHeld(document.querySelector("#held"), held);
  view.setHeld(held);
}

function takeExchange(summary) {
  list.put(summary);
  if (readRoute().view === "list") showHint();
  if (summary.id === view.id) view.refresh();
  // It is held, or it was and goes on.
  if (summary.held || summary.id === heldId)
    getStep()
      .then(({ held }) => takeHeld(held))
      .catch(tellConnection);
}

listenToKeys({
  up: () => list.move(-1),
  down: () => list.move(1),
  filter: () => list.text.focus(),
  leave: () => (document.activeElement === list.text ? list.text.blur() : go("#/")),
  help: showKeys,
  letGo: goOn,
  play: () => (view.player ? view.player.toggle() : false),
  back: () => (view.player ? view.player.step(-1) : false),
  forward: () => (view.player ? view.player.step(1) : false),
});
document.querySelector("#keys").addEventListener("click", showKeys);
document.querySelector("#skip").addEventListener("click", () => detail.focus());
setUpAppearance();
window.addEventListener("hashchange", showRoute);
new Live({
  exchange: takeExchange,
  server: takeServer,
  connection: tellConnection,
  restarted: () => {
    list.clear();
    showRoute();
  },
}).start();
showRoute();
