"use strict";
(() => {
  const table = document.querySelector("table");
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const filter = document.getElementById("filter");
  const count = document.getElementById("count");

  headings.forEach((heading, column) => {
    if (heading.className === "n") {
      rows.forEach((row) => { row.cells[column].className = "n"; });
    }
  });

  const number = (text) => ({ inf: Infinity, "-inf": -Infinity, nan: NaN }[text] ?? Number(text));

  // Cells without a value, and those that are no number, stay last both ways.
  function keyOf(cell, isNumber) {
    const text = cell.title || cell.textContent;
    if (text === "") {
      return null;
    }
    const key = isNumber ? number(text) : text;
    return Number.isNaN(key) ? null : key;
  }

  function sortBy(column) {
    const heading = headings[column];
    const isNumber = heading.className === "n";
    const direction = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const order = new Intl.Collator(undefined, { numeric: true });
    const keys = new Map(rows.map((row) => [row, keyOf(row.cells[column], isNumber)]));
    rows.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      if (x === null || y === null) {
        return (x === null) - (y === null);
      }
      return direction * (isNumber ? (x > y) - (x < y) : order.compare(x, y));
    });
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    show();
  }

  const texts = new Map();
  function textOf(row) {
    if (!texts.has(row)) {
      texts.set(row, [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase());
    }
    return texts.get(row);
  }

  function show() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rows.filter((row) => words.every((word) => textOf(row).includes(word)));
    body.replaceChildren(...shown);
    count.textContent = shown.length;
  }

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortBy(column));
    heading.append(button);
  });
  filter.hidden = false;
  filter.addEventListener("input", show);
})();
