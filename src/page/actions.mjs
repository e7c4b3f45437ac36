// What can be done with an exchange: run it again, or take it along.

import { exportPath, getExport, replay } from "./api.mjs";
import { make } from "./element.mjs";
import { exchangeAddress, go } from "./route.mjs";
import { say } from "./say.mjs";

export function makeActions(exchange) {
  const { id } = exchange;
  const told = make("p", { class: "told", role: "alert" });
  const tell = (text) => (told.textContent = text);
  const attempt = (action) => () => action().catch((error) => tell(error.message));
  return make(
    "div",
    { class: "actions", role: "group", "aria-label": "With this exchange" },
    makeReplay(exchange, attempt),
    make(
      "button",
      { type: "button", class: "second", id: "copy-sh", click: attempt(() => copy(id, "sh")) },
      "Copy as shell command",
    ),
    make(
      "button",
      { type: "button", class: "second", id: "copy-mmd", click: attempt(() => copy(id, "mmd")) },
      "Copy as Mermaid",
    ),
    make(
      "span",
      { class: "downloads" },
      makeDownload("sh", "as shell command", id, exportPath(id, "sh")),
      makeDownload("mmd", "as Mermaid diagram", id, exportPath(id, "mmd")),
      makeDownload("har", "as HAR", id, exportPath(id, "har")),
      makeDownload("json", "as JSON", id, `api/exchanges/${id}`),
    ),
    told,
  );
}

function makeReplay({ id, can_replay: canReplay, why_not: whyNot }, attempt) {
  const run = async () => {
    say("Replaying");
    go(exchangeAddress((await replay(id)).id));
  };
  if (canReplay) return make("button", { type: "button", id: "replay", click: attempt(run) }, "Replay");
  return make("span", { class: "cannot" }, `No replay: ${whyNot ?? "not this one"}`);
}

function makeDownload(ending, words, id, href) {
  return make(
    "a",
    {
      class: "download",
      href,
      download: `exchange-${id}.${ending}`,
      "aria-label": `Download ${words}`,
      title: `Download ${words}`,
    },
    `↓ .${ending}`,
  );
}

async function copy(id, ending) {
  const text = await getExport(id, ending);
  try {
    await navigator.clipboard.writeText(text);
    say("Copied");
  } catch {
    showForCopying(text);
  }
}

// A browser lets only pages that it trusts write to the clipboard, such as those of this machine.
function showForCopying(text) {
  const area = make("textarea", { readonly: true, rows: "12", "aria-label": "Text to copy" });
  area.value = text;
  const dialog = make(
    "dialog",
    { "aria-label": "Copy this", close: () => dialog.remove() },
    make("p", {}, "The browser does not let this page copy. Press Ctrl+C:"),
    area,
    make("form", { method: "dialog" }, make("button", {}, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
  area.select();
}
