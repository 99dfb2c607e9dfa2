// What a page gains where scripts run: a ledger that can be filtered and sorted, counts that can be pointed at. Without
// this script everything can be read all the same. Nothing here asks any address for anything.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  function filter(form) {
    const rows = all("tr[data-outcome]", form.closest("section"));
    const show = () => {
      const want = (name) => form.elements[name].value;
      const text = want("text").trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        row.hidden = !((!want("series") || row.dataset.series === want("series"))
          && (!want("outcome") || row.dataset.outcome === want("outcome"))
          && (!text || row.textContent.toLowerCase().includes(text)));
        shown += !row.hidden;
      }
      form.querySelector("output").textContent = `${shown} of ${rows.length} statements`;
    };
    form.hidden = false;
    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    show();
  }

  function sortable(table) {
    const heads = all("thead th", table);
    const key = (row, column) => row.cells[column].dataset.key ?? row.cells[column].textContent;
    const words = new Intl.Collator("en", { numeric: true });
    const order = (a, b) => (a && b ? a - b || words.compare(a, b) : !a - !b);  // numbers, then words; nothing comes last
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = all("tbody tr", table).sort((a, b) => order(key(a, column), key(b, column)));
        table.tBodies[0].append(...(down ? rows.reverse() : rows));
      });
    });
  }

  // A picture whose counts stand in a table beside it: pointing at one, or walking with the arrow keys, shows its row.
  function values(figure) {
    const rows = all(`#counts-${figure.id} tbody tr`);
    if (!rows.length) return;
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    tip.setAttribute("role", "status");
    let at = -1;
    const place = (chart, row) => {
      const [x, y] = (chart.classList.contains("narrow") ? row.dataset.narrow : row.dataset.wide).split(" ").map(Number);
      return [x * chart.clientWidth, y * chart.clientHeight];
    };
    const show = (chart, index) => {
      at = index;
      const [x, y] = place(chart, rows[at]);
      const heads = rows[at].closest("table").tHead.rows[0].cells;
      const parts = [...rows[at].cells].map((cell, column) => {
        const span = document.createElement("span");
        span.append(column ? `${heads[column].textContent.trim()}: ` : "", ...[...cell.childNodes].map((node) => node.cloneNode(true)));
        return span;
      });
      tip.replaceChildren(...parts);
      tip.hidden = false;
      chart.append(tip);
      tip.style.left = `${Math.max(0, Math.min(x + 10, chart.clientWidth - tip.offsetWidth))}px`;
      tip.style.top = `${y > tip.offsetHeight + 14 ? y - tip.offsetHeight - 12 : y + 14}px`;
      chart.style.setProperty("--x", `${x}px`);
      chart.style.setProperty("--y", `${y}px`);
      chart.classList.add("pointed");
    };
    const hide = () => {
      tip.hidden = true;
      all(".pointed", figure).forEach((chart) => chart.classList.remove("pointed"));
    };
    for (const chart of all(".chart", figure)) {
      chart.tabIndex = 0;
      chart.setAttribute("role", "group");
      chart.setAttribute("aria-label", "Counts of the picture: left and right arrow go from one to the next");
      const near = (event) => {
        if (tip.contains(event.target)) return;
        const box = chart.getBoundingClientRect();
        const far = rows.map((row) => {
          const [x, y] = place(chart, row);
          return Math.hypot(x - event.clientX + box.left, y - event.clientY + box.top);
        });
        const best = far.indexOf(Math.min(...far));
        if (far[best] <= 28) show(chart, best);
        else hide();
      };
      chart.addEventListener("pointermove", near);
      chart.addEventListener("pointerdown", near);
      chart.addEventListener("pointerleave", hide);
      chart.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, Home: -rows.length, End: rows.length }[event.key];
        if (event.key === "Escape") hide();
        else if (event.key === "Enter" && event.target === chart && !tip.hidden) tip.querySelector("a")?.click();
        else if (step) {
          event.preventDefault();
          show(chart, Math.max(0, Math.min(rows.length - 1, at + step)));
        }
      });
      chart.addEventListener("focusout", (event) => { if (!chart.contains(event.relatedTarget)) hide(); });
    }
  }

  // a link to what is folded unfolds it
  const unfold = () => {
    for (let each = document.getElementById(location.hash.slice(1)); each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
  all(".report form.filter[hidden]").forEach(filter);
  all(".report .tall table").forEach(sortable);
  all(".report figure").forEach(values);
})();
