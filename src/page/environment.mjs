// The variables a script was given, each with its origin, and what it was not given.

import { make, makeTable } from "./element.mjs";
import { printable, shortened } from "./words.mjs";

export function showEnvironment({ request, script: { environment, absent } }, panel) {
  const rows = environment.map((variable) => [
    make("code", { class: "variable" }, printable(variable.name)),
    makeValue(variable),
    printable(variable.from),
    variable.section ?? "",
    printable(variable.explanation),
  ]);
  panel.append(
    makeTable(
      `${environment.length} variables`,
      ["Name", "Value", "Where it is from", "Section", "What it is"],
      rows,
      "stacked environment",
    ),
  );
  if (absent.length > 0) {
    panel.append(
      makeTable(
        "Variables of RFC 3875 that are not set",
        ["Name", "Section", "Why not"],
        absent.map(({ name, section, why }) => [make("code", { class: "variable" }, name), section, why]),
        "stacked",
      ),
    );
  }
  const kept = fieldsNotHandedOn(request.fields, environment);
  if (kept.length > 0) {
    panel.append(
      makeTable(
        "Fields of the request that the script was not given",
        ["Field", "Value", "Why not"],
        kept.map(({ name, value, why }) => [
          make("code", {}, printable(name)),
          make("code", {}, printable(shortened(value, 300))),
          why,
        ]),
        "stacked",
      ),
    );
  }
}

function makeValue({ value, masked }) {
  if (value === "") return make("span", { class: "quiet" }, "(empty)");
  return make(
    "span",
    {},
    make("code", { class: "value", dir: "ltr" }, printable(shortened(value, 4000))),
    masked ? make("span", { class: "tag warm" }, "masked") : null,
  );
}

const reasons = {
  authorization: "It holds a password that the server checks itself (RFC 3875 section 9.2).",
  "proxy-authorization": "It holds a password that is for a proxy (RFC 3875 section 9.2).",
  connection: "It is about this connection alone (RFC 9110 section 7.6.1).",
  "keep-alive": "It is about this connection alone (RFC 9110 section 7.6.1).",
  te: "It is about this connection alone (RFC 9110 section 7.6.1).",
  trailer: "The server has taken the chunks apart already.",
  "transfer-encoding": "The server has taken the chunks apart already: the script gets CONTENT_LENGTH.",
  upgrade: "It is about this connection alone (RFC 9110 section 7.6.1).",
  expect: "The server has answered it already.",
  proxy: "Its variable would be HTTP_PROXY, which programs take for a setting of their own (CVE-2016-5385).",
};

/// The fields of the request that no variable holds, each with why.
export function fieldsNotHandedOn(fields, environment) {
  const names = new Set(environment.map(({ name }) => name));
  return fields
    .filter(({ name }) => {
      const variable = name.toUpperCase().replaceAll("-", "_");
      const isOwn = variable === "CONTENT_TYPE" || variable === "CONTENT_LENGTH";
      return !names.has(isOwn ? variable : `HTTP_${variable}`);
    })
    .map(({ name, value }) => ({
      name,
      value,
      why:
        reasons[name.toLowerCase()] ??
        (name.includes("_")
          ? "An underscore in it could be taken for a hyphen: such fields are dropped."
          : "The server keeps it to itself."),
    }));
}
