/**
 * The values of the trust layer: what is stored, asked, observed and verified. Rules: trust/RULES.md.
 *
 * Times are instants (whole Unix seconds, UTC). File names are those of `m/` without a version: `root.json`,
 * `timestamp.json`, `snapshot.json`, `targets.json`, and `<role>.json` with the role's name percent-encoded.
 */

import { type Bytes, textOf, utf8 } from "../bytes.ts";
import { FormatError, TrustError } from "../errors.ts";
import { MAX_DELEGATIONS, MAX_METADATA, MAX_ROOT_ROTATIONS } from "../limits.ts";

export const ROOT = "root";
export const TIMESTAMP = "timestamp";
export const SNAPSHOT = "snapshot";
export const TARGETS = "targets";

export type Files = ReadonlyMap<string, Bytes>;

/** The name of a role's metadata file, with the version where it has one in its name. */
export function fileOf(role: string, version?: number): string {
  const odd = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  const name = `${encodeURIComponent(role).replace(/[!'()*]/g, odd)}.json`;
  return version === undefined ? name : `${version}.${name}`;
}

/** The name, in `m/`, of the file with all metadata that a reader of `channel` needs. */
export const headPath = (channel: string): string => `heads/${channel}`;

/** The most bytes of each kind of file, and the longest chains, that a session accepts. */
export interface SessionLimits {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  readonly rotations: number;
  readonly delegations: number;
}

export const OUR_LIMITS: SessionLimits = {
  root: MAX_METADATA,
  timestamp: MAX_METADATA,
  snapshot: MAX_METADATA,
  targets: MAX_METADATA,
  rotations: MAX_ROOT_ROTATIONS,
  delegations: MAX_DELEGATIONS,
};

/** What a source did with one file; RULES.md, Observations, says what each means. */
export type Kind =
  | "stale"
  | "rolled-back"
  | "withheld"
  | "unreachable"
  | "invalid-signature"
  | "wrong-version"
  | "malformed"
  | "oversized"
  | "fork";

/** `file` is a name in `m/`, safe to show. */
export interface Observation {
  readonly source: string;
  readonly kind: Kind;
  readonly file: string;
}

/** Whether no honest mirror could have done it, however far behind. */
export const isLie = ({ kind }: Observation): boolean =>
  /^(?:invalid-signature|wrong-version|malformed|oversized)$/.test(kind);

/** How fresh what is shown is (R14). Nothing is ever deleted for being old. */
export type State = "current" | "old" | "held-back";

/**
 * `asOf`: when the shown statement was issued (0 if it does not say). `expires`: the earliest expiry of all it stands
 * on; `oldSince`: the same once it has passed. `reference`: the instant it was judged at. `skewSeconds`: how far the
 * device's clock lags behind the newest signed instant. `isChecked`: a source showed a genuine statement just now.
 */
export interface Freshness {
  readonly state: State;
  readonly asOf: number;
  readonly expires: number;
  readonly oldSince: number | null;
  readonly reference: number;
  readonly skewSeconds: number;
  readonly isChecked: boolean;
}

/** What was signed of one file: digests are lower-case hexadecimal, by algorithm. */
export interface TargetInfo {
  readonly length: number;
  readonly hashes: ReadonlyMap<string, string>;
}

/** The SHA-256 of a target; `TrustError` when the publisher signed only other digests. */
export function sha256Of(target: TargetInfo): string {
  const digest = target.hashes.get("sha256");
  if (digest === undefined) throw new TrustError("no-sha256");
  return digest;
}

/** Who signed one role: the ids of different keys, out of `holders`, where `threshold` must. */
export interface Signers {
  readonly keyids: readonly string[];
  readonly threshold: number;
  readonly holders: number;
}

/**
 * What is kept between sessions, as one value: it must be replaced whole or not at all.
 *
 * `root`: the newest trusted root. `files`: the last complete generation, with the root it was verified under as
 * `root.json` (empty for a newcomer). `pending`: the newest genuine timestamp that could not be completed. `floor`: the
 * newest signed instant seen. Nothing here comes from the device's clock (R12).
 */
