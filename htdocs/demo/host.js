// Lines for a terminal name this server as the visitor's browser does: its host and port, or all of its origin
// where something in front of it speaks another protocol. Without this script they name the default.

"use strict";

const server = location.protocol === "http:" ? location.host : location.origin;
for (const place of document.querySelectorAll(".host")) place.textContent = server;
