// A form is sent once: a second click is swallowed until the page is shown again (or 10 s passed, for downloads).
const free = (form) => {
  delete form.dataset.busy;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
};
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
  if (form.dataset.busy) return event.preventDefault();
  form.dataset.busy = "1";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(free, 10000, form);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach(free));
