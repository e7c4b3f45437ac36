// What the drawing shows after each event of an exchange, and what moves while the event happens.

import { shortByteCount, spaced } from "./words.mjs";

const emptyScene = {
  connection: "none", // then "acceptor", "queue", "worker", "over"
  doing: "", // what the worker does
  script: "none", // then "prepared", "starting", "running", "zombie", "ended", "failed"
  scriptNote: "",
  pipes: ["none", "none", "none"], // then "open", "closed"
  carried: [0, 0, 0], // bytes so far
  lane: "none", // "waiting", "taken"
  answered: 0, // bytes of the answer so far
  status: 0,
  trouble: "",
  held: "",
};

const pipeWays = ["input", "output", "errors"];
const recordsOfData = new Set([5, 6, 7]);

/// One frame for each event: {event, move, scene}. `move`: {along, label, tone}, or null.
export function framesOf({ events }) {
  let scene = emptyScene;
  return events.map((event) => {
    scene = { ...scene, ...changeOf(event, scene) };
    return { event, move: moveOf(event), scene };
  });
}

const withOne = (list, index, value) => list.map((old, at) => (at === index ? value : old));

// What an event changes, by its step. One that is not here changes nothing that is drawn.
const changes = {
  accepted: () => ({ connection: "acceptor" }),
  queued: () => ({ connection: "queue" }),
  taken: () => ({ connection: "worker", doing: "reads the request" }),
  first_byte: () => ({ connection: "worker", doing: "reads the request" }),
  head_parsed: () => ({ connection: "worker", doing: "has read the head" }),
  route: ({ text }) => ({ doing: `chose ${spaced(text)}` }),
  body_complete: () => ({ doing: "has read the body" }),
  gateway_wait: () => ({ lane: "waiting", doing: "waits for a place" }),
  environment: () => ({ lane: "taken", script: "prepared", doing: "makes the environment" }),
  pipes: () => ({ pipes: ["open", "open", "open"], doing: "made three pipes" }),
  spawned: ({ number }) => ({
    script: "running",
    scriptNote: `process ${number}`,
    doing: "talks to the script",
    pipes: ["open", "open", "open"],
  }),
  wrote: ({ bytes }, { carried }) => ({ carried: withOne(carried, 0, carried[0] + bytes) }),
  read: ({ stream, bytes }, { carried }) => ({ carried: withOne(carried, stream, carried[stream] + bytes) }),
  closed: ({ stream }, { pipes }) => ({ pipes: withOne(pipes, stream, "closed") }),
  script_head: () => ({ doing: "has the script's head" }),
  failed: ({ text }, { script }) => ({
    trouble: spaced(text),
    script: script === "prepared" ? "failed" : script,
  }),
  signalled: ({ number }) => ({ scriptNote: `signal ${number}` }),
  reaping: () => ({ script: "zombie", scriptNote: "zombie" }),
  exited: ({ number }) => ({
    script: "ended",
    lane: "none",
    scriptNote: number < 0 ? `ended by signal ${-number}` : `exit status ${number}`,
  }),
  rejected: ({ number }) => ({ trouble: `refused: ${number}`, doing: "refuses the request" }),
  head_sent: ({ bytes }, { answered }) => ({ answered: answered + bytes, doing: "sends the answer" }),
  sent: ({ number, bytes }, { answered }) => ({
    answered: answered + bytes,
    status: number,
    connection: "over",
    doing: "is done",
  }),
  fastcgi_connected: ({ number }) => ({
    script: "running",
    pipes: ["open", "open", "open"],
    scriptNote: number ? "kept connection" : "new connection",
    doing: "talks to the backend",
  }),
  fastcgi_ended: () => ({ script: "ended", scriptNote: "request ended", lane: "none" }),
  held: ({ text }) => ({ held: `held ${spaced(text)}` }),
  released: () => ({ held: "" }),
};

const changeOf = (event, scene) => changes[event.step]?.(event, scene) ?? {};

// What is seen to move, and which way (layouts.mjs has the ways).
const moves = {
  accepted: () => ["connect", "connection"],
  queued: () => ["enqueue", "connection"],
  taken: () => ["take", "connection"],
  first_byte: () => ["request", "request"],
  head_parsed: ({ bytes }) => ["request", shortByteCount(bytes)],
  body_complete: ({ bytes }) => ["request", shortByteCount(bytes)],
  environment: ({ number }) => ["spawn", `${number} variables`],
  spawned: () => ["spawn", "fork, exec"],
  wrote: ({ bytes }) => ["input", shortByteCount(bytes)],
  read: ({ stream, bytes }) => [pipeWays[stream], shortByteCount(bytes)],
  closed: ({ stream }) => [pipeWays[stream], "EOF"],
  signalled: ({ number }) => ["spawn", `signal ${number}`],
  exited: ({ number }) => ["exit", number < 0 ? `signal ${-number}` : `exit ${number}`],
  head_sent: ({ bytes }) => ["answer", `head ${shortByteCount(bytes)}`],
  sent: ({ bytes }) => ["answer", shortByteCount(bytes)],
  fastcgi_sent: ({ number, bytes, words }) =>
    recordsOfData.has(number) && bytes > 0 ? null : ["input", recordName(words)],
  fastcgi_received: ({ number, bytes, words }) =>
    recordsOfData.has(number) && bytes > 0 ? null : ["output", recordName(words)],
};

const recordName = (words) => (/FCGI_(\w+)/.exec(words)?.[1] ?? "record").replaceAll("_", " ").toLowerCase();

function moveOf(event) {
  const move = moves[event.step]?.(event);
  return move ? { along: move[0], label: move[1], tone: move[1] === "EOF" ? "eof" : move[0] } : null;
}
