// The three lanes: every chunk of bytes with its time, as text or hexadecimal, and what happened to the pipe.

import { hexOf, looksLikeText, textOf } from "./bytes_text.mjs";
import { chunksOf, endOf, fullPipes } from "./chunks.mjs";
import { make } from "./element.mjs";
import { spanOf } from "./phases.mjs";
import { exchangeAddress } from "./route.mjs";
import { byteCount, counted, moment } from "./words.mjs";

const chunksAtFirst = 40;
const bytesAtFirst = 2048;
let format = "text"; // as last chosen

export function showStreams(exchange, panel) {
  const streams = exchange.streams.length > 0 ? exchange.streams : [exchange.request.body];
  const lanes = make("div", { class: "lanes" });
  const fill = () => lanes.replaceChildren(...streams.map((stream) => makeLane(exchange, stream)));
  panel.append(makeFormatChoice(fill), lanes);
  fill();
}

function makeFormatChoice(fill) {
  const option = (value, words) =>
    make(
      "label",
      {},
      make("input", {
        type: "radio",
        name: "format",
        value,
        checked: value === format,
        change: () => {
          format = value;
          fill();
        },
      }),
      words,
    );
  return make(
    "fieldset",
    { class: "choice" },
    make("legend", {}, "Bytes as"),
    option("text", "text"),
    option("hex", "hexadecimal"),
    option("both", "both"),
  );
}

function makeLane(exchange, stream) {
  const chunks = chunksOf(exchange.events, stream);
  const end = endOf(exchange.events, stream.number);
  const full = fullPipes(chunks, stream.number);
  const titleId = `lane-${stream.number}`;
  return make(
    "section",
    { class: `lane lane-${stream.number}`, "aria-labelledby": titleId },
    make("h3", { id: titleId }, `${stream.number}  ${stream.name}`),
    make("p", { class: "quiet" }, summaryOf(stream, chunks, end)),
    chunks.length > 0 ? makeStrip(exchange, chunks, full, end) : null,
    makeChunks(exchange, stream, chunks, full, end),
  );
}

function summaryOf({ number, total, kept, closed }, chunks, end) {
  if (number === 0 && total === 0 && !end) return "nothing: the request has no body, and this is no pipe";
  const parts = [total === 0 ? "nothing" : `${byteCount(total)} in ${counted(chunks.length, "chunk")}`];
  if (kept < total) parts.push(`the first ${byteCount(kept)} kept`);
  parts.push(end ? `end of file at ${moment(end.at)}` : closed ? "closed" : "still open");
  return parts.join(" · ");
}

// Each chunk as a bar at its time; a bar twice as high is about ten times as many bytes.
function makeStrip({ events }, chunks, full, end) {
  const { from, to } = spanOf({ events });
  const place = (element, at) => {
    element.style.left = `${(100 * (at - from)) / (to - from || 1)}%`;
    return element;
  };
  const bars = chunks.map(({ at, size }) => {
    const bar = place(make("span", { class: "bar" }), at);
    bar.style.height = `${15 + 17 * Math.log10(Math.max(size, 1))}%`;
    return bar;
  });
  const marks = full.map(({ at }) => place(make("span", { class: "mark full" }, "full"), at));
  if (end) marks.push(place(make("span", { class: "mark eof" }, "EOF"), end.at));
  return make("div", { class: "strip", "aria-hidden": "true" }, bars, marks);
}

function makeChunks(exchange, stream, chunks, full, end) {
  const list = make("ol", { class: "chunks" });
  const add = (from, to) =>
    list.append(
      ...chunks
        .slice(from, to)
        .flatMap((chunk) => [
          makeChunk(exchange.id, chunk),
          ...full
            .filter(({ index }) => index === chunk.index)
            .map(({ at, words }) => makeMark("full", "FULL", at, words)),
        ]),
    );
  add(0, chunksAtFirst);
  const finish = () =>
    end &&
    list.append(
      makeMark(
        "eof",
        "EOF",
        end.at,
        stream.number === 0
          ? "The server closed its end: the script sees end of file."
          : "The script closed its end, or ended.",
      ),
    );
  if (chunks.length <= chunksAtFirst) {
    finish();
    return list;
  }
  const more = make(
    "button",
    {
      type: "button",
      class: "second",
      click: () => {
        more.remove();
        add(chunksAtFirst, chunks.length);
        finish();
      },
    },
    `Show ${chunks.length - chunksAtFirst} more`,
  );
  return [list, more];
}

const makeMark = (kind, sign, at, words) =>
  make(
    "li",
    { class: `chunk-mark ${kind}` },
    make("strong", {}, sign),
    make("span", {}, moment(at)),
    make("span", {}, words),
  );

function makeChunk(id, { at, offset, size, bytes, index }) {
  const missing = size - bytes.length;
  return make(
    "li",
    { class: "chunk" },
    make(
      "p",
      { class: "chunk-head" },
      make("a", { href: exchangeAddress(id, "drawing", index) }, moment(at)),
      make("span", {}, byteCount(size)),
      make("span", { class: "quiet" }, `from byte ${offset}`),
    ),
    makeBytes(bytes, offset),
    missing > 0 ? make("p", { class: "quiet" }, `${byteCount(missing)} of it not kept`) : null,
  );
}

function makeBytes(bytes, offset, most = bytesAtFirst) {
  const shown = bytes.subarray(0, most);
  const block = make("div", { class: "bytes" });
  const isText = looksLikeText(shown);
  if (format !== "hex" && isText && shown.length > 0)
    block.append(make("pre", { dir: "ltr" }, textOf(shown)));
  if ((format !== "text" || !isText) && shown.length > 0)
    block.append(make("pre", { class: "hex", dir: "ltr" }, hexOf(shown, offset)));
  if (bytes.length > most) {
    block.append(
      make(
        "button",
        {
          type: "button",
          class: "second",
          click: () => block.replaceWith(makeBytes(bytes, offset, bytes.length)),
        },
        `Show all ${byteCount(bytes.length)}`,
      ),
    );
  }
  return block;
}
