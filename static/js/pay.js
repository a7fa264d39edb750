// <form data-into="id"> sent by GET: while an amount is typed, the server's answer to it replaces #id.
const form = document.querySelector("form[data-into]");
const into = document.getElementById(form.dataset.into);
let timer, asked;
for (const part of form.querySelectorAll("[data-without-js]")) part.remove();
const show = async () => {
  asked?.abort();
  asked = new AbortController();
  const query = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(`${form.action}?${query}`, { headers: { "X-Preview": "1" }, signal: asked.signal });
    if (!answer.ok) return;
    into.innerHTML = await answer.text();
    // A live region says only what changes in it, and this one stays.
    const [said, plan] = [document.getElementById("live-said"), into.querySelector("[data-say]")];
    if (said && plan) said.textContent = plan.textContent;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
};
form.addEventListener("input", ({ target }) => {
  target.removeAttribute("aria-invalid");
  target.closest(".field")?.querySelector(".errorlist")?.remove();
  clearTimeout(timer);
  timer = setTimeout(show, 350);
});
