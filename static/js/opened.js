// Tells the shop that a person has this page before the eyes: one POST per load, never from a hidden or prerendered page.
const url = document.body.dataset.openedUrl;
const tell = () => {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", tell);
  fetch(url, { method: "POST", keepalive: true, credentials: "same-origin" }).catch(() => {});
};
if (url) {
  document.addEventListener("visibilitychange", tell);
  tell();
}
