/** The transport over `fetch`, and pieces over it. */

import { type Bytes, hex, unhex } from "../../../src/mirror/reader/web/core/bytes.ts";
import { Pieces } from "../../../src/mirror/reader/web/core/client/fetch.ts";
import { Lines } from "../../../src/mirror/reader/web/core/client/lines.ts";
import { address, mirrors, type Transport } from "../../../src/mirror/reader/web/core/client/net.ts";
import { Ledger } from "../../../src/mirror/reader/web/core/client/report.ts";
import { MemoryStore } from "../../../src/mirror/reader/web/core/client/store.ts";
import { report as reportOf } from "../../../src/mirror/reader/web/core/client/verdicts.ts";
import { type Deadlines, webTransport } from "../../../src/mirror/reader/web/core/client/web.ts";
import { MirrorError } from "../../../src/mirror/reader/web/core/errors.ts";
import type { Answerers, Json } from "./answering.ts";

interface Get {
  readonly address: string;
  readonly path: string;
  readonly limit: number;
  readonly deadlines?: Deadlines;
  /** Abort when so many bytes are here. */
  readonly abortAt?: number;
  /** With a `fetch` that does not heed what ends it. */
  readonly deaf?: boolean;
}

const heeding = globalThis.fetch;
const deafTo: typeof fetch = (address, { signal: _, ...asked } = {}) => heeding(address, asked);

/** What `work` came to, as JSON: an error by its code, and abortion by that word. */
export async function outcome(work: Promise<Json>): Promise<Json> {
  try {
    return { ok: await work };
  } catch (error) {
    if (error instanceof MirrorError) return { code: error.code };
    if (error === "aborted" || (error as Error).name === "AbortError") return { code: "aborted" };
    throw error;
  }
}

async function get({ address, path, limit, deadlines, abortAt, deaf }: Get): Promise<Json> {
  const controller = new AbortController();
  const sizes: number[] = [];
  const watch = (size: number) => {
    sizes.push(size);
    if (abortAt !== undefined && size >= abortAt) controller.abort("aborted");
  };
  const transport = webTransport(deadlines);
  globalThis.fetch = deaf ? deafTo : heeding;
  try {
    const answer = transport.get(address as never, path, limit, controller.signal, watch);
    return { ...((await outcome(answer.then(hex))) as object), sizes };
  } finally {
    globalThis.fetch = heeding;
  }
}

interface Several {
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  readonly held: { readonly [name: string]: string };
  readonly deadlines?: Deadlines;
  /** Interrupt when so many pieces came. */
  readonly abortAt?: number;
}

/** A transport that counts what is under way. */
function counted(transport: Transport): Transport & { open: number; most: number } {
  const counting = {
    open: 0,
    most: 0,
    async get(...request: Parameters<Transport["get"]>): Promise<Bytes> {
      counting.most = Math.max(counting.most, ++counting.open);
      try {
        return await transport.get(...request);
      } finally {
        counting.open -= 1;
      }
    },
  };
  return counting;
}

async function pieces({ addresses, names, held, deadlines, abortAt }: Several): Promise<Json> {
  const known = mirrors(addresses);
  const transport = counted(webTransport(deadlines));
  const lines = new Lines(known, transport);
  const ledger = new Ledger(known.map((mirror) => mirror.name));
  const store = new MemoryStore();
  for (const [name, data] of Object.entries(held)) await store.keep(name, unhex(data));
  const controller = new AbortController();
  const all = new Pieces(lines, ledger, store, new AbortController().signal);
  const progress: number[] = [];
  const told = (done: number) => {
    progress.push(done);
    if (done === abortAt) controller.abort("aborted");
  };
  const work = all.get(names, "clusters", { told, signal: controller.signal });
  const result = await outcome(work.then((found) => names.map((name) => found(name).name)));
  const kept = await Promise.all(names.map((name) => all.held(name, "clusters")));
  const { fetched, held: had, wasted } = ledger.cost();
  return {
    ...(result as object),
    progress,
    kept: kept.flatMap((piece) => (piece ? [piece.name] : [])),
    report: reportOf(ledger.accounts).map(({ name, verdict, pieces, bytes, evidence }) => ({
      name,
      verdict,
      pieces,
      bytes,
      evidence: evidence.map(({ code, about }) => [code, about]),
    })),
    cost: { fetched: Object.fromEntries(fetched), held: Object.fromEntries(had), wasted },
    open: transport.open,
    most: transport.most,
    underWay: lines.network.underWay,
    lines: lines.network.lines.size,
  };
}

export const fetching: Answerers = {
  address: (text: string) => address(text),
  mirrors: (texts: string[]) => mirrors(texts).map(({ name, address }) => [name, address]),
  get,
  pieces,
};
