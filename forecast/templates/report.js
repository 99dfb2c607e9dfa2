// The ledger can be filtered; without this script it is a plain table. Folded parts open for print.
(() => {
  "use strict";
  for (const form of document.querySelectorAll(".report form.filter[hidden]")) {
    const rows = [...form.closest("section").querySelectorAll("tr[data-outcome]")];
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
      form.querySelector("output").textContent = `${shown} of ${rows.length}`;
    };
    form.hidden = false;
    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    show();
  }
  addEventListener("beforeprint", () => document.querySelectorAll(".report details").forEach((each) => { each.open = true; }));
})();
