// Keeps what stands above the result up to date with the page in the frame: its address, in which a redirect
// or the fields of a GET form are seen, and the link that opens it alone. Until there is a result, the frame is
// small. Without this script the page works, and all of this stays as it was.

"use strict";

const frame = document.querySelector("iframe[name=result]");
const panel = frame.closest(".panel");
const line = panel.querySelector(".address");
const alone = panel.querySelector("header a");

function show({ pathname, search }) {
  line.textContent = pathname + search;
  alone.href = pathname + search;
  panel.classList.remove("empty");
}

function showAddress() {
  const here = frame.contentWindow.location;
  // An empty frame is about:blank; the answer to an upload by script is about:srcdoc.
  if (here.protocol !== "about:") show(here);
}

// The frame is loaded when the answer is complete, and some answers take their time.
function showNext(event) {
  const link = event.target.closest("a[target=result]");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (link && !elsewhere) show(link);
}

panel.classList.toggle("empty", !frame.hasAttribute("src"));
frame.addEventListener("load", showAddress);
document.addEventListener("click", showNext);
showAddress();
