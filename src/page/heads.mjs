// The head the script wrote beside the head the client got.

import { make, makeTable } from "./element.mjs";
import { headRows } from "./head_rows.mjs";
import { printable } from "./words.mjs";

const kinds = { changed: "≠ changed", dropped: "− dropped", added: "+ added", same: "= as it was" };

export function showHeads({ script, answer, events }, panel) {
  if (!script) return showSentOnly(answer, panel);
  const wrote = script.head?.text ?? "";
  if (answer.head === "") panel.append(make("p", { class: "note" }, "No head has been sent to the client."));
  if (wrote === "") {
    const ended = events.some(({ step }) => step === "failed" || step === "exited");
    panel.append(
      make(
        "p",
        { class: "note" },
        ended
          ? "The script wrote no complete head: what was sent is the server's own."
          : "The script has written no complete head yet.",
      ),
    );
  }
  const rows = headRows(wrote, answer.head, answer.changes).map((row) => [
    make("span", { class: `change ${row.kind}` }, kinds[row.kind]),
    makeLine(row.script, wrote.includes("\r\n") ? "CRLF" : "LF"),
    makeLine(row.sent, "CRLF"),
    make(
      "span",
      {},
      printable(row.why),
      row.section ? make("span", { class: "section" }, ` ${row.section}`) : null,
    ),
  ]);
  if (rows.length > 0)
    panel.append(
      makeTable("Head", ["Line", "The script wrote", "The client got", "Why"], rows, "stacked heads"),
    );
}

function showSentOnly({ head }, panel) {
  panel.append(
    make("p", { class: "lead" }, "No script ran: the head is the server's own."),
    make(
      "pre",
      { tabindex: "0", "aria-label": "The head that was sent" },
      head === "" ? "none was sent" : printable(head.replaceAll("\r\n", "\n").trimEnd()),
    ),
  );
}

// Scripts may end a line by LF alone; HTTP demands CRLF, and the server makes it so.
function makeLine(line, marks) {
  if (line === null) return make("span", { class: "quiet" }, "—");
  return make(
    "code",
    { dir: "ltr" },
    printable(line),
    make("span", { class: "line-end", "aria-hidden": "true" }, marks),
  );
}
