// Tells the shop that a person has this page before the eyes, one POST per load, never from a hidden or prerendered
// page; and that the person saves its PDF.
const { openedUrl, savedUrl } = document.body.dataset;
const post = (url) => fetch(url, { method: "POST", keepalive: true, credentials: "same-origin" }).catch(() => {});
const tell = () => {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", tell);
  post(openedUrl);
};
if (openedUrl) {
  document.addEventListener("visibilitychange", tell);
  tell();
}
if (savedUrl) {
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[data-saved]")) post(savedUrl);
  });
}
