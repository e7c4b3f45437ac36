// How numbers, times and foreign texts are written.

/// "812 µs", "5.3 ms", "1.20 s".
export function duration(microseconds) {
  const size = Math.abs(microseconds);
  if (size < 1000) return `${Math.round(microseconds)}\u00a0µs`;
  if (size < 1e6) return `${(microseconds / 1000).toFixed(size < 1e4 ? 2 : 1)}\u00a0ms`;
  if (size < 120e6) return `${(microseconds / 1e6).toFixed(2)}\u00a0s`;
  return `${Math.floor(microseconds / 60e6)} min ${Math.round(microseconds / 1e6) % 60} s`;
}

/// A time since the first byte, with its sign: "+1.20 ms".
export const moment = (microseconds) => (microseconds < 0 ? "−" : "+") + duration(Math.abs(microseconds));

/// "1 byte", "812 bytes", "64.0 KiB".
export function byteCount(count) {
  if (count < 10000) return count === 1 ? "1\u00a0byte" : `${count}\u00a0bytes`;
  return count < 1048576
    ? `${(count / 1024).toFixed(1)}\u00a0KiB`
    : `${(count / 1048576).toFixed(1)}\u00a0MiB`;
}

/// The same where there is little room: "812 B".
export const shortByteCount = (count) => byteCount(count).replace(/bytes?$/, "B");

export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

// Made once: it is costly, and every line of the list has a time.
const clock = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/// The time of day on the reader's clock.
export function timeOfDay(stamp) {
  const date = new Date(stamp);
  return Number.isNaN(date.getTime()) ? stamp : clock.format(date);
}

// Control bytes, and the marks that turn or hide the letters after them: a target that holds
// U+202E would make the rest of its line read backwards.
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const controlNames = { 0x00: "NUL", 0x07: "BEL", 0x08: "BS", 0x0d: "CR", 0x1b: "ESC", 0x7f: "DEL" };

/// `text` with what cannot be seen made visible. Line feeds and tabs stay.
export function printable(text) {
  return text.replace(hidden, (sign) => {
    const code = sign.codePointAt(0);
    if (code < 0x80) return `⟨${controlNames[code] ?? code.toString(16).padStart(2, "0")}⟩`;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/// At most `most` signs of `text`, which may be of any length.
export const shortened = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);

const handlers = {
  serve_file: "file",
  execute_cgi: "CGI",
  forward_to_fastcgi: "FastCGI",
  invoke_json: "JSON event",
  list_folder: "folder",
  redirect: "redirect",
};

export const handlerName = (handler) => handlers[handler] ?? handler.replaceAll("_", " ");

export const isScript = ({ handler }) =>
  handler === "execute_cgi" || handler === "forward_to_fastcgi" || handler === "invoke_json";

export const isFailure = ({ failure, status, over, complete }) =>
  Boolean(failure) || status >= 400 || (over && !complete);

/// How a status is coloured: "good", "warm" or "refused"; "" while there is none.
export function toneOf({ status, failure, over, complete }) {
  if (failure || status >= 500 || (over && !complete)) return "refused";
  if (status >= 400) return "warm";
  return status ? "good" : "";
}

/// "before fork" of "before_fork".
export const spaced = (name) => name.replaceAll("_", " ");

export const streamNames = ["standard input", "standard output", "standard error"];
