/**
 * The transport over `fetch`. One request shape for all readers, as far as a browser lets a page decide:
 *
 * 1. No cookies, no cache, no referrer, no redirect, nothing that a browser would first ask the mirror's leave for.
 *    `Accept` and `Accept-Language` are the same for everyone: the interface's language is not told. `User-Agent`,
 *    `Origin` and what else the browser adds cannot be taken away, so mirrors can tell browsers apart.
 * 2. Bytes are counted as they come, whatever `Content-Length` says, and refused above the limit before they are held.
 *    They are the decoded ones, where a host compresses: what they are is judged by their digest.
 * 3. Every wait ends: for the first byte (connecting included), for each next one, and for the whole; also where
 *    `fetch` does not heed its signal, as Node's now and then does when a host's lengths are wrong.
 * 4. A browser gives one error for everything that kept it from an answer (no such name, nobody there, TLS with a
 *    stranger, a redirect, an answer without `Access-Control-Allow-Origin`): all of it is `UNREACHABLE`.
 */

import { type Bytes, concat } from "../bytes.ts";
import { EndpointError } from "../errors.ts";
import { CONNECT_SECONDS, READ_SECONDS, SLOWEST_BYTES_PER_SECOND } from "../limits.ts";
import { ABSENT, BROKEN, REFUSED, SILENT, TOO_LONG, type Transport, UNREACHABLE } from "./net.ts";

const SHAPE: RequestInit = {
  cache: "no-store",
  credentials: "omit",
  headers: { Accept: "*/*", "Accept-Language": "en" },
  mode: "cors",
  redirect: "error",
  referrerPolicy: "no-referrer",
};
/** As object stores say "no such file". */
const MISSING: ReadonlySet<number> = new Set([403, 404, 410]);

/** Seconds. */
export interface Deadlines {
  readonly first: number;
  readonly next: number;
}

const USUAL: Deadlines = { first: CONNECT_SECONDS + READ_SECONDS, next: READ_SECONDS };

/** `deadlines`: how long to wait for the first byte, and for each next one. */
export const webTransport = (deadlines: Deadlines = USUAL): Transport => ({
  async get(address, path, limit, signal, watch) {
    signal.throwIfAborted();
    const controller = new AbortController();
    const end = () => controller.abort();
    const ended = new Promise<never>((_, reject) => {
      controller.signal.addEventListener("abort", reject);
    });
    const later = (seconds: number) => setTimeout(end, seconds * 1000);
    const whole = later(deadlines.first + limit / SLOWEST_BYTES_PER_SECOND); // rule 3
    let next = later(deadlines.first);
    let code = UNREACHABLE;
    signal.addEventListener("abort", end);
    try {
      const response = await Promise.race([
        fetch(address + path, { ...SHAPE, signal: controller.signal }),
        ended,
      ]);
      if (response.status !== 200) throw new EndpointError(MISSING.has(response.status) ? ABSENT : REFUSED);
      const { headers } = response;
      const promised = headers.get("Content-Encoding") ? 0 : Number(headers.get("Content-Length") ?? 0);
      if (promised > limit) throw new EndpointError(TOO_LONG);
      watch(0);
      code = BROKEN;
      const reader = response.body?.getReader();
      const chunks: Bytes[] = [];
      for (let size = 0; ; ) {
        clearTimeout(next);
        next = later(deadlines.next);
        const chunk = await Promise.race([reader?.read(), ended]);
        if (!chunk || chunk.done) {
          // Some browsers take what broke off for an end.
          if (size < promised) throw new EndpointError(BROKEN);
          return concat(...chunks);
        }
        size += chunk.value.length;
        if (size > limit) throw new EndpointError(TOO_LONG); // rule 2
        chunks.push(chunk.value as Bytes);
        watch(size);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EndpointError) throw error;
      throw new EndpointError(controller.signal.aborted ? SILENT : code); // rule 4
    } finally {
      clearTimeout(whole);
      clearTimeout(next);
      signal.removeEventListener("abort", end);
      end();
    }
  },
});
