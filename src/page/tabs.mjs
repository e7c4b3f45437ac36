// Tabs by the ARIA pattern: one of them is in the order of the Tab key, arrows go from one to the next.

import { make } from "./element.mjs";

/// `tabs` are {name, title}; `choose(name)` is called when the reader chooses one.
export function makeTabs(tabs, label, choose) {
  const buttons = new Map(
    tabs.map(({ name, title }) => [
      name,
      make(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${name}`,
          "aria-controls": "tab-panel",
          click: () => choose(name),
        },
        title,
      ),
    ]),
  );
  const list = make(
    "div",
    {
      role: "tablist",
      "aria-label": label,
      class: "tabs",
      keydown: (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        const names = [...buttons.keys()];
        const here = names.indexOf(event.target.id.slice("tab-".length));
        const index = Number.isFinite(by)
          ? (here + by + names.length) % names.length
          : by > 0
            ? names.length - 1
            : 0;
        choose(names[index]);
        buttons.get(names[index]).focus();
      },
    },
    [...buttons.values()],
  );
  const panel = make("div", { role: "tabpanel", id: "tab-panel", tabindex: "0", class: "tab-panel" });

  function select(name) {
    for (const [other, button] of buttons) {
      const isChosen = other === name;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
  }

  return { list, panel, select };
}
