// The drawing itself: builds it for a layout, and shows a scene in it.

import { draw } from "./element.mjs";
import { byteCount, handlerName, printable, shortByteCount, shortened } from "./words.mjs";

const streamTitles = ["0 in", "1 out", "2 errors"];
const poolDots = 16;

export class Scenery {
  constructor(layout, exchange) {
    this.layout = layout;
    this.exchange = exchange;
    this.parts = {};
    const [width, height] = layout.size;
    this.ways = this.#makeWays();
    this.svg = draw(
      "svg",
      {
        class: `drawing ${kindOf(exchange)}`,
        viewBox: `0 0 ${width} ${height}`,
        role: "img",
        "aria-label": "Client, acceptor, queue, workers, and the script with its three pipes",
      },
      makeArrowHead(),
      this.#makeBoxes(),
      Object.values(this.ways),
      this.#makePipes(),
      this.#makePool(),
      this.#makePacket(),
    );
  }

  #makeBoxes() {
    const { script, worker, load, handler } = this.exchange;
    const name = (path) => printable(shortened(path.split("/").at(-1) || path, 18));
    const last = script
      ? [script.backend ? "backend" : "script", name(script.path)]
      : handler === "serve_file"
        ? ["file", name(this.exchange.target.split("?")[0])]
        : [handlerName(handler), ""];
    const box = (key, title, note = "") => this.#makeBox(key, title, note);
    return [
      box("server", "tinyhttpd: one process, many threads"),
      box("client", "client"),
      box("acceptor", "acceptor"),
      box("queue", "queue"),
      box("pool", "workers"),
      box("worker", worker >= 0 ? `worker ${worker}` : "worker"),
      box("script", ...last),
      script
        ? box("lane", "places for scripts", load ? `${load.gateways} of ${load.gateway_places} taken` : "")
        : null,
    ].filter(Boolean);
  }

  #makeBox(key, title, note) {
    const [x, y, width, height] = this.layout.boxes[key];
    const middle = key !== "server";
    const place = middle
      ? { x: x + width / 2, "text-anchor": "middle" }
      : this.layout.turned
        ? { x: x + width - 10, "text-anchor": "end" }
        : { x: x + 14 };
    const top = height > 150 ? y + 34 : y; // a tall box has its words in the middle
    const notes = [0, 1, 2, 3].map((line) =>
      draw("text", { ...place, y: top + 46 + 22 * line, class: "note" }),
    );
    notes[0].textContent = note;
    const group = draw(
      "g",
      { class: `box ${key}` },
      draw("rect", { x, y, width, height, rx: key === "server" ? 14 : 8 }),
      draw("text", { ...place, y: (middle ? top : y) + 24, class: "title" }, title),
      key === "server" ? [] : notes,
    );
    this.parts[key] = { group, notes };
    return group;
  }

  #makeWays() {
    return Object.fromEntries(
      Object.entries(this.layout.ways).map(([name, d]) => [
        name,
        draw("path", { d, class: `way ${name}`, "marker-end": "url(#arrow-head)" }),
      ]),
    );
  }

  #makePipes() {
    this.pipes = this.layout.pipes.map(([x, y, width, height], number) => {
      const middle = { x: x + width / 2, y: y + height / 2 + 5, "text-anchor": "middle" };
      const total = draw("text", { ...middle, class: "total" });
      const turn = this.layout.turned ? { transform: `rotate(-90 ${middle.x} ${y + height / 2})` } : {};
      const above = this.layout.turned ? y + height / 2 - width / 2 - 5 : y - 6;
      const title = draw("text", { ...middle, y: above }, streamTitles[number]);
      const group = draw(
        "g",
        { class: `pipe pipe-${number}` },
        draw("rect", { x, y, width, height, rx: 6 }),
        draw("g", turn, title, total),
      );
      return { group, total };
    });
    return this.pipes.map(({ group }) => group);
  }

  #makePool() {
    const { load, worker } = this.exchange;
    const [x, y, width] = this.layout.boxes.pool;
    const count = Math.min(load?.workers ?? Math.max(worker + 1, 4), poolDots);
    const perRow = width > 120 ? 8 : 4;
    const gap = (width - 16) / perRow;
    return Array.from({ length: Math.min(count, perRow * 2) }, (_, index) =>
      draw("rect", {
        class: index === worker ? "dot ours" : "dot",
        x: x + 8 + (index % perRow) * gap + 2,
        y: y + 34 + Math.floor(index / perRow) * 13,
        width: gap - 4,
        height: 9,
        rx: 2,
      }),
    );
  }

  #makePacket() {
    this.packetBody = draw("rect", { height: 24, rx: 12 });
    this.packetText = draw("text", { "text-anchor": "middle", y: 5 });
    this.packet = draw("g", { class: "packet", visibility: "hidden" }, this.packetBody, this.packetText);
    return this.packet;
  }

  /// Shows `scene`, and of `move` what has moved at `progress` (0 to 1); null: nothing moves.
  show(scene, move, progress) {
    const { parts } = this;
    const note = (key, ...lines) =>
      lines.forEach((line, index) => {
        if (parts[key]) parts[key].notes[index].textContent = printable(shortened(line, 30));
      });
    const light = (key, isLit) => parts[key]?.group.classList.toggle("lit", isLit);
    light("acceptor", scene.connection === "acceptor");
    light("queue", scene.connection === "queue");
    note("queue", scene.connection === "queue" ? "waits here" : "");
    light("pool", scene.connection === "worker");
    light("worker", scene.connection === "worker");
    note(
      "worker",
      this.#requestLine(),
      scene.doing,
      scene.trouble || scene.held,
      scene.trouble ? scene.held : "",
    );
    parts.worker.group.classList.toggle("trouble", scene.trouble !== "");
    parts.worker.group.classList.toggle("waiting", scene.held !== "");
    light("client", scene.connection !== "none");
    this.#showClient(scene);
    light("lane", scene.lane === "taken");
    parts.lane?.group.classList.toggle("waiting", scene.lane === "waiting");
    this.#showScript(scene);
    this.#showMove(move, progress);
  }

  #showClient({ answered, status }) {
    const lines = [
      this.exchange.client.address,
      answered ? `got ${byteCount(answered)}` : "",
      status ? `status ${status}` : "",
    ];
    const { notes } = this.parts.client;
    if (this.layout.turned) notes[0].textContent = lines.filter(Boolean).join(" · ");
    else lines.forEach((line, index) => (notes[index].textContent = line));
  }

  #requestLine() {
    const { method, target } = this.exchange;
    return `${method} ${target.split("?")[0]}`;
  }

  #showScript({ script, scriptNote, pipes, carried }) {
    const { group, notes } = this.parts.script;
    group.dataset.state = this.exchange.script ? script : "";
    if (this.exchange.script) notes[this.layout.turned ? 0 : 1].textContent = scriptNote;
    this.pipes.forEach(({ group: pipe, total }, number) => {
      pipe.dataset.state = pipes[number];
      const words =
        pipes[number] === "closed"
          ? [carried[number] ? shortByteCount(carried[number]) : "", "EOF"]
          : carried[number]
            ? [shortByteCount(carried[number])]
            : [];
      total.textContent = words.filter(Boolean).join(" · ");
    });
  }

  #showMove(move, progress) {
    for (const [name, way] of Object.entries(this.ways)) way.classList.toggle("lit", name === move?.along);
    this.packet.setAttribute("visibility", move ? "visible" : "hidden");
    if (!move) return;
    const way = this.ways[move.along];
    const { x, y } = way.getPointAtLength(way.getTotalLength() * progress);
    const size = 20 + 8 * move.label.length;
    this.packetBody.setAttribute("width", size);
    this.packetBody.setAttribute("x", -size / 2);
    this.packetBody.setAttribute("y", -12);
    this.packetText.textContent = move.label;
    this.packet.setAttribute("class", `packet ${move.tone}`);
    this.packet.setAttribute("transform", `translate(${this.#inside(x, size)} ${y})`);
  }

  #inside(x, size) {
    return Math.max(size / 2 + 2, Math.min(x, this.layout.size[0] - size / 2 - 2));
  }
}

// Where no script runs there are no pipes, and for a refused request nothing was looked for.
const kindOf = ({ script, handler }) => (script ? "with-script" : handler ? "without-script" : "refused");

function makeArrowHead() {
  return draw(
    "defs",
    {},
    draw(
      "marker",
      {
        id: "arrow-head",
        viewBox: "0 0 8 8",
        refX: 7,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        orient: "auto-start-reverse",
      },
      draw("path", { d: "M0 0 L8 4 L0 8 z" }),
    ),
  );
}
