// Colours and the size of letters, as the reader last chose them.

import { make } from "./element.mjs";

const themes = ["system", "light", "dark"];
const sizes = [87.5, 100, 112.5, 125, 150, 175, 200];

// Storage may be forbidden; the choice then lasts as long as the page.
function remembered(name, fallback) {
  try {
    return localStorage.getItem(name) ?? fallback;
  } catch {
    return fallback;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // See above.
  }
}

export function setUpAppearance() {
  const button = document.querySelector("#theme");
  let theme = remembered("theme", "system");
  let size = Number(remembered("size", "100"));
  const show = () => {
    document.documentElement.dataset.theme = theme;
    document.documentElement.style.fontSize = `${size}%`;
    button.setAttribute("aria-label", `Colours: ${theme}`);
    button.replaceChildren(make("span", { class: "word" }, "Colours: "), theme);
    remember("theme", theme);
    remember("size", size);
  };
  const resize = (by) => {
    const index = sizes.indexOf(size) + by;
    size = sizes[Math.max(0, Math.min(index, sizes.length - 1))];
    show();
  };
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show();
  });
  document.querySelector("#smaller").addEventListener("click", () => resize(-1));
  document.querySelector("#larger").addEventListener("click", () => resize(1));
  show();
}
