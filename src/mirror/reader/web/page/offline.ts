/**
 * Keeps the reader itself on the device: its page and its pieces in the browser's cache, and a worker that gives them.
 *
 * Pieces are put first, the page that names them last, so that what opens is whole at every instant; then what the
 * page no longer names goes. Nothing of what is read is kept here.
 */

import type { Bytes } from "../core/bytes.ts";
import { StorageError } from "../core/errors.ts";

const KEPT = "reader"; // the name of the cache, also in worker/sw.ts

/** Keeping the reader, so that it opens without a network. */
export interface Offline {
  /** Whether it is kept now. */
  isKept(): Promise<boolean>;
  /**
   * Keep this program, or use it instead of the kept one from the next start on. `index` is the page that names
   * `pieces`; the caller has verified all of them. `StorageError`: the browser does not let us, and what was kept stays.
   */
  keep(index: Bytes, pieces: ReadonlyMap<string, Bytes>): Promise<void>;
  /** Keep nothing any more, and let the worker go. */
  forget(): Promise<void>;
}

/** For the page that came from the mirror at `origin`; null where the browser cannot keep it. */
export function offlineAt(origin: string): Offline | null {
  if (!navigator.serviceWorker || !globalThis.caches) return null;
  const base = new URL("r/", origin);
  const pageAddress = new URL("index.html", base).href;

  return {
    async isKept() {
      return (await caches.has(KEPT)) && !!(await (await caches.open(KEPT)).match(pageAddress));
    },
    async keep(index, pieces) {
      try {
        const cache = await caches.open(KEPT);
        const named = new Set([pageAddress]);
        for (const [name, data] of pieces) {
          const address = `${origin}p/${name.slice(0, 2)}/${name}`;
          named.add(address);
          await cache.put(address, new Response(data));
        }
        const headers = { "Content-Type": "text/html; charset=utf-8" };
        await cache.put(pageAddress, new Response(index, { headers }));
        for (const request of await cache.keys()) {
          if (!named.has(request.url)) await cache.delete(request);
        }
        // Where a worker is in control it is never waited for: registering queues behind the browser's own
        // look for a newer worker, which hangs for ever on an origin that swallows packets.
        const isNew = !navigator.serviceWorker.controller;
        const registered = navigator.serviceWorker.register(new URL("sw.js", base), { scope: base.pathname });
        if (isNew) await registered;
        else registered.catch(() => undefined);
      } catch {
        throw new StorageError("offline");
      }
    },
    async forget() {
      await caches.delete(KEPT);
      for (const worker of await navigator.serviceWorker.getRegistrations()) {
        if (worker.scope === base.href) void worker.unregister();
      }
    },
  };
}
