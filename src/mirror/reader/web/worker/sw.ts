/**
 * The service worker: opens the kept reader when its origin is dead, black-holed or lies. It decides nothing else.
 *
 * 1. Going to the reader's page is answered from what was kept, and asks the network only where nothing was.
 * 2. Pieces of the program are answered from what was kept; everything else goes out as if there were no worker.
 * 3. Nothing that goes out from here carries credentials: an answer with `Clear-Site-Data` would wipe the reader.
 *
 * What is kept is put there by the page, which verified it (`page/offline.ts`). A browser asks the origin for a newer
 * worker by itself, and takes any that it is given: that is what no worker can prevent (WEB.md).
 */

export {};

declare const self: ServiceWorkerGlobalScope;

const KEPT = "reader"; // the name of the cache, also in page/offline.ts
const PAGE = new URL("index.html", self.registration.scope).href;

async function answer({ url, redirect }: Request, wanted: string): Promise<Response> {
  const kept = await caches.open(KEPT);
  return (await kept.match(wanted)) ?? fetch(url, { credentials: "omit", redirect });
}

/** What of the kept things is asked for; `null` for what is none of ours. */
function keptAs({ method, mode, url }: Request): string | null {
  const [bare = ""] = url.split(/[?#]/);
  if (method !== "GET") return null;
  if (mode === "navigate") return bare === PAGE || bare === self.registration.scope ? PAGE : null;
  const isPiece = bare.startsWith(`${self.location.origin}/`) && /\/p\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(bare);
  return isPiece ? bare : null;
}

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const wanted = keptAs(event.request);
  if (wanted) event.respondWith(answer(event.request, wanted));
});
