/**
 * The mirrors of one run, and one request to one of them. Metadata and pieces share a `Lines`: its `network` is what
 * the run has learnt.
 *
 * The plan thinks in lines, connections that it opens and closes. A browser owns its connections and says
 * nothing of them, so here:
 *
 * 1. A line is one request: it is forgotten when the request ends.
 * 2. A request counts as connected when it is sent. What is waited for is its answer, connecting included: there is
 *    no wait for what nobody will be told.
 * 3. A request may ride on a connection that an earlier one left. Such a line counts as having carried a piece, so
 *    when it falls silent or breaks, that may be the curtain (`Network.stopped`): it is ended, which ends its
 *    connection too where the browser speaks HTTP/1.1, and its piece is asked for again at once, of the same mirror
 *    if need be. There are no more such lines than answers came, so a mirror that only stalls is blamed in the end.
 * 4. The page was brought over connections to the mirror that it came from, and metadata is asked for first. Such a
 *    request is sent again when it falls silent, as often as a browser may have kept connections.
 */

import type { Bytes } from "../bytes.ts";
import { EndpointError } from "../errors.ts";
import { CONNECT_SECONDS, MAX_PIECE, READ_SECONDS } from "../limits.ts";
import { ABSENT, type Address, type Mirror, SILENT, type Transport, type Watch } from "./net.ts";
import { Network, TLS_OPENING } from "./network.ts";

/** Connections that a browser keeps to one host, at the most. */
const MAX_KEPT = 6;
/** Without a byte, before a request for metadata is sent again; a lost packet comes within one. */
const SPENT_SECONDS = 2;
const LAST_SECONDS = CONNECT_SECONDS + READ_SECONDS - MAX_KEPT * SPENT_SECONDS;

export class Lines {
  readonly network = new Network([]);
  /** Mirrors to which somebody else here has connections, such as the one that the page came from (rule 4). */
  readonly used = new Set<string>();
  /** Of the races under way: what one gives free, another may take. */
  readonly bells = new Set<Bell>();
  readonly #addresses = new Map<string, Address>();
  readonly #transport: Transport;
  /** By mirror, how many connections may be there that carried something (rule 3). */
  readonly #kept = new Map<string, number>();

  /** `mirrors`: the best liked first. */
  constructor(mirrors: Iterable<Mirror>, transport: Transport) {
    this.#transport = transport;
    for (const mirror of mirrors) this.meet(mirror);
  }

  /** `mirror` may be asked as well from now on, also by races under way; the least liked. */
  meet({ name, address }: Mirror): void {
    this.#addresses.set(name, address);
    this.network.meet(name, /^https:/i.test(address) ? TLS_OPENING : 0);
    this.ring();
  }

  /** Wake every race. */
  ring(): void {
    for (const bell of this.bells) bell.ring();
  }

  /** Like the mirrors in the order of `names` from now on, and leave out those not in it. */
  prefer(names: readonly string[]): void {
    for (const [name, facts] of this.network.endpoints) {
      const place = names.indexOf(name);
      facts.place = place < 0 ? names.length : place;
      if (place < 0) this.network.lied(name);
    }
  }

  /** The body at `path` of the mirror `name`; or the code of the failure. `line`: the plan's, if it opened one. */
  async ask(
    name: string,
    path: string,
    limit: number,
    signal: AbortSignal,
    watch: Watch,
    line?: number,
  ): Promise<Bytes | string> {
    const kept = this.#kept.get(name) ?? 0;
    if (kept && line) this.network.line(line).carried += MAX_PIECE;
    this.#kept.set(name, Math.max(kept - 1, 0));
    let answer: Bytes | string;
    try {
      answer = await this.#transport.get(this.#addresses.get(name)!, path, limit, signal, watch);
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      answer = error.code;
    }
    if (typeof answer !== "string" || answer === ABSENT) {
      this.#kept.set(name, Math.min(this.#kept.get(name)! + 1, MAX_KEPT));
    }
    return answer;
  }
}

/**
 * `ask`, and of a mirror that is `used` again where nothing came for `SPENT_SECONDS`: the request may ride on a
 * connection that had carried its due under a curtain (rule 4). Ending it ends the connection. A mirror that never answers is waited for no longer than by `ask`.
 */
export async function askAgain(
  lines: Lines,
  name: string,
  path: string,
  limit: number,
  signal: AbortSignal,
  watch: Watch,
): Promise<Bytes | string> {
  if (!lines.used.has(name)) return lines.ask(name, path, limit, signal, watch);
  for (let spent = 0; spent <= MAX_KEPT; spent++) {
    const attempt = new AbortController();
    const end = () => attempt.abort();
    const patience = 1000 * (spent < MAX_KEPT ? SPENT_SECONDS : LAST_SECONDS);
    let timer = setTimeout(end, patience);
    signal.addEventListener("abort", end);
    try {
      return await lines.ask(name, path, limit, attempt.signal, (size) => {
        clearTimeout(timer);
        timer = setTimeout(end, patience);
        watch(size);
      });
    } catch (error) {
      if (signal.aborted || !attempt.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  }
  return SILENT;
}

/** What a loop sleeps on: rung by hand, or by time. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | null = null;

  /** The instant, in seconds since the page or worker began. */
  now(): number {
    return performance.now() / 1000;
  }

  /** Wake whoever waits. */
  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake?.();
  };

  /** Returns when the bell rang since the last time, or at `until`. */
  async wait(until: number | null): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (until !== null && until < Number.POSITIVE_INFINITY) {
          timer = setTimeout(resolve, Math.max(0, Math.ceil((until - this.now()) * 1000)));
        }
      });
    }
    clearTimeout(timer);
    this.#wake = null;
    this.#isRung = false;
  }
}

/** Requests under way, by number. When they are ended, nothing is left running. */
export class Tasks {
  /** What went wrong in one of them, if anything did. */
  fault: { readonly error: unknown } | null = null;
  readonly #controllers = new Map<number, AbortController>();
  readonly #all = new Set<Promise<void>>();
  readonly #bell: Bell;

  constructor(bell: Bell) {
    this.#bell = bell;
  }

  /** Begin `task`, which is given what ends it. */
  begin(number: number, task: (signal: AbortSignal) => Promise<void>): void {
    const controller = new AbortController();
    this.#controllers.set(number, controller);
    const running: Promise<void> = task(controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) this.fault ??= { error };
      })
      .finally(() => {
        this.#controllers.delete(number);
        this.#all.delete(running);
        this.#bell.ring();
      });
    this.#all.add(running);
  }

  /** End task `number`; false when it is not under way. */
  end(number: number): boolean {
    this.#controllers.get(number)?.abort();
    return this.#controllers.delete(number);
  }

  /** Take task `number` out of what can be ended: it has its answer. False when it was ended before. */
  free(number: number): boolean {
    return this.#controllers.delete(number);
  }

  /** End all that can be ended, and return when nothing runs any more. */
  async close(): Promise<void> {
    for (const number of [...this.#controllers.keys()]) this.end(number);
    await Promise.all(this.#all);
  }
}

/** Runs `step` until it returns true, each time the bell rings or `wake` is due; ends with `signal` or a fault. */
export async function loop(
  bell: Bell,
  tasks: Tasks,
  signal: AbortSignal | undefined,
  step: () => boolean,
  wake: () => number | null,
): Promise<void> {
  signal?.addEventListener("abort", bell.ring);
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (tasks.fault || step()) break;
      await bell.wait(wake());
    }
  } finally {
    signal?.removeEventListener("abort", bell.ring);
  }
}
