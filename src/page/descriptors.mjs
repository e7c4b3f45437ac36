// The descriptor tables of the server and the script, before and after the script was started.

import { make, makeTable } from "./element.mjs";
import { printable } from "./words.mjs";

export function showDescriptors({ script: { descriptors } }, panel) {
  if (!descriptors || descriptors.server.before.length === 0) {
    panel.append(make("p", { class: "note" }, "No pipes were made."));
    return;
  }
  const { server, script } = descriptors;
  panel.append(
    make(
      "p",
      { class: "lead" },
      "The script is born with copies of the server's descriptors. It makes three of them its " +
        "0, 1 and 2, and starting the program closes the rest. The server closes the ends that are not " +
        "its own: if it kept the write end of the output pipe, it would never see end of file.",
    ),
    make("h3", {}, "Before"),
    make(
      "div",
      { class: "pair" },
      makeDescriptors("The server, with its pipes made", server.before, server.after),
      makeDescriptors("The script, as it is born", script.before, []),
    ),
    make("h3", {}, "After"),
    make(
      "div",
      { class: "pair" },
      makeDescriptors("The server", server.after),
      makeDescriptors("The script", script.after),
    ),
  );
}

/// `kept`, where it is given: those of the table that will still be there; the others are marked as closed.
export function makeDescriptors(caption, descriptors, kept = null) {
  const isKept = ({ fd }) => kept === null || kept.some((other) => other.fd === fd);
  const rows = descriptors.map((one) => [
    make("code", {}, String(one.fd)),
    make(
      "span",
      {},
      printable(one.what),
      isKept(one) ? null : make("span", { class: "closed-next" }, " is closed"),
    ),
  ]);
  return makeTable(caption, ["Number", "What it is"], rows, "descriptors");
}
