// Which exchanges the list shows. The text is looked for in what its line says, each word for itself.

import { handlerName, isFailure, isScript } from "./words.mjs";

export function matches(summary, { text, scriptsOnly, failuresOnly }) {
  if (scriptsOnly && !isScript(summary)) return false;
  if (failuresOnly && !isFailure(summary)) return false;
  const { method, target, status, handler, failure, diagnosis, id } = summary;
  const said = [method, target, status, handler, handlerName(handler), failure, diagnosis, `#${id}`]
    .join(" ")
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}
