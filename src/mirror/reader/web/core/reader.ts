/**
 * One run of a reader's program: verified metadata, notices, the edition. What the shells call.
 *
 * The twin of `reader/session.py`, whose rules 1 to 6 hold here.
 */

import type { Bytes } from "./bytes.ts";
import type { Transport } from "./client/net.ts";
import type { Cost, MirrorReport } from "./client/report.ts";
import type { Store } from "./client/store.ts";
import type { MirrorError } from "./errors.ts";

/** Told how far something got, in pieces; `total` may grow. */
export type Progress = (done: number, total: number) => void;

/** How something is asked for: who is told how far it got, and what ends it before its time. */
export interface How {
  readonly told?: Progress;
  readonly signal?: AbortSignal;
}

export interface Options {
  /** The root that all trust begins from: its bytes, or its SHA-256 in lower-case hexadecimal. */
  readonly root: Bytes | string;
  readonly channel: string;
  /** Addresses of mirrors, the best liked first; what no browser can use is left out. */
  readonly mirrors: readonly string[];
  /** The text of an invitation; its endpoints are asked besides `mirrors`. */
  readonly invitation?: string;
  readonly transport: Transport;
  /** Memory by default. */
  readonly store?: Store;
  /** The device's clock, in whole seconds; it may be wrong by years. */
  readonly now: () => number;
  /** When this program was built: no clock is believed below that. */
  readonly built: number;
}

/** How fresh what is shown is (`trust/state.py`). */
export interface Freshness {
  readonly state: "current" | "old" | "held-back";
  readonly asOf: number;
  readonly expires: number;
  readonly oldSince: number | null;
  readonly reference: number;
  readonly skewSeconds: number;
  readonly isChecked: boolean;
}

/** Who signed one role: the ids of different keys, out of `holders`, where `threshold` must. */
export interface Signers {
  readonly keyids: readonly string[];
  readonly threshold: number;
  readonly holders: number;
}

/**
 * One run. Begin with `refresh`; then the rest tells what was verified. `takeNotices` is apart, so that headlines
 * do not wait for it; until then every act is closed.
 *
 *   const reader = await openReader(options);
 *   await reader.refresh();                  // UnreachableError, TrustError: nothing could be verified
 *   const edition = await reader.edition();
 *   await reader.takeNotices();              // never throws: `noticesError` says why there are none
 *   await reader.takeSlips();                // never throws: `finding` says how it went
 *   await reader.keep();                     // where the person chose a library
 */
export interface Reader<Edition, Notices> {
  readonly channel: string;
  /** Ask a few mirrors what is new (or `everyone`, so that each is judged), and verify it. */
  refresh(how?: How & { readonly everyone?: boolean }): Promise<void>;
  readonly freshness: Freshness;
  /** By role, such as `timestamp` or `channel-ru`. */
  readonly signers: ReadonlyMap<string, Signers>;
  /** The instant that everything is judged at: never before a signed one that was seen. */
  readonly now: number;
  /** The newest edition; or the one that is held where that cannot be had, and then `isSaved`. */
  edition(how?: How): Promise<Edition>;
  readonly isSaved: boolean;
  takeNotices(how?: How): Promise<void>;
  readonly notices: Notices | null;
  readonly noticesError: MirrorError | null;
  /** Look for this reader's slip once, and take what it hands out into use. */
  takeSlips(how?: How): Promise<void>;
  /** `null` without an invitation, and before `takeSlips`. */
  readonly finding: string | null;
  /** Remember in the store what was verified, and the pieces; nothing while there are no notices. */
  keep(): Promise<void>;
  /** What each mirror did, also after a failure; and what the run cost. */
  report(): MirrorReport[];
  cost(): Cost;
  /** End everything that is under way. */
  close(): void;
}
