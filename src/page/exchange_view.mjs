// All of one exchange: what it was, what can be done with it, and a tab for each way to look at it.

import { getExchange } from "./api.mjs";
import { makeActions } from "./actions.mjs";
import { make } from "./element.mjs";
import { makeStatus } from "./exchange_row.mjs";
import { exchangeAddress, go } from "./route.mjs";
import { tabsOf } from "./tab_choice.mjs";
import { makeTabs } from "./tabs.mjs";
import { printable, shortened } from "./words.mjs";

export class ExchangeView {
  id = null;
  #pane;
  #exchange = null;
  #tab = "";
  #tabs = null;
  #shown = null; // what the tab's show() returned: {update, leave, seek, setHeld, player}, or nothing
  #held = null;
  #asking = false;
  #askAgain = false;

  constructor(pane) {
    this.#pane = pane;
  }

  async open(id, tab, event) {
    const isSame = id === this.id && this.#exchange !== null;
    this.id = id;
    this.#tab = tab;
    if (isSame) return this.#showTab(event);
    this.#exchange = null;
    this.#leaveTab();
    this.#pane.replaceChildren(make("p", { class: "empty" }, `Exchange #${id} …`));
    await this.#load(event);
  }

  close() {
    this.#leaveTab();
    this.id = this.#exchange = null;
  }

  /// It changed on the server. However often that is said, it is asked for once at a time.
  async refresh() {
    if (this.#exchange?.over && !this.#exchange.held) return;
    if (this.#asking) return void (this.#askAgain = true);
    await this.#load(null);
  }

  /// What step mode holds at this moment, with the descriptors of both processes; null: nothing.
  setHeld(held) {
    this.#held = held;
    this.#tellHeld();
  }

  /// The drawing's player, while the drawing is shown.
  get player() {
    return this.#shown?.player ?? null;
  }

  async #load(event) {
    const { id } = this;
    this.#asking = true;
    const exchange = await getExchange(id).catch((error) => {
      if (id === this.id && !this.#exchange) this.#showMissing(id, error);
    });
    this.#asking = false;
    if (exchange && id === this.id) this.#take(exchange, event);
    if (!this.#askAgain) return;
    this.#askAgain = false;
    await this.#load(null);
  }

  #take(exchange, event) {
    const isNews = this.#exchange !== null;
    this.#exchange = exchange;
    if (isNews && this.#shown?.update) {
      this.#pane.querySelector(".exchange-head").replaceWith(makeHead(exchange));
      return this.#shown.update(exchange);
    }
    const { scrollTop } = this.#pane;
    this.#showAll(event);
    if (isNews) this.#pane.scrollTop = scrollTop;
    else this.#pane.scrollTop = 0;
  }

  #showMissing(id, error) {
    this.#pane.replaceChildren(
      make(
        "div",
        { class: "empty" },
        make("h2", {}, `Exchange #${id} is not here`),
        make(
          "p",
          {},
          `${error.message}. The server keeps the newest only, and none after it was started again.`,
        ),
        make("p", {}, make("a", { href: "#/" }, "To the list")),
      ),
    );
  }

  #showAll(event) {
    const tabs = tabsOf(this.#exchange);
    const focused = document.activeElement?.id;
    this.#tabs = makeTabs(tabs, "Ways to look at this exchange", (name) =>
      go(exchangeAddress(this.id, name)),
    );
    this.#pane.replaceChildren(
      make("a", { class: "back", href: "#/" }, "← All exchanges"),
      makeHead(this.#exchange),
      makeActions(this.#exchange),
      this.#tabs.list,
      this.#tabs.panel,
    );
    if (focused?.startsWith("tab-")) document.getElementById(focused)?.focus();
    this.#showTab(event);
  }

  #showTab(event) {
    const tabs = tabsOf(this.#exchange);
    const tab = tabs.find(({ name }) => name === this.#tab) ?? tabs[0];
    if (this.#shown?.seek && this.#shown.name === tab.name && event !== null) return this.#shown.seek(event);
    this.#leaveTab();
    this.#tabs.select(tab.name);
    this.#tabs.panel.replaceChildren();
    const shown = tab.show(this.#exchange, this.#tabs.panel, event);
    this.#shown = shown ? { ...shown, name: tab.name } : null;
    this.#tellHeld();
  }

  #tellHeld() {
    this.#shown?.setHeld?.(this.#held?.id === this.id ? this.#held : null);
  }

  #leaveTab() {
    this.#shown?.leave?.();
    this.#shown = null;
  }
}

function makeHead(exchange) {
  return make(
    "header",
    { class: "exchange-head" },
    make(
      "h2",
      {},
      makeStatus(exchange),
      " ",
      make("bdi", { dir: "ltr" }, printable(shortened(`${exchange.method} ${exchange.target}`, 160))),
    ),
  );
}
