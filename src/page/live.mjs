// Keeps the page up to date: by server-sent events, and where these do not come, by asking every 2 seconds.

import { getExchanges, getServer } from "./api.mjs";

const askEvery = 2000;
const tryEventsEvery = 10000;

/// `on` has the functions exchange(summary), server(state), restarted() and connection(word).
export class Live {
  #on;
  #newest = 0;
  #unfinished = new Set();
  #started = null;
  #timer = null;
  #eventsTriedAt = 0;

  constructor(on) {
    this.#on = on;
  }

  async start() {
    await this.#catchUp();
    this.#listen();
  }

  #listen() {
    this.#eventsTriedAt = Date.now();
    const events = new EventSource("api/events");
    events.addEventListener("open", () => {
      this.#stopAsking();
      this.#on.connection("live");
      this.#catchUp();
    });
    events.addEventListener("exchange", (event) => this.#takeExchange(JSON.parse(event.data)));
    // Too much happened at once for this tab: what it was not told of is asked for.
    events.addEventListener("missed", () => this.#catchUp());
    events.addEventListener("server", (event) => this.#takeServer(JSON.parse(event.data)));
    events.addEventListener("error", () => {
      // While the browser tries again by itself, or after it gave up, something must still come.
      if (events.readyState === EventSource.CLOSED) events.close();
      this.#ask(events);
    });
  }

  #ask(events) {
    if (this.#timer !== null) return;
    this.#on.connection("asking every 2 s");
    this.#timer = setInterval(() => {
      this.#catchUp();
      const gaveUp = events.readyState === EventSource.CLOSED;
      if (gaveUp && Date.now() - this.#eventsTriedAt > tryEventsEvery) {
        this.#stopAsking();
        this.#listen();
      }
    }, askEvery);
  }

  #stopAsking() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  // `since` leaves out what is older, so one that has not ended yet is asked for again.
  async #catchUp() {
    try {
      const state = await getServer();
      this.#noticeRestart(state);
      const since = Math.min(this.#newest, ...[...this.#unfinished].map((id) => id - 1));
      for (const summary of (await getExchanges(since)).exchanges) this.#takeExchange(summary);
      this.#on.server(state);
      if (this.#timer !== null) this.#on.connection("asking every 2 s");
    } catch {
      this.#on.connection("the server does not answer");
    }
  }

  #takeExchange(summary) {
    this.#newest = Math.max(this.#newest, summary.id);
    if (summary.over) this.#unfinished.delete(summary.id);
    else this.#unfinished.add(summary.id);
    this.#on.exchange(summary);
  }

  #takeServer(state) {
    this.#noticeRestart(state);
    this.#on.server(state);
  }

  // After a restart the ids begin anew, and what is shown here is gone.
  #noticeRestart({ started }) {
    if (this.#started !== null && started !== this.#started) {
      this.#newest = 0;
      this.#unfinished.clear();
      this.#on.restarted();
    }
    this.#started = started;
  }
}
