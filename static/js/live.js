// Keeps an open page fresh: told by a stream, or asking where there is none; then fetches the page again and swaps the
// parts marked data-live whose text changed. What a person is typing in, has focused or has opened is left alone. A page
// that has other parts now, or that they may not see any more, is loaded anew.
const { liveUrl, liveStream, liveSince, liveSaid } = document.body.dataset;
const FIRST = 4000;
const SLOWEST = 60000;
let since = liveSince;
let wait = FIRST;
let timer;
let stream;
let busy;
let again;
let held;

const parts = (root) => new Map([...root.querySelectorAll("[data-live]")].map((part) => [part.dataset.live, part]));
const isTypedIn = (part) =>
  [...part.querySelectorAll("input, textarea, select")].some(
    (field) =>
      field.type !== "hidden" &&
      (field.value !== (field.defaultValue ?? field.value) || field.checked !== (field.defaultChecked ?? field.checked)),
  );
const isTouched = (part) => part.contains(document.activeElement) || isTypedIn(part);

// What was typed is not thrown away: then only what has gone from the page goes.
const renew = (news) => {
  if (!isTypedIn(document.body)) return location.reload();
  for (const [name, part] of parts(document)) if (!news.has(name)) part.replaceChildren();
};

const swap = (fresh) => {
  const news = parts(fresh);
  const shown = parts(document);
  if (news.size !== shown.size || [...shown.keys()].some((name) => !news.has(name))) renew(news);
  let changed = false;
  for (const [name, part] of shown) {
    const next = news.get(name);
    if (!next || next.innerHTML === part.innerHTML) continue;
    if (isTouched(part)) {
      held = true; // until they leave it
      continue;
    }
    const open = [...part.querySelectorAll("details")].map((one) => one.open);
    const { scrollX, scrollY } = window;
    part.replaceChildren(...next.childNodes);
    part.querySelectorAll("details").forEach((one, n) => {
      one.open = open[n] ?? one.open;
    });
    window.scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
    changed = true;
  }
  const said = document.getElementById("live-said");
  if (changed && said) said.textContent = `${liveSaid} ${document.querySelector("[data-live-say]")?.textContent ?? ""}`;
};

const refresh = async () => {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  again = false;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 404 || answer.status === 403) end();
    else if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
      swap(fresh);
    }
    else again = true;
  } catch {
    again = true;
  } finally {
    busy = false;
  }
  if (again) setTimeout(() => again && refresh(), 3000);
};

const stop = () => {
  clearTimeout(timer);
  stream?.close();
  stream = undefined;
};

// Who is signed in here may not see this any more: the server says what they see instead.
const end = () => {
  stop();
  dispatchEvent(new Event("ended"));
  renew(new Map());
};

const ask = async () => {
  clearTimeout(timer);
  if (document.visibilityState !== "visible" || !navigator.onLine) return;
  try {
    const answer = await fetch(liveUrl, { credentials: "same-origin", headers: { "If-None-Match": `"${since}"` } });
    if (answer.status === 410) return location.reload(); // the link has ended: its page says so
    if (answer.redirected || answer.status === 404) return refresh();
    if (answer.status === 200) {
      since = await answer.text();
      wait = FIRST;
      refresh();
    } else if (answer.status === 304) wait = Math.min(wait * 1.1, FIRST * 4);
    else wait = Math.min(wait * 2, SLOWEST);
  } catch {
    wait = Math.min(wait * 2, SLOWEST);
  }
  timer = setTimeout(ask, wait * (0.75 + Math.random() / 2));
};

const listen = () => {
  stream = new EventSource(`${liveStream}?since=${since}`);
  stream.addEventListener("change", (event) => {
    since = event.lastEventId;
    refresh();
  });
  stream.addEventListener("error", () => {
    // The browser tries again by itself, unless it was refused: then the page asks.
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = undefined;
    timer = setTimeout(ask, wait * (0.75 + Math.random() / 2));
  });
};

const start = () => {
  stop();
  if (document.visibilityState !== "visible") return;
  if (liveStream && window.EventSource) listen();
  else ask();
};

if (liveUrl) {
  document.addEventListener("focusout", () => {
    if (held) setTimeout(refresh, 300);
    held = false;
  });
  document.addEventListener("visibilitychange", start);
  window.addEventListener("online", start);
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => event.persisted && start());
  if (liveStream && window.EventSource) listen();
  else timer = setTimeout(ask, wait);
}
