// Sorting and filtering. The page says everything without it; foreign text is only ever read here, not written.
"use strict";
(() => {
  const grouped = new Intl.NumberFormat("en");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const number = (value) => (value === undefined || value === "" ? -1 : Number(value));

  // What a heading sorts by: the value of a row, and whether the largest comes first.
  const KEYS = {
    text: { of: (row, column) => row.cells[column].textContent, largestFirst: false },
    severity: { of: (row) => number(row.data.severity), largestFirst: false },
    fix: { of: (row) => number(row.data.fix), largestFirst: true },
    risk: { of: (row) => number(row.data.risk), largestFirst: true },
    layer: { of: (row) => number(row.data.layer), largestFirst: false },
    published: { of: (row, column) => row.cells[column].textContent, largestFirst: true },
    number: { of: (row, column) => number(row.cells[column].textContent.trim()), largestFirst: true },
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

  // `place` puts the rows, in their order, back into the table.
  function sortable(table, rows, place) {
    const headings = [...table.tHead.rows[0].cells];
    let sorted = null;
    const apply = (column, largestFirst) => {
      headings.forEach((heading) => heading.removeAttribute("aria-sort"));
      if (column === null) { place(rows); sorted = null; return; }
      const heading = headings[column];
      const key = KEYS[heading.dataset.sort];
      const down = largestFirst ?? key.largestFirst;
      const keyed = rows.map((row) => [key.of(row, column), row]);
      keyed.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
      place(keyed.map((pair) => pair[1]));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      sorted = { column, down };
    };
    headings.forEach((heading, column) => {
      if (!heading.dataset.sort) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => apply(column, sorted?.column === column ? !sorted.down : undefined));
    });
    return () => { if (sorted) apply(null); };
  }

  // Shows the rows that `fits` lets through, and says how many they are.
  function filterable(form, rows, fits) {
    const update = () => {
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const is = fits(row) && words.every((word) => (row.words ??= row.node.textContent.toLowerCase()).includes(word));
        if (row.node.hidden === is) row.node.hidden = !is;
        if (is) shown += 1;
      }
      form.elements.shown.value = `${grouped.format(shown)} of ${grouped.format(rows.length)}`;
    };
    let waiting = 0;
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(update, 120); });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    update();
    return update;
  }

  function findings() {
    const form = document.getElementById("filter");
    if (!form) return;
    const table = document.querySelector("#findings table");
    const rows = [...table.tBodies].map((node) => ({ node, data: node.dataset, cells: node.rows[0].cells }));
    const wanted = (name) => form.elements[name]?.value ?? "";
    const update = filterable(form, rows, ({ data }) =>
      ["severity", "kind", "layer", "fix"].every((name) => wanted(name) === "" || data[name] === wanted(name)) &&
      (wanted("risk") === "" || number(data.risk) >= (wanted("risk") === "2" ? 2 : 0.1)));
    const unsort = sortable(table, rows, (sorted) => table.append(...sorted.map((row) => row.node)));
    form.addEventListener("reset", () => setTimeout(() => { unsort(); update(); }));

    const open = form.elements.open;
    open.addEventListener("click", () => {
      const is = open.textContent === "Open all";
      for (const row of rows) if (!row.node.hidden) row.node.querySelector("details")?.toggleAttribute("open", is);
      open.textContent = is ? "Close all" : "Open all";
    });

    // A number elsewhere on the page leads to its findings.
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-show-severity], [data-show-layer]");
      if (!link) return;
      form.reset();
      const { showSeverity, showLayer } = link.dataset;
      if (showLayer !== undefined) form.elements.layer.value = showLayer;
      if (showSeverity !== undefined) {
        const option = [...form.elements.severity.options].find((option) => option.text === showSeverity);
        form.elements.severity.value = option?.value ?? "";
      }
    });

    // A link to one finding opens it, even where a filter hides it.
    const arrive = () => {
      const row = document.getElementById(location.hash.slice(1));
      if (row?.tagName !== "TBODY") return;
      row.hidden = false;
      row.querySelector("details")?.setAttribute("open", "");
      row.scrollIntoView();
    };
    addEventListener("hashchange", arrive);
    arrive();
  }

  function packages() {
    const form = document.getElementById("package-filter");
    if (!form) return;
    const table = document.querySelector("#packages table");
    const groups = [...table.tBodies];
    const size = groups[0].rows.length;
    const rows = groups.flatMap((group) => [...group.rows]).map((node) => ({ node, cells: node.cells }));
    const update = filterable(form, rows, () => true);
    const unsort = sortable(table, rows, (sorted) => groups.forEach((group, index) =>
      group.replaceChildren(...sorted.slice(index * size, (index + 1) * size).map((row) => row.node))));
    form.addEventListener("reset", () => setTimeout(() => { unsort(); update(); }));
  }

  findings();
  packages();
})();