export interface Stored {
  readonly root: Bytes;
  readonly files: Files;
  readonly pending: Bytes | null;
  readonly floor: number;
}

/** What an invitation gives: the first root. */
export const newcomer = (root: Bytes): Stored => ({ root, files: new Map(), pending: null, floor: 0 });

/** One flat mapping for a store of generations; `fromFiles` undoes it. */
export function toFiles(stored: Stored): Map<string, Bytes> {
  const files = new Map([...stored.files].map(([name, data]) => [`trusted/${name}`, data]));
  files.set("root.json", stored.root).set("floor", utf8(`${stored.floor}\n`));
  if (stored.pending) files.set("pending.json", stored.pending);
  return files;
}

/** What `toFiles` gave, out of a mapping that may hold other files too; `FormatError` for anything else. */
export function fromFiles(files: Files): Stored {
  const [root, line] = [files.get("root.json"), files.get("floor")];
  const digits = /^(0|[1-9][0-9]{0,11})\n$/.exec(line ? textOf(line, "stored-trust") : "")?.[1];
  if (!root || digits === undefined) throw new FormatError("stored-trust");
  const trusted = [...files].flatMap(([name, data]): [string, Bytes][] =>
    name.startsWith("trusted/") ? [[name.slice(8), data]] : [],
  );
  return {
    root,
    files: new Map(trusted),
    pending: files.get("pending.json") ?? null,
    floor: Number(digits),
  };
}

/** A request: fetch `path` (below `m/`) from `source`, at most `limit` bytes. Told apart by identity. */
export interface Ask {
  readonly source: string;
  readonly path: string;
  readonly limit: number;
}

/**
 * A complete set of verified metadata; nothing in it came unverified from a mirror.
 *
 * `files`: the exact bytes, by name without version. `stored`: what to keep for the next session, also when the
 * freshness is not current. `showed`: the version of the genuine timestamp that each source showed.
 */
export interface Verified {
  readonly files: Files;
  readonly versions: ReadonlyMap<string, number>;
  readonly signers: ReadonlyMap<string, Signers>;
  readonly freshness: Freshness;
  readonly observations: readonly Observation[];
  readonly showed: ReadonlyMap<string, number>;
  readonly stored: Stored;
  readonly isConsistent: boolean;
  /**
   * What was signed of a target; `null` when the publisher signed no such target. `TrustError` (`not-loaded`) when
   * the answer lies in a role that this session was not asked for, or could not obtain.
   */
  target(path: string): Promise<TargetInfo | null>;
}

/**
 * One refresh of the metadata, driven from outside; `MetadataSession.begin` makes one.
 *
 *     while ((asks = session.requests()).length) {
 *       ...                                  // any of them, in any order, at the same time
 *       await session.received(ask, body);   // or await session.failed(ask, code);
 *     }
 *     verified = session.result();
 *
 * `requests()` is empty when the session has ended; it means nothing before what `received` or `failed` promised is
 * there.
 */
export interface Session {
  requests(): readonly Ask[];
  /** Bring the whole body of an open request. */
  received(ask: Ask, body: Bytes): Promise<void>;
  /** Say that an open request failed; `code` as in `EndpointError`, or `UNASKED`. */
  failed(ask: Ask, code: string): Promise<void>;
  /** False when `body` is surely not what `ask` wants; changes nothing. */
  mayBeGenuine(ask: Ask, body: Bytes): Promise<boolean>;
  /** What the sources did so far; true also after the session failed. */
  readonly observations: readonly Observation[];
  /** The files verified so far in a strict session, in order; true also after it failed. */
  readonly accepted: Files;
  /** What was verified; throws `UnreachableError`, `TrustError` or, in a strict session, the first fault. */
  result(): Verified;
}

/** The code of a clean "no such file". */
export const ABSENT = "absent";
/** The driver did not ask, or did not wait: says nothing of the source. */
export const UNASKED = "unasked";
