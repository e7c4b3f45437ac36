// Cuts an exchange's time into phases, from its events.

const first = (events, step, stream) =>
  events.find((event) => event.step === step && (stream === undefined || event.stream === stream));

/// {name, from, to, tone, open}: microseconds since the first byte. `open`: it has not ended yet.
export function phasesOf({ events, over }) {
  const at = (step, stream) => first(events, step, stream)?.at;
  const last = events.at(-1)?.at ?? 0;
  const firstOutput = at("read", 1) ?? at("script_head");
  const inputDone = at("body_complete");
  const started = at("spawned") ?? at("fastcgi_connected");
  const outputDone = at("closed", 1);
  const over_ = at("exited") ?? at("fastcgi_ended");
  const phases = [
    ["queued", at("queued"), at("taken"), "wait"],
    ["reading the head", Math.max(0, at("taken") ?? 0), at("head_parsed") ?? at("rejected"), "read"],
    [
      "reading the body",
      inputDone === undefined ? undefined : (at("route") ?? at("head_parsed")),
      inputDone,
      "read",
    ],
    ["waiting for a place", at("gateway_wait"), at("environment"), "wait"],
    ["starting", at("environment"), started ?? at("failed"), "start"],
    ["running, no output yet", started, firstOutput ?? outputDone ?? over_, "run"],
    ["running, writing", firstOutput, outputDone ?? over_, "run"],
    ["ending", outputDone, over_, "end"],
    ["sending", at("head_sent"), at("sent"), "send"],
    ["held", at("held"), at("released"), "held"],
  ];
  return phases
    .map(([name, from, to, tone]) => ({
      name,
      from,
      to: to ?? (over ? undefined : last),
      tone,
      open: to === undefined,
    }))
    .filter(({ from, to }) => from !== undefined && to !== undefined && to >= from);
}

const marked = {
  accepted: "accepted",
  first_byte: "first byte in",
  head_sent: "first byte out",
  signalled: "signal",
  failed: "failed",
  exited: "exit",
  sent: "over",
  rejected: "refused",
};

export const marksOf = ({ events }) =>
  events.filter(({ step }) => marked[step]).map(({ step, at, words }) => ({ name: marked[step], at, words }));

/// From when to when the drawing of time goes. A connection that was kept open may have been accepted long
/// before: that is told, not drawn.
export function spanOf({ events }) {
  const drawn = events.filter(({ step }) => step !== "accepted").map(({ at }) => at);
  const accepted = first(events, "accepted")?.at;
  const to = Math.max(...drawn, 1);
  const from = Math.min(...drawn, 0);
  return {
    from: accepted !== undefined && from - accepted < (to - from) / 2 ? Math.min(accepted, from) : from,
    to,
  };
}
