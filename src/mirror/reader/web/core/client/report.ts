/**
 * What every mirror did in one run, and what it cost: evidence as data, kept in memory only (`report.py`).
 *
 * Nothing here holds an address or the name of a piece: mirrors go by their local names, and a piece by what it
 * was for. Words are made of it by whoever shows it.
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

/** What is to be thought of a mirror after this run, the worst first; FETCHING.md says what each means. */
export type Verdict = "lied" | "forked" | "withheld" | "behind" | "failed" | "good" | "unasked";

/** One thing a mirror did: a code, and about which metadata file or which `Part`. */
export interface Evidence {
  readonly code: string;
  readonly about: string;
}

/** One mirror's run. `evidence` holds each thing once; `bytes` counts what was good. */
export interface MirrorReport {
  readonly name: string;
  readonly verdict: Verdict;
  readonly pieces: number;
  readonly bytes: number;
  readonly evidence: readonly Evidence[];
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

interface Account {
  readonly evidence: Map<string, Evidence>;
  pieces: number;
  bytes: number;
}

/** Collects evidence and bytes in one run over mirrors (local names). */
export class Ledger {
  readonly #accounts = new Map<string, Account>();
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

  /** Every mirror's run so far, in the order the mirrors were given. */
  report(): MirrorReport[] {
    return [...this.#accounts].map(([name, { evidence, pieces, bytes }]) => {
      const found = [...evidence.values()];
      return { name, verdict: verdict(found, bytes > 0), pieces, bytes, evidence: found };
    });
  }

  #of(mirror: string): Account {
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

function verdict(evidence: readonly Evidence[], hasGiven: boolean): Verdict {
  const codes = new Set(evidence.map((each) => each.code));
  if ([...LIES, WRONG_PIECE, OVERSIZED_PIECE].some((code) => codes.has(code))) return "lied";
  if (codes.has("fork")) return "forked";
  if (codes.has("withheld")) return "withheld";
  if (codes.has(STALE) || codes.has("rolled-back")) return "behind"; // cannot have the newest pieces either
  if (codes.has(MISSING_PIECE)) return "withheld";
  if (codes.size && !hasGiven) return "failed";
  return hasGiven ? "good" : "unasked";
}
