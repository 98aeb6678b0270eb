"use strict";
(() => {
  const told = document.getElementById("told");

  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.number === undefined ? cell.textContent.trim() : Number(cell.dataset.number);
  };

  // In a column of numbers a text says that there is none.
  const keys = (rows, column) => {
    const found = rows.map((row) => value(row, column));
    const numbers = found.some((key) => typeof key === "number");
    return found.map((key) => (numbers && typeof key !== "number" ? "" : key));
  };

  const compare = (a, b) => {
    if (typeof a === "number") return a - b;
    return a.localeCompare(b, document.documentElement.lang, { numeric: true });
  };

  const empty = (key) => key === "" || key === "\u2013";

  const sort = (table, column, name) => {
    const headers = [...table.tHead.rows[0].cells];
    const rising = headers[column].getAttribute("aria-sort") !== "ascending";
    const body = table.tBodies[0];
    const found = keys([...body.rows], column);
    const rows = [...body.rows].map((row, place) => ({ row, key: found[place] }));
    rows.sort((a, b) => {
      if (empty(a.key) || empty(b.key)) return empty(a.key) - empty(b.key);
      return rising ? compare(a.key, b.key) : compare(b.key, a.key);
    });
    body.append(...rows.map(({ row }) => row));
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[column].setAttribute("aria-sort", rising ? "ascending" : "descending");
    told.textContent = `${told.dataset.sorted} ${name}, ${rising ? told.dataset.up : told.dataset.down}`;
  };

  document.querySelectorAll("table.sortable").forEach((table) => {
    if (table.tBodies[0].rows.length < 2) return;
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const name = header.textContent.trim();
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, column, name));
      header.append(button);
    });
  });

  const reachable = () => document.querySelectorAll(".scroll").forEach((place) => {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  });
  reachable();
  addEventListener("resize", reachable);

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();
