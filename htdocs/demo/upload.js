// Sends the file by XMLHttpRequest, because that tells how much of it has gone out, and shows the script's
// answer in the frame. The body is the file as it is. Without this script the form sends itself, as a
// multipart body.

"use strict";

const form = document.querySelector("form");
const button = form.querySelector("button");
const bar = document.querySelector("progress");
const report = document.querySelector("#status");
const result = document.querySelector("iframe[name=result]");
const address = document.querySelector(".address");

function showProgress(sent, total) {
  const percent = total === 0 ? 100 : Math.floor((100 * sent) / total);
  bar.value = percent;
  report.textContent = `${percent} % sent`;
}

function showFailure(text) {
  report.textContent = text;
  button.disabled = false;
}

function send(file) {
  const request = new XMLHttpRequest();
  request.upload.onprogress = (event) => showProgress(event.loaded, event.total);
  request.upload.onload = () => showProgress(1, 1);
  request.onload = () => {
    result.srcdoc = request.responseText;
    address.textContent = new URL(form.action).pathname;
    result.closest(".panel").classList.remove("empty");
    if (request.status !== 200) return showFailure(`The server answered ${request.status}.`);
    button.disabled = false;
  };
  request.onerror = () => showFailure("The connection broke. Is the file larger than the server takes?");
  request.open("POST", form.action);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  button.disabled = true;
  showProgress(0, 1);
  request.send(file);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(form.elements.file.files[0]);
});
document.querySelector("#progress").hidden = false;
