/**
 * What every mirror did in one run, and what it cost: evidence as data, kept in memory only (`report.py`).
 *
 * Nothing here holds an address or the name of a piece: mirrors go by their local names, and a piece by what it
 * was for. `verdicts.ts` says what is to be thought of it; words are made by whoever shows that.
 */

import { ABSENT, TOO_LONG } from "./net.ts";

export const WRONG_PIECE = "wrong-piece";
export const OVERSIZED_PIECE = "oversized-piece";
export const MISSING_PIECE = "missing-piece";
/** A genuine file, but older than what was seen of it. */
export const STALE = "stale";
/** Observations of a metadata session that no honest mirror causes, however far behind. */
export const LIES: ReadonlySet<string> = new Set([
  "invalid-signature",
  "wrong-version",
  "malformed",
  "oversized",
]);

/** What bytes are for. */
export type Part =
  | "metadata"
  | "head"
  | "contents"
  | "pages"
  | "dictionaries"
  | "clusters"
  | "notices"
  | "images"
  | "slips"
  | "program";

/** One thing a mirror did: a code, and about which metadata file or which `Part`. */
export interface Evidence {
  readonly code: string;
  readonly about: string;
}

/**
 * Bytes of bodies by `Part`: `fetched` from mirrors, `held` before and used again; `wasted` were sent by mirrors
 * and thrown away. Headers and handshakes are not counted.
 */
export interface Cost {
  readonly fetched: ReadonlyMap<Part, number>;
  readonly held: ReadonlyMap<Part, number>;
  readonly wasted: number;
}

/** One mirror's run: each thing once; `bytes` counts what was good. */
export interface Account {
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly pieces: number;
  readonly bytes: number;
}

interface Open extends Account {
  readonly evidence: Map<string, Evidence>;
  pieces: number;
  bytes: number;
}

/** Collects evidence and bytes in one run over mirrors (local names). */
export class Ledger {
  readonly #accounts = new Map<string, Open>();
  readonly #fetched = new Map<Part, number>();
  readonly #held = new Map<Part, number>();
  #wasted = 0;

  constructor(mirrors: Iterable<string>) {
    for (const mirror of mirrors) this.#of(mirror);
  }

  get mirrors(): string[] {
    return [...this.#accounts.keys()];
  }

  /** `mirror` is one of the mirrors from now on. */
  met(mirror: string): void {
    this.#of(mirror);
  }

  /** `mirror` did something about a metadata file or a part. */
  note(mirror: string, code: string, about: string): void {
    this.#of(mirror).evidence.set(`${code} ${about}`, { code, about });
  }

  /** `mirror` gave `size` bytes that were right. */
  gave(mirror: string, part: Part, size: number): void {
    const account = this.#of(mirror);
    account.bytes += size;
    if (part !== "metadata") account.pieces += 1;
    add(this.#fetched, part, size);
  }

  /** `mirror` gave `size` bytes that are not the piece's. */
  lied(mirror: string, part: Part, size: number): void {
    this.#wasted += size;
    this.note(mirror, WRONG_PIECE, part);
  }

  /** `mirror` gave nothing; `code` as in `net`. No mirror has to carry slips. */
  failed(mirror: string, part: Part, code: string): void {
    const isMissing = code === ABSENT && part !== "slips";
    this.note(mirror, isMissing ? MISSING_PIECE : code === TOO_LONG ? OVERSIZED_PIECE : code, part);
  }

  /** `size` bytes came that nobody waited for any more. */
  threwAway(size: number): void {
    this.#wasted += size;
  }

  /** `size` bytes were at hand and need no fetching. */
  held(part: Part, size: number): void {
    add(this.#held, part, size);
  }

  /** What the run cost so far. */
  cost(): Cost {
    return { fetched: this.#fetched, held: this.#held, wasted: this.#wasted };
  }

  /** What each mirror did so far, in the order in which they were given. */
  get accounts(): ReadonlyMap<string, Account> {
    return this.#accounts;
  }

  #of(mirror: string): Open {
    let account = this.#accounts.get(mirror);
    if (!account) {
      account = { evidence: new Map(), pieces: 0, bytes: 0 };
      this.#accounts.set(mirror, account);
    }
    return account;
  }
}

function add(counts: Map<Part, number>, part: Part, size: number): void {
  counts.set(part, (counts.get(part) ?? 0) + size);
}
