// Bytes as text and as hexadecimal.

import { printable } from "./words.mjs";

// Bytes that are no UTF-8 become U+FFFD, as they do elsewhere.
export const textOf = (bytes) => printable(new TextDecoder().decode(bytes));

/// Whether they can be read as text: few of them are no UTF-8 or control bytes.
export function looksLikeText(bytes) {
  const text = new TextDecoder().decode(bytes.subarray(0, 512));
  const odd = text.match(/[\ufffd\u0000-\u0008\u000e-\u001a]/g)?.length ?? 0;
  return odd <= text.length / 20;
}

/// 16 bytes a line: offset, hexadecimal, and the ASCII signs among them.
export function hexOf(bytes, offset = 0) {
  const lines = [];
  for (let start = 0; start < bytes.length; start += 16) {
    const part = [...bytes.subarray(start, start + 16)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0"));
    const pairs = `${hex.slice(0, 8).join(" ").padEnd(23)}  ${hex.slice(8).join(" ").padEnd(23)}`;
    const signs = part
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"))
      .join("");
    lines.push(`${(offset + start).toString(16).padStart(6, "0")}  ${pairs}  ${signs}`);
  }
  return lines.join("\n");
}
