// <button data-copy="text" data-copied="Copied">: says so on itself, in its span when it has one.
addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const word = button.querySelector("span") ?? button;
  const before = word.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // A browser inside an app may have no clipboard of its own: select what stands before the button.
    const field = button.parentElement.querySelector("input");
    const words = button.previousElementSibling;
    if (field) field.select();
    else if (words) getSelection().selectAllChildren(words);
    if (!(field || words) || !document.execCommand("copy")) return;
  }
  if (before === button.dataset.copied) return;
  word.textContent = button.dataset.copied;
  setTimeout(() => { word.textContent = before; }, 2000);
});
