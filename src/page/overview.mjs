// What happened, in words: the failure first, if there was one.

import { make, makeFacts } from "./element.mjs";
import { exchangeAddress } from "./route.mjs";
import { byteCount, duration, handlerName, isScript, printable, spaced, streamNames } from "./words.mjs";

export function showOverview(exchange, panel) {
  panel.append(
    ...[
      makeDiagnosis(exchange),
      makeReplay(exchange),
      makeStory(exchange),
      makeRequest(exchange),
      makeDetails(exchange),
    ].filter(Boolean),
  );
}

function makeDiagnosis({ id, diagnosis, rejection }) {
  if (!diagnosis && !rejection) return null;
  if (!diagnosis)
    return make(
      "section",
      { class: "diagnosis" },
      make("h3", {}, "The request was refused"),
      make("p", { class: "what" }, printable(rejection)),
    );
  return make(
    "section",
    { class: "diagnosis", "aria-labelledby": "diagnosis-title" },
    make("p", { class: "fault" }, spaced(diagnosis.fault)),
    make("h3", { id: "diagnosis-title", class: "what" }, printable(diagnosis.what)),
    make(
      "dl",
      {},
      make("dt", {}, "Why"),
      make("dd", {}, printable(diagnosis.why)),
      make("dt", {}, "What to do"),
      make("dd", { class: "cure" }, printable(diagnosis.cure)),
    ),
    make("p", {}, make("a", { href: exchangeAddress(id, "drawing") }, "See it in the drawing")),
  );
}

function makeReplay({ replay }) {
  if (!replay) return null;
  const verdict = (same, what) =>
    make("li", { class: same ? "same" : "differs" }, same ? `The same ${what}` : `Another ${what}`);
  return make(
    "section",
    { class: "replay", "aria-labelledby": "replay-title" },
    make(
      "h3",
      { id: "replay-title" },
      "A replay of ",
      make("a", { href: exchangeAddress(replay.of) }, `#${replay.of}`),
    ),
    make(
      "ul",
      { class: "verdicts" },
      verdict(replay.same_status, "status"),
      verdict(replay.same_body, "body"),
    ),
    replay.differences.length > 0
      ? make(
          "ul",
          { class: "differences" },
          replay.differences.map((text) => make("li", {}, printable(text))),
        )
      : null,
  );
}

function makeStory(exchange) {
  return make(
    "section",
    { "aria-labelledby": "story-title" },
    make("h3", { id: "story-title" }, "What happened"),
    make(
      "ol",
      { class: "story" },
      tellStory(exchange).map((sentence) => make("li", {}, printable(sentence))),
    ),
  );
}

/// The exchange in a few sentences.
function tellStory(exchange) {
  const { route, client, worker, script, events, streams } = exchange;
  const taken = events.find(({ step }) => step === "taken");
  const queued = events.find(({ step }) => step === "queued");
  const waited = taken && queued ? ` after ${duration(taken.at - queued.at)} in the queue` : "";
  const told = [
    `A request came from ${client.address} port ${client.port}; ` +
      (worker !== null ? `worker ${worker} took it${waited}.` : "no worker took it."),
  ];
  if (route) told.push(`Its handler is ${handlerName(route.handler)}: ${route.why}.`);
  if (isScript(exchange) && script) told.push(...tellScript(script, streams));
  told.push(tellEnd(exchange));
  return told;
}

function tellScript({ path, pid, backend, exit, environment }, streams) {
  const told = [
    backend
      ? `It was handed to the FastCGI application at ${backend}, with ${environment.length} variables.`
      : pid
        ? `${path} ran as process ${pid}, with ${environment.length} variables.`
        : `${path} did not run.`,
  ];
  const moved = streams
    .filter(({ total }) => total > 0)
    .map(({ number, total }) => `${byteCount(total)} ${number === 0 ? "to" : "from"} ${streamNames[number]}`);
  if (moved.length > 0) told.push(`Bytes moved: ${moved.join(", ")}.`);
  if (exit) told.push(`The script ${exit.words}.`);
  return told;
}

function tellEnd({ over, held, status, body_bytes: bytes, complete, duration: took }) {
  if (held) return `It is held ${spaced(held)} until somebody says go on.`;
  if (!over) return "It is not over yet.";
  if (!status) return `No answer was sent; it ended after ${duration(took)}.`;
  return (
    `The client got ${status} with ${byteCount(bytes)} of body, ${complete ? "complete" : "cut short"}, ` +
    `after ${duration(took)}.`
  );
}

function makeRequest({ request }) {
  const isText = request.head !== "";
  return make(
    "section",
    { "aria-labelledby": "request-title" },
    make("h3", { id: "request-title" }, "The request as it came"),
    make(
      "pre",
      { class: "bounded", tabindex: "0", dir: "ltr", "aria-label": "Request head" },
      printable((isText ? request.head : request.line).replaceAll("\r\n", "\n").trimEnd()),
    ),
  );
}

function makeDetails({ id, began, client, server, script, duration: took, over, events_left_out: leftOut }) {
  const exit = script?.exit;
  return make(
    "section",
    { "aria-labelledby": "details-title" },
    make("h3", { id: "details-title" }, "Details"),
    makeFacts([
      ["Exchange", `#${id}`],
      ["Began", began],
      ["Took", over ? duration(took) : ""],
      ["Client", `${client.address} port ${client.port}`],
      ["Server", `${server.address ? `${server.address} ` : ""}port ${server.port}`],
      ["File", printable(script?.file ?? "")],
      ["Started in", printable(script?.folder ?? "")],
      ["Arguments", printable((script?.arguments ?? []).join("  "))],
      [
        "Processor time",
        exit ? `${duration(exit.user)} of its own, ${duration(exit.system)} in the kernel` : "",
      ],
      ["Memory", exit?.max_resident_kib ? `${exit.max_resident_kib} KiB at most` : ""],
      ["Events left out", leftOut || ""],
    ]),
  );
}
