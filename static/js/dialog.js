// <a href="/page" data-dialog="id"> opens <dialog id="id">; without JavaScript the link leads to the page itself.
const outside = (dialog, { clientX: x, clientY: y }) => {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
};
addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const { target } = event;
  const opener = target.closest("[data-dialog]");
  const dialog = opener ? document.getElementById(opener.dataset.dialog) : target.closest("dialog");
  if (!dialog?.showModal) return;
  if (opener) dialog.showModal();
  else if (target.closest("[data-close]") || (target === dialog && event.detail && outside(dialog, event))) dialog.close();
  else return;
  event.preventDefault();
});
