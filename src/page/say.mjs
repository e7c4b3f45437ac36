// Tells what was done, to eyes and screen readers, and goes away.

const place = document.querySelector("#said");
let timer = null;

export function say(text) {
  place.textContent = text;
  place.className = "said";
  clearTimeout(timer);
  timer = setTimeout(() => {
    place.className = "visually-hidden";
    place.textContent = "";
  }, 2500);
}
