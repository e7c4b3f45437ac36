// Makes elements. Data becomes text only: there is no way here to turn a string into markup, so what a
// client or a script wrote cannot become part of the page.

const svgNamespace = "http://www.w3.org/2000/svg";

/// An HTML element. An attribute that is a function listens to the event of its name ("click"); one that is
/// false, null or undefined is left out.
export function make(tag, attributes = {}, ...children) {
  return finish(document.createElement(tag), attributes, children);
}

/// The same for SVG.
export function draw(tag, attributes = {}, ...children) {
  return finish(document.createElementNS(svgNamespace, tag), attributes, children);
}

function finish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (typeof value === "function") return element.addEventListener(name, value);
  element.setAttribute(name, value === true ? "" : value);
}

/// A table with a header for each column; `rows` are rows of cells, the first of each names its row. The
/// roles are said, because a table that a narrow page lays out as a list would lose them.
export function makeTable(caption, columns, rows, kind = "") {
  const heads = columns.map((column) => make("th", { scope: "col", role: "columnheader" }, column));
  const body = rows.map((cells) => {
    const row = cells.map((cell, index) => makeCell(cell, index, columns));
    return make("tr", { role: "row" }, row);
  });
  const table = make(
    "table",
    { class: kind, role: "table" },
    make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, heads)),
    make("tbody", { role: "rowgroup" }, body),
  );
  return make("div", { class: "table", role: "region", "aria-label": caption, tabindex: "0" }, table);
}

// The name of the column stands beside the cell where there is no room for columns (tables.css).
function makeCell(content, index, columns) {
  if (index === 0) return make("th", { scope: "row", role: "rowheader" }, content);
  return make("td", { role: "cell", "data-column": columns[index] }, content);
}

/// A name and its value for each pair, as a description list. Pairs without a value are left out.
export function makeFacts(pairs) {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make(
    "dl",
    { class: "facts" },
    told.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}
