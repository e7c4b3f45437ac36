// The address after the '#' says what is shown, so that reloading, links and the back button work:
//   #/                        the list        #/pool   the workers        #/step   step mode
//   #/exchange/17/streams     a tab of an exchange
//   #/exchange/17/drawing/5   the drawing at its sixth event

export function readRoute(hash = location.hash) {
  const [view = "", id = "", tab = "", event = ""] = hash.replace(/^#\/?/, "").split("/");
  if (view === "exchange" && /^\d+$/.test(id)) {
    return {
      view,
      id: Number(id),
      tab: tab || "overview",
      event: /^\d+$/.test(event) ? Number(event) : null,
    };
  }
  return { view: view === "pool" || view === "step" ? view : "list", id: null, tab: "", event: null };
}

export const exchangeAddress = (id, tab = "overview", event = null) =>
  `#/exchange/${id}/${tab}${event === null ? "" : `/${event}`}`;

export function go(address) {
  location.hash = address;
}

/// For what belongs to the same view: it adds nothing that the back button would have to undo.
export function replaceAddress(address) {
  history.replaceState(null, "", address);
}
