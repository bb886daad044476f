// Tables of several rows can be sorted by their heads. Without this script they stand in the report's order.
"use strict";
for (const table of document.querySelectorAll("table[data-sorts]")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    if (head.tagName !== "TH") return;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const order = { ascending: "descending", descending: "" }[head.ariaSort] ?? "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      if (order) head.ariaSort = order;
      const sign = order === "descending" ? -1 : 1;
      const value = (row) => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim().replace(/^(–|n\/a)$/, "");
      const compared = (a, b) => {
        const [one, other] = [value(a), value(b)];
        // What is missing stands last, whichever way the rest runs.
        if (!one || !other) return (one ? 0 : 1) - (other ? 0 : 1);
        const figures = [Number(one), Number(other)];
        return sign * (figures.some(Number.isNaN) ? one.localeCompare(other, document.documentElement.lang) : figures[0] - figures[1]);
      };
      body.append(...(order ? [...rows].sort(compared) : rows));
    });
  });
}
