/** What is to be thought of each mirror after a run (`report.py`). */

import {
  type Account,
  type Evidence,
  LIES,
  MISSING_PIECE,
  OVERSIZED_PIECE,
  STALE,
  WRONG_PIECE,
} from "./report.ts";

/** What is to be thought of a mirror after this run, the worst first; FETCHING.md says what each means. */
export type Verdict = "lied" | "forked" | "withheld" | "behind" | "failed" | "good" | "unasked";

/** One mirror's run. */
export interface MirrorReport {
  readonly name: string;
  readonly verdict: Verdict;
  readonly pieces: number;
  readonly bytes: number;
  readonly evidence: readonly Evidence[];
}

/** A report on each of a ledger's `accounts`, in the same order. */
export const report = (accounts: ReadonlyMap<string, Account>): MirrorReport[] =>
  [...accounts].map(([name, { evidence, pieces, bytes }]) => {
    const found = [...evidence.values()];
    return { name, verdict: verdict(found, bytes > 0), pieces, bytes, evidence: found };
  });

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
