// The service worker of /portal/. KEPT stands above this text: {page, files, version}. It keeps the page for no
// connection and what that is made of, the same for everybody; no page of a customer ever goes through its cache.
const NAME = `offline-${KEPT.version}`;

addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(NAME);
    await cache.addAll(KEPT.files);
    await cache.put(KEPT.page, await fetch(KEPT.page, { credentials: "omit", cache: "reload" }));
    await skipWaiting();
  };
  event.waitUntil(fill());
});

addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name.startsWith("offline-") && name !== NAME) await caches.delete(name);
    await registration.navigationPreload?.enable();
    await clients.claim();
  };
  event.waitUntil(tidy());
});

const page = async (event) => {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    return (await caches.match(KEPT.page)) || Response.error();
  }
};
const file = async (request) => {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) || Response.error();
  }
};

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (KEPT.files.includes(new URL(request.url).pathname)) event.respondWith(file(request));
});
