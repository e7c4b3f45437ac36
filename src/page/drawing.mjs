// The drawing, in which bytes move as they moved: its controls, and the event it shows in words.

import { makeDescriptors } from "./descriptors.mjs";
import { make } from "./element.mjs";
import { narrow, wide } from "./layouts.mjs";
import { Player, speeds } from "./player.mjs";
import { exchangeAddress, replaceAddress } from "./route.mjs";
import { framesOf } from "./scene.mjs";
import { Scenery } from "./scenery.mjs";
import { makeGoOn } from "./step_mode.mjs";
import { moment, printable, spaced } from "./words.mjs";

const narrowBelow = 560;

export function showDrawing(exchange, panel, event) {
  let current = exchange;
  let frames = framesOf(exchange);
  let scenery = null;
  const place = make("div", { class: "drawing-place" });
  const words = make("p", { class: "now", "aria-live": "polite" });
  const held = make("div", { class: "held-tables" });
  const player = new Player(frames, show, matchMedia("(prefers-reduced-motion: reduce)").matches);
  const controls = makeControls(player);
  let isLeft = false;
  panel.append(
    place,
    make("div", { class: "remote" }, words, controls.bar),
    held,
    make(
      "p",
      { class: "quiet" },
      "The order is the real one; waits are drawn by their logarithm, so that " +
        "microseconds and seconds can both be watched.",
    ),
  );

  function show(index, progress, isPlaying) {
    const frame = frames[index];
    if (!frame || !scenery || isLeft) return;
    const isOver = progress >= 1;
    scenery.show(isOver ? frame.scene : (frames[index - 1]?.scene ?? frame.scene), frame.move, progress);
    // While it plays, a screen reader could not follow.
    words.setAttribute("aria-live", isPlaying ? "off" : "polite");
    const text = printable(frame.event.words);
    const at = moment(frame.event.at);
    if (words.textContent !== at + text) words.replaceChildren(make("span", { class: "at" }, at), text);
    controls.show(index, frames.length, isPlaying, text);
    if (!isPlaying) replaceAddress(exchangeAddress(current.id, "drawing", index));
  }

  function lay() {
    // No width: the panel is not shown yet.
    const layout = place.clientWidth > 0 && place.clientWidth < narrowBelow ? narrow : wide;
    if (scenery?.layout === layout && scenery.exchange === current) return;
    scenery = new Scenery(layout, current);
    place.replaceChildren(scenery.svg);
    if (!player.isPlaying) player.seek(player.index);
  }

  const watcher = new ResizeObserver(lay);
  watcher.observe(place);
  lay();
  player.seek(event ?? (exchange.over ? 0 : frames.length - 1));

  // A phone shows little below the tabs: the reader came for the drawing.
  if (scenery?.layout === narrow) requestAnimationFrame(() => place.scrollIntoView({ block: "start" }));

  return {
    player,
    seek: (index) => index !== player.index && player.seek(index),
    update(next) {
      const wasAtEnd = player.index >= frames.length - 1;
      current = next;
      frames = framesOf(next);
      player.setFrames(frames);
      lay();
      // What is held is looked at as it is now.
      if (next.held) player.seek(frames.length - 1);
      else if (wasAtEnd) player.follow();
    },
    setHeld: (state) => showHeldTables(held, state),
    leave() {
      isLeft = true;
      player.pause();
      watcher.disconnect();
    },
  };
}

function makeControls(player) {
  const button = (words, label, click, keys) =>
    make(
      "button",
      {
        type: "button",
        class: "second",
        "aria-label": label,
        title: label,
        "aria-keyshortcuts": keys ?? null,
        click,
      },
      words,
    );
  const play = make(
    "button",
    { type: "button", class: "play", "aria-keyshortcuts": "Space", click: () => player.toggle() },
    "Play",
  );
  const scrubber = make("input", {
    type: "range",
    min: 0,
    step: 1,
    "aria-label": "Event",
    class: "scrubber",
    input: (event) => player.seek(Number(event.target.value)),
  });
  const speed = make("output", { class: "speed" }, "1×");
  const change = (by) => {
    const index = Math.max(0, Math.min(speeds.indexOf(player.speed) + by, speeds.length - 1));
    player.speed = speeds[index];
    speed.textContent = `${player.speed}×`;
  };
  const count = make("span", { class: "event-count" });
  const bar = make(
    "div",
    { class: "player", role: "group", "aria-label": "Play the events" },
    play,
    button("◂", "The event before", () => player.step(-1), ","),
    button("▸", "The next event", () => player.step(1), "."),
    scrubber,
    count,
    make(
      "span",
      { class: "speeds" },
      button("−", "Slower", () => change(-1)),
      speed,
      button("+", "Faster", () => change(1)),
    ),
  );
  return {
    bar,
    show(index, total, isPlaying, text) {
      play.textContent = isPlaying ? "Pause" : "Play";
      scrubber.max = Math.max(0, total - 1);
      scrubber.value = index;
      scrubber.setAttribute("aria-valuetext", text);
      count.textContent = `${index + 1} of ${total}`;
    },
  };
}

// The tables as they are at this moment, asked of the kernel.
function showHeldTables(place, held) {
  const key = held ? `${held.id} ${held.where}` : "";
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  if (!held) return place.replaceChildren();
  place.replaceChildren(
    make("div", { class: "held-head" }, make("h3", {}, `Held ${spaced(held.where)}`), makeGoOn("go-on-here")),
    make("p", {}, "The descriptors of both processes, as they are now:"),
    make(
      "div",
      { class: "pair" },
      makeDescriptors("The server", held.server_descriptors),
      held.script_descriptors
        ? makeDescriptors("The script", held.script_descriptors)
        : make("p", { class: "note" }, noScriptWords(held.where)),
    ),
  );
}

const noScriptWords = (where) =>
  where === "before_waitpid"
    ? "The script has ended. Its process is a zombie: an exit status, and no descriptors."
    : "There is no script process yet.";
