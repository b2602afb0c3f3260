"use strict";
(() => {
  for (const part of document.querySelectorAll(".bar i")) part.style.flexGrow = part.dataset.share;
  const table = document.getElementById("table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const words = document.getElementById("words");
  const verdict = document.getElementById("verdict");
  const found = document.getElementById("found");
  const texts = rows.map((row) => row.textContent.toLowerCase());

  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, number) => {
      const fits = (!verdict.value || row.dataset.verdict === verdict.value) && wanted.every((word) => texts[number].includes(word));
      row.hidden = !fits;
      if (fits) count += 1;
    });
    found.textContent = count === rows.length ? "" : count + " of " + rows.length;
  };
  words.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  words.form.addEventListener("submit", (event) => event.preventDefault());
  words.form.hidden = false;

  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number(text);
    return text !== "" && !Number.isNaN(number) ? number : text;
  };
  for (const heading of table.querySelectorAll("th[data-sort]")) {
    // Not a <button>: when printing, Chromium omits buttons in repeated table headings.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", () => {
      const sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      const column = heading.cellIndex;
      const order = rows.map((row) => ({ row, key: key(row, column) }));
      order.sort((one, other) => {
        // Unknown values come last in both directions.
        const [first, second] = [one.key === "-" || one.key === "", other.key === "-" || other.key === ""];
        if (first || second) return first - second;
        if (typeof one.key !== typeof other.key) return typeof one.key === "number" ? -1 : 1;
        return sign * (one.key < other.key ? -1 : one.key > other.key ? 1 : 0);
      });
      body.append(...order.map((item) => item.row));
    });
  }
})();
