// The last minute of the pool: busy workers as columns, the queue above them as a line.

import { draw } from "./element.mjs";

const seconds = 60;
const width = 600;
const height = 96;

export function makeHistory() {
  const samples = [];
  return {
    add(busy, queue) {
      samples.push({ busy, queue });
      if (samples.length > seconds) samples.shift();
    },
    draw: (workers) => drawSamples(samples, workers),
  };
}

function drawSamples(samples, workers) {
  const step = width / seconds;
  const left = width - samples.length * step;
  const longest = Math.max(10, ...samples.map(({ queue }) => queue));
  const columns = samples.map(({ busy }, index) => {
    const size = (height * busy) / Math.max(1, workers);
    return draw("rect", {
      x: left + index * step,
      y: height - size,
      width: step - 1,
      height: size,
      class: "busy",
    });
  });
  const points = samples
    .map(
      ({ queue }, index) => `${left + (index + 0.5) * step},${height - 2 - ((height - 4) * queue) / longest}`,
    )
    .join(" ");
  const last = samples.at(-1) ?? { busy: 0, queue: 0 };
  const words =
    `Busy workers (columns, of ${workers}): now ${last.busy}. ` +
    `Queue (line, of ${longest}): now ${last.queue}.`;
  return draw(
    "svg",
    { class: "history", viewBox: `0 -18 ${width} ${height + 20}`, role: "img", "aria-label": words },
    draw("text", { x: 0, y: -6 }, words),
    draw("line", { x1: 0, x2: width, y1: height, y2: height, class: "ground" }),
    columns,
    draw("polyline", { points, class: "queue" }),
  );
}
