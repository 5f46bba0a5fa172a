"use strict";
(() => {
  const entries = [...document.querySelectorAll(".entry")];
  const all = () => document.querySelectorAll("details");

  // on paper nothing can be opened
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...all()].filter((one) => !one.open && !one.classList.contains("files"));
    closed.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));

  const form = document.querySelector(".filter");
  if (!form) return;
  const words = document.getElementById("words");
  const found = document.getElementById("found");
  const show = () => {
    const wanted = words.value.trim().toLowerCase();
    const state = form.elements.state.value;
    let count = 0;
    for (const entry of entries) {
      const summary = entry.querySelector("summary").textContent.toLowerCase();
      entry.hidden = !(summary.includes(wanted) && (!state || entry.classList.contains(state)));
      count += !entry.hidden;
    }
    found.textContent = count === entries.length ? "" : `${count} of ${entries.length}`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("open").addEventListener("click", (event) => {
    const opening = event.target.textContent === "Open all";
    entries.forEach((entry) => { if (!entry.hidden) entry.open = opening; });
    event.target.textContent = opening ? "Close all" : "Open all";
  });
})();
