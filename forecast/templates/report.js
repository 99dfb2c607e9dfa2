"use strict";
// The ledger can be filtered; without this script it is a plain table. Folded parts open for print.
const form = document.getElementById("filter");
if (form) {
  const rows = [...document.querySelectorAll("#ledger tbody tr")];
  const show = () => {
    const want = (name) => form.elements[name].value;
    const text = want("text").trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (!want("series") || row.dataset.series === want("series"))
        && (!want("outcome") || row.dataset.outcome === want("outcome"))
        && (!text || row.textContent.toLowerCase().includes(text));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
