// The records that the server and a FastCGI application exchanged, over one connection.

import { make, makeTable } from "./element.mjs";
import { byteCount, moment, printable } from "./words.mjs";

export function showRecords({ script: { backend, records } }, panel) {
  const rows = records.map((record) => [
    moment(record.at),
    make(
      "span",
      { class: `direction ${record.direction}` },
      record.direction === "sent" ? "→ sent" : "← received",
    ),
    make("code", {}, record.name),
    String(record.type),
    String(record.id),
    byteCount(record.bytes),
  ]);
  panel.append(
    make(
      "p",
      { class: "lead" },
      "FastCGI carries in records, over one connection, what CGI gives a script by its " +
        "environment and three pipes. An empty record of a stream is its end of file.",
    ),
    make("p", {}, "Backend: ", make("code", {}, printable(backend ?? "?"))),
    makeTable(
      "Records",
      ["At", "Direction", "Name", "Type", "Request id", "Content"],
      rows,
      "stacked records",
    ),
  );
}
