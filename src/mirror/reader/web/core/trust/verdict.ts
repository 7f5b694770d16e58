/** From accepted metadata to a verdict: how fresh, as of when, signed by whom, what to store. */

import type { Bytes } from "../bytes.ts";
import { FormatError, TrustError } from "../errors.ts";
import {
  type Files,
  fileOf,
  type Observation,
  ROOT,
  type Signers,
  SNAPSHOT,
  type State,
  type Stored,
  TIMESTAMP,
  type Verified,
} from "./state.ts";
import { PINNED, type Trusted, TrustedSet } from "./tufset.ts";
import { search } from "./verified.ts";

/** A genuine timestamp, and the sources that show it (none: it is from our own store). */
export interface Offer {
  readonly sources: readonly string[];
  readonly data: Bytes;
  readonly payload: string;
  readonly version: number;
  readonly issued: number;
}

/** The offer in `data`; `FormatError` or `TrustError` when it is no timestamp that `root` stands behind, expired or not. */
export async function offerOf(data: Bytes, root: Trusted, sources: readonly string[]): Promise<Offer> {
  const { payload, signed } = await new TrustedSet(root, PINNED).addTimestamp(data);
  // R11: an online key may not push our clock past what the offline keys vouch for.
  const issued = Math.min(signed.issued, root.signed.expires);
  return { sources, data, payload, version: signed.version, issued };
}

/** What a session ends with. `missed`: genuine and newer statements that stayed incomplete. */
export async function verdict(
  { trusted, files }: { readonly trusted: TrustedSet; readonly files: Files },
  told: {
    readonly stored: Stored;
    readonly root: Trusted;
    readonly shown: readonly Offer[];
    readonly missed: readonly Offer[];
    readonly now: number;
    readonly hasAnswered: boolean;
    readonly observations: readonly Observation[];
    readonly delegations: number;
  },
): Promise<Verified> {
  const { stored, root, shown, missed, now, hasAnswered, observations } = told;
  const { timestamp } = trusted;
  const roles = new Map<string, Trusted>([
    [ROOT, trusted.root],
    [TIMESTAMP, timestamp],
    [SNAPSHOT, trusted.snapshot],
    ...trusted.branches.map(({ role, file }): [string, Trusted] => [role, file]),
  ]);
  const floor = await floorOf(stored, root, shown);
  const reference = Math.max(now, floor); // R12
  const expires = Math.min(...[...roles.values()].map(({ signed }) => signed.expires));
  const isExpired = expires <= reference;
  let state: State = isExpired ? "old" : "current"; // R14
  if (missed.length || (hasAnswered && timestamp.signed.expires <= reference)) state = "held-back";
  const newest = missed.reduce<Offer | null>(
    (best, each) => (best && best.version >= each.version ? best : each),
    null,
  );
  return {
    files,
    versions: new Map([...roles].map(([role, { signed }]) => [role, signed.version])),
    signers: new Map(
      [...roles].map(([role, { keyids, threshold, holders }]): [string, Signers] => [
        role,
        { keyids, threshold, holders },
      ]),
    ),
    freshness: {
      state,
      asOf: timestamp.signed.issued,
      expires,
      oldSince: isExpired ? expires : null,
      reference,
      skewSeconds: Math.max(0, floor - now),
      isChecked: shown.length > 0,
    },
    observations,
    showed: new Map(shown.flatMap(({ sources, version }) => sources.map((source) => [source, version]))),
    stored: {
      root: root.data,
      files,
      pending: newest && newest.payload !== timestamp.payload ? newest.data : null,
      floor,
    },
    isConsistent: trusted.root.signed.isConsistent,
    target: (path) =>
      search(path, told.delegations, async (role, parent) => {
        const file = trusted.branch(role, parent);
        if (!file) throw new TrustError("not-loaded");
        return file.signed;
      }),
  };
}

/** R10, R12: the newest signed instant, forgotten with the key that signed it. */
async function floorOf(stored: Stored, root: Trusted, shown: readonly Offer[]): Promise<number> {
  const issued = shown.map((offer) => offer.issued);
  let isRevoked = false;
  for (const data of [stored.files.get(fileOf(TIMESTAMP)), stored.pending]) {
    try {
      if (data) issued.push((await offerOf(data, root, [])).issued);
    } catch (error) {
      if (error instanceof TrustError) isRevoked = true;
      // A damaged store says nothing about keys.
      else if (!(error instanceof FormatError)) throw error;
    }
  }
  return Math.max(isRevoked ? 0 : stored.floor, 0, ...issued);
}
