// The bytes of a stream, cut as they came.

/// What a pipe holds of bytes that nobody has read yet (pipe(7)).
export const pipeBytes = 65536;
const pauseOfFullPipe = 1000;
const pauseWithinRun = 200;

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
}

/// {at, offset, size, bytes, words, index} for each chunk of the stream. `bytes` are as many as were kept.
export function chunksOf(events, stream) {
  const all = bytesOf(stream.bytes_base64);
  const step = stream.number === 0 ? "wrote" : "read";
  return events
    .map((event, index) => ({ ...event, index }))
    .filter((event) => event.step === step && event.stream === stream.number)
    .map(({ at, offset, bytes: size, words, index }) => ({
      at,
      offset,
      size,
      words,
      index,
      bytes: all.subarray(offset, offset + size),
    }));
}

export const endOf = (events, number) =>
  events.find(({ step, stream }) => step === "closed" && stream === number) ?? null;

/// Where a pipe was full, as far as it can be told from this side: {at, words}. Of standard input, where
/// 64 KiB went out and then nothing for a while; of the others, where 64 KiB were there at once.
export function fullPipes(chunks, number) {
  const marks = [];
  let inPipe = 0;
  chunks.forEach((chunk, index) => {
    const before = chunks[index - 1];
    const pause = number === 0 ? pauseOfFullPipe : pauseWithinRun;
    if (before && chunk.at - before.at > pause) inPipe = 0;
    inPipe += chunk.size;
    if (inPipe < pipeBytes) return;
    const next = chunks[index + 1];
    if (number !== 0)
      marks.push({
        at: chunk.at,
        index: chunk.index,
        words: "64 KiB lay in the pipe at once: it was full, and the script had to wait.",
      });
    else if (next && next.at - chunk.at > pauseOfFullPipe)
      marks.push({
        at: chunk.at,
        index: chunk.index,
        words: "The pipe was full: the script had left 64 KiB unread, and the server had to wait.",
      });
    inPipe = 0;
  });
  return marks;
}
