/**
 * Keeps the reader itself on the device: its page and its pieces in the browser's cache, and a worker that gives them.
 *
 * Pieces are put first, the page that names them last, so that what opens is whole at every instant; then what the
 * page no longer names goes. Nothing of what is read is kept here.
 */

import type { Bytes } from "../core/bytes.ts";
import type { Program } from "../core/client/program.ts";
import { StorageError } from "../core/errors.ts";
import { h } from "./h.ts";

const KEPT = "reader"; // the name of the cache, also in worker/sw.ts
/** Which version of the `reader` role signed the kept page; 0 when it was kept as a mirror gave it. */
const VERSION = "Reader-Version";

/** Keeping the reader, so that it opens without a network. */
export interface Offline {
  /** What version of the program is kept, and its page; `null` when none is. */
  kept(): Promise<{ readonly version: number; readonly index: Bytes } | null>;
  /**
   * Keep this program, or use it instead of the kept one from the next start on; the caller has verified all of it.
   * The pieces in `spared` stay: another tab may still need them. `StorageError`: the browser does not let us, and
   * what was kept stays whole.
   */
  keep(program: Program, spared?: Iterable<string>): Promise<void>;
}

/** For the page that came from the mirror at `origin`; null where the browser cannot keep it. */
export function offlineAt(origin: string): Offline | null {
  if (!navigator.serviceWorker || !globalThis.caches) return null;
  const base = new URL("r/", origin);
  const pageAddress = new URL("index.html", base).href;
  const addressOf = (name: string) => `${origin}p/${name.slice(0, 2)}/${name}`;

  return {
    async kept() {
      const page = (await caches.has(KEPT)) && (await (await caches.open(KEPT)).match(pageAddress));
      if (!page) return null;
      const version = Number(page.headers.get(VERSION));
      return { version, index: new Uint8Array(await page.arrayBuffer()) };
    },
    async keep({ version, index, pieces }, spared = []) {
      try {
        const cache = await caches.open(KEPT);
        for (const [name, data] of pieces) await cache.put(addressOf(name), new Response(data));
        const headers = { "Content-Type": "text/html; charset=utf-8", [VERSION]: `${version}` };
        await cache.put(pageAddress, new Response(index, { headers }));
        const named = new Set([pageAddress, ...[...pieces.keys(), ...spared].map(addressOf)]);
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
  };
}

/**
 * Name the icon to the browser, whose own menu installs. Only when it was chosen: a page that names it from the start is
 * offered by browsers themselves, before any warning.
 */
export function installable(origin: string): void {
  for (const [rel, name] of [
    ["manifest", "app.webmanifest"],
    ["apple-touch-icon", "icon.png"],
  ] as const) {
    if (!document.head.querySelector(`link[rel=${rel}]`))
      document.head.append(h("link", { rel, href: `${origin}r/${name}` }));
  }
}
