// A form cannot send words without a name and "=" any more, as <isindex> did; so this script makes the query.
// Without it the links above the form show the same.

"use strict";

const form = document.querySelector("form");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = form.elements.words.value.trim().split(/\s+/);
  const query = words.map((word) => encodeURIComponent(word)).join("+");
  window.open(`/cgi-bin/words.cgi?${query}`, "result");
});
form.hidden = false;
