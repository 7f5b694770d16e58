/**
 * Pieces by name: from what is held, then from mirrors, each verified before anybody sees it (`fetch.py`). Rules:
 *
 * 1. A piece is what its name says or it does not exist: its digest is checked as it comes.
 * 2. When one piece cannot be had, or everything is interrupted, what came is held: trying again fetches only what is
 *    missing.
 * 3. Nothing is asked of anyone that is at hand.
 */

import type { Found } from "../bundle/edition.ts";
import { check, type Piece, pathOf } from "../bundle/piece.ts";
import type { Bytes } from "../bytes.ts";
import { FormatError, UnreachableError } from "../errors.ts";
import { MAX_PIECE } from "../limits.ts";
import type { Lines } from "./lines.ts";
import { type Errand, race } from "./race.ts";
import type { Ledger, Part } from "./report.ts";

/** Told how far something got, in pieces. */
export type Progress = (done: number, total: number) => void;

/** How something is asked for: who is told how far it got, and what ends it before its time. */
export interface How {
  readonly told?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Gives what is held of a name, and takes what was verified; what it gives is checked like a mirror's. */
export interface Holdings {
  piece(name: string): Promise<Bytes | null>;
  keep(name: string, data: Bytes): Promise<void>;
}

/** Fetches pieces in one run over `lines`; holds all that it fetched, above `holdings`. */
export class Pieces {
  readonly #lines: Lines;
  readonly #ledger: Ledger;
  readonly #held = new Map<string, Piece>();
  readonly #signal: AbortSignal;
  #holdings: Holdings;
  #isKeeping = false;

  /** `signal` ends everything that is under way. */
  constructor(lines: Lines, ledger: Ledger, holdings: Holdings, signal: AbortSignal) {
    this.#lines = lines;
    this.#ledger = ledger;
    this.#signal = signal;
    this.#holdings = holdings;
  }

  /** The pieces `names`, by name. `UnreachableError` (`piece-unreachable`): some did not come; the others are held. */
  async get(names: Iterable<string>, part: Part, how: How = {}): Promise<Found> {
    return this.getAll(new Map([...names].map((name) => [name, part])), how);
  }

  /** As `get`, for several parts at once, the most urgent first; `arrived` is told each piece. */
  async getAll(
    wanted: ReadonlyMap<string, Part>,
    how: How = {},
    arrived?: (piece: Piece) => void,
  ): Promise<Found> {
    const errands = new Map<string, Errand<Piece>>();
    let done = 0;
    for (const [name, part] of wanted) {
      const piece = await this.held(name, part);
      if (piece) {
        done += 1;
        arrived?.(piece);
      } else {
        const judge = (data: Bytes) => judged(name, data);
        errands.set(name, { path: pathOf(name), limit: MAX_PIECE, part, judge });
      }
    }
    const take = async (name: string, piece: Piece): Promise<void> => {
      this.#held.set(name, piece);
      if (this.#isKeeping) await this.#holdings.keep(name, piece.data);
      arrived?.(piece);
      how.told?.(++done, wanted.size);
    };
    if (errands.size && (await this.files(errands, take, how.signal))) {
      throw new UnreachableError("piece-unreachable");
    }
    return (name) => this.#held.get(name)!;
  }

  /** Fetches what is no piece, or not yet; `null` when all came. */
  async files<Value>(
    errands: ReadonlyMap<string, Errand<Value>>,
    take: (name: string, value: Value) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number> | null> {
    return race(this.#lines, this.#ledger, errands, take, this.until(signal));
  }

  /** Aborts when `signal` does, or this run. */
  until(signal?: AbortSignal): AbortSignal {
    return signal ? either(this.#signal, signal) : this.#signal;
  }

  /**
   * Does `work` while every piece that it comes by is kept in `holdings`, which are those of this run from then on. Only
   * then: what somebody reads besides is nobody's business.
   */
  async keeping(holdings: Holdings, work: () => Promise<string[]>): Promise<string[]> {
    this.#holdings = holdings;
    this.#isKeeping = true;
    try {
      const names = await work();
      for (const name of names) {
        const piece = this.#held.get(name);
        if (piece && !(await holdings.piece(name))) await holdings.keep(name, piece.data);
      }
      return names;
    } finally {
      this.#isKeeping = false;
    }
  }

  /** The piece `name` if it is at hand. */
  async held(name: string, part: Part): Promise<Piece | null> {
    let piece = this.#held.get(name) ?? null;
    if (!piece) {
      const data = await this.#holdings.piece(name);
      piece = data && (await judged(name, data)); // damaged is as good as none
      if (piece) {
        this.#held.set(name, piece);
        this.#ledger.held(part, piece.data.length);
      }
    }
    return piece;
  }
}

async function judged(name: string, data: Bytes): Promise<Piece | null> {
  try {
    return await check(name, data);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Aborts when one of them does. */
function either(one: AbortSignal, other: AbortSignal): AbortSignal {
  const controller = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
  }
  return controller.signal;
}
