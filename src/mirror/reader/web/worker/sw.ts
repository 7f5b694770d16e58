/**
 * The service worker: opens the kept reader when its origin is dead, black-holed or lies. It decides nothing else.
 *
 * 1. A navigation is answered from what was kept, and asks the network only where nothing was.
 * 2. Pieces of the program are answered from what was kept; everything else goes out as if there were no worker.
 * 3. Nothing that goes out from here carries credentials: an answer with `Clear-Site-Data` would wipe the reader.
 *
 * What is kept is put there by the page, which verified it (`page/offline.ts`). A browser asks the origin for a newer
 * worker by itself, and takes any that it is given: that is what no worker can prevent (WEB.md).
 */

export {};

declare const self: ServiceWorkerGlobalScope;

const KEPT = "reader"; // the name of the cache, also in page/offline.ts

async function answer(request: Request): Promise<Response> {
  const kept = await caches.open(KEPT);
  const wanted =
    request.mode === "navigate" ? new URL("index.html", self.registration.scope).href : request.url;
  return (await kept.match(wanted)) ?? fetch(request.url, { credentials: "omit", redirect: "follow" });
}

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isPiece = /\/p\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(request.url);
  const isOurs = request.url.startsWith(self.location.origin) && (request.mode === "navigate" || isPiece);
  if (request.method === "GET" && isOurs) event.respondWith(answer(request));
});
