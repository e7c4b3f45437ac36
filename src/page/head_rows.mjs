// Joins the lines of the script's head with those of the head that was sent.

const linesOf = (text) => text.split(/\r?\n/).filter((line) => line !== "");

/// {script, sent, why, section, kind} for each line: "changed", "dropped", "added" or "same".
export function headRows(scriptText, sentText, changes) {
  const left = [...changes];
  const sent = linesOf(sentText);
  const take = (of) => {
    const index = left.findIndex(of);
    return index < 0 ? null : left.splice(index, 1)[0];
  };
  const rows = linesOf(scriptText).map((line) => {
    const change = take(({ script }) => script === line);
    if (change) return { ...change, kind: change.sent === null ? "dropped" : "changed" };
    return {
      script: line,
      sent: sent.includes(line) ? line : null,
      why: "",
      section: null,
      kind: sent.includes(line) ? "same" : "dropped",
    };
  });
  const told = new Set(rows.map((row) => row.sent));
  const rest = sent
    .filter((line) => !told.has(line))
    .map((line) => {
      const change = take((other) => other.sent === line && other.script === null);
      return change
        ? { ...change, kind: "added" }
        : { script: null, sent: line, why: "", section: null, kind: "added" };
    });
  const [statusLine] = sent;
  const all = [
    ...rows,
    ...rest,
    ...left.map((change) => ({ ...change, kind: change.sent ? "changed" : "dropped" })),
  ];
  return all.sort((a, b) => (b.sent === statusLine) - (a.sent === statusLine));
}
