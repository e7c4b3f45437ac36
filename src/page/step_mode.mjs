// Step mode: which requests are held, and where; and the banner that lets a held one go on.

import { letGo, setStep } from "./api.mjs";
import { make } from "./element.mjs";
import { exchangeAddress } from "./route.mjs";
import { say } from "./say.mjs";
import { spaced } from "./words.mjs";

const stops = [
  ["before_pipes", "Before the pipes are made", "The server has the environment, and nothing else yet."],
  ["before_fork", "Before the script is started", "The pipes are there, and all their ends are the server's."],
  ["before_first_byte", "Before the first byte is written", "Two processes, and each has the ends it needs."],
  [
    "before_waitpid",
    "Before the script is reaped",
    "It has ended: a zombie, until the server asks for its exit status.",
  ],
];

export function showStepMode(pane, step) {
  const boxes = stops.map(([name, title, why]) =>
    make(
      "label",
      { class: "stop" },
      make("input", { type: "checkbox", name: "stop", value: name, checked: step.stops.includes(name) }),
      make("span", {}, make("strong", {}, title), make("span", { class: "quiet" }, why)),
    ),
  );
  const prefix = make("input", {
    id: "prefix",
    value: step.prefix,
    placeholder: "/cgi-bin/color.cgi",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const told = make("p", { role: "status", class: "told-state" }, inWords(step));
  const set = async (names) => {
    wasSetHere = true;
    try {
      told.textContent = inWords(await setStep(names, prefix.value));
    } catch (error) {
      told.textContent = `Not set: ${error.message}.`;
    }
  };
  const chosen = () => [...form.querySelectorAll("[name=stop]:checked")].map(({ value }) => value);
  const form = make(
    "form",
    {
      class: "step-form",
      submit: (event) => {
        event.preventDefault();
        set(chosen());
      },
    },
    make("fieldset", {}, make("legend", {}, "Hold a request"), boxes),
    make("label", { for: "prefix" }, "Only of paths that begin with"),
    prefix,
    make(
      "div",
      { class: "buttons" },
      make("button", {}, "Hold requests"),
      make(
        "button",
        {
          type: "button",
          class: "second",
          id: "step-off",
          click: () => {
            for (const box of form.querySelectorAll("[name=stop]")) box.checked = false;
            set([]);
          },
        },
        "Off",
      ),
    ),
  );
  pane.replaceChildren(
    make("a", { class: "back", href: "#/" }, "← All exchanges"),
    make(
      "div",
      { class: "step-mode" },
      make("h2", {}, "Step mode"),
      make(
        "p",
        { class: "lead" },
        "A script that is started is held at the stops you choose, until you say go on: then " +
          "the drawing shows it and the descriptors of both processes. One request is held at a time, " +
          "and none for longer than a minute.",
      ),
      told,
      form,
    ),
  );
}

let before = null; // what the server said of step mode last
let wasSetHere = false;

/// Takes what the server says of step mode: where it has ended by itself, the form says so.
export function followStepMode(step) {
  const endedByItself = before?.held && before.stops.length > 0 && step.stops.length === 0 && !wasSetHere;
  before = step;
  wasSetHere = false;
  const told = document.querySelector(".step-mode .told-state");
  if (!endedByItself || !told) return;
  for (const box of document.querySelectorAll(".step-mode [name=stop]")) box.checked = false;
  told.textContent = "Step mode has ended by itself: nobody said go on for a minute.";
}

function inWords({ stops: names, prefix }) {
  if (names.length === 0) return "Step mode is off.";
  return `Scripts${prefix ? ` below ${prefix}` : ""} are held ${names.map(spaced).join(", ")}.`;
}

/// The banner at the top, while something is held.
export function showHeld(place, held) {
  const key = held ? `${held.id} ${held.where}` : "";
  place.hidden = !held;
  // Said again only when it is news, or a screen reader would say it every second.
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(
    ...(held
      ? [
          make(
            "p",
            {},
            make("a", { href: exchangeAddress(held.id, "drawing") }, `Request #${held.id}`),
            ` is held ${spaced(held.where)}.`,
          ),
          makeGoOn("go-on"),
        ]
      : []),
  );
}

export const makeGoOn = (id) => make("button", { type: "button", class: "go-on", id, click: goOn }, "Go on");

export async function goOn() {
  try {
    const { released } = await letGo();
    say(released ? "It goes on" : "Nothing was held");
  } catch (error) {
    say(error.message);
  }
}
