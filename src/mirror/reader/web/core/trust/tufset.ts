/**
 * The verified metadata of one statement: TUF's state machine (specification 1.0.34, 5.3 to 5.6) and our rules.
 *
 * R3: a threshold is met by different public keys. R4: a snapshot of another version than the timestamp names is refused
 * before it is looked at, since it would make the right one look rolled back. R5: a file is accepted for the role that it
 * says it was signed for. R13: expiry is judged at the instant that was given, or not at all (`PINNED`).
 */

import type { Bytes } from "../bytes.ts";
import { FormatError, TrustError } from "../errors.ts";
import { distinctSigners, isAsSigned } from "./keys.ts";
import { type Metadata, type MetaFile, parse, type Role, type Signed } from "./metadata.ts";
import { ROOT, type Signers, SNAPSHOT, TARGETS, TIMESTAMP } from "./state.ts";

declare const verified: unique symbol;

/** A file that was verified, and who signed it. Only this module makes one. */
export interface Trusted extends Metadata, Signers {
  readonly [verified]: true;
}

/** A role of targets, as one of those who delegate to it lets it be. */
export interface Branch {
  readonly role: string;
  readonly parent: string;
  readonly file: Trusted;
}

/** As a reference: nothing is expired; the caller judges expiry itself. */
export const PINNED = 0;

const NOT_TARGETS: readonly string[] = [ROOT, TIMESTAMP, SNAPSHOT];

const isExpired = (signed: Signed, reference: number): boolean => reference >= signed.expires;

/** What the snapshot or the timestamp says of a file. */
const said = (file: Trusted, name: string): MetaFile | undefined => file.signed.meta.get(`${name}.json`);

function refuse(unless: boolean, code: string): asserts unless {
  if (!unless) throw new TrustError(code);
}

function opened(data: Bytes, role: string): Metadata {
  const metadata = parse(data);
  if (metadata.signed.type !== (NOT_TARGETS.includes(role) ? role : TARGETS))
    throw new FormatError("metadata");
  refuse(metadata.signed.role === undefined || metadata.signed.role === role, "wrong-role"); // R5
  return metadata;
}

/** Who `delegator` wants to sign `role`. */
function roleIn(delegator: Signed, role: string): Role {
  const { roles, delegations, bins } = delegator;
  const found = roles.get(role) ?? delegations.find(({ name }) => name === role);
  if (found) return found;
  const digits = Math.ceil((bins?.bits ?? 0) / 4);
  const bin = role.startsWith(`${bins?.prefix}-`) ? role.slice(-digits) : "";
  const isBin = bins && role.length === bins.prefix.length + 1 + digits && /^[\da-f]+$/.test(bin);
  if (!isBin || Number.parseInt(bin, 16) >= 2 ** bins.bits) throw new FormatError("metadata");
  return bins;
}

/** `metadata` as verified, when enough different keys signed it (R3). */
async function enough(delegator: Signed, role: string, metadata: Metadata): Promise<Trusted> {
  const { threshold, keyids: holders } = roleIn(delegator, role);
  const keyids = await distinctSigners({ threshold, keyids: holders }, delegator.keys, metadata);
  refuse(keyids.length >= threshold, "bad-signature");
  return { ...metadata, keyids, threshold, holders: holders.length } as unknown as Trusted;
}

/** A root that signs itself. */
export async function openRoot(data: Bytes): Promise<Trusted> {
  const metadata = opened(data, ROOT);
  return enough(metadata.signed, ROOT, metadata);
}

/** The root that follows on `root`: signed by the one before and by itself. */
export async function nextRoot(root: Trusted, data: Bytes): Promise<Trusted> {
  const metadata = opened(data, ROOT);
  refuse(metadata.signed.version === root.signed.version + 1, "wrong-version");
  await enough(root.signed, ROOT, metadata);
  return enough(metadata.signed, ROOT, metadata);
}

/**
 * The metadata accepted so far; every `add…` verifies, then keeps, or throws and keeps not.
 *
 * Exception to the rule: an expired timestamp, or a stored snapshot that the timestamp has moved past, throws and is kept
 * for rollback checks only, as the specification wants it.
 */
export class TrustedSet {
  readonly root: Trusted;
  readonly branches: Branch[] = [];
  readonly #reference: number;
  #timestamp: Trusted | undefined;
  #snapshot: Trusted | undefined;

  constructor(root: Trusted, reference: number) {
    this.root = root;
    this.#reference = reference;
  }

  /** The accepted timestamp; an error of the caller before there is one. */
  get timestamp(): Trusted {
    if (!this.#timestamp) throw new Error("no timestamp");
    return this.#timestamp;
  }

  /** The accepted snapshot; an error of the caller before there is one. */
  get snapshot(): Trusted {
    if (!this.#snapshot) throw new Error("no snapshot");
    return this.#snapshot;
  }

  /** What the timestamp says of the snapshot. */
  get named(): MetaFile {
    return said(this.timestamp, SNAPSHOT) as MetaFile;
  }

  /** The last accepted targets metadata `role`; undefined if there is none. */
  role(role: string): Trusted | undefined {
    return this.branches.findLast((branch) => branch.role === role)?.file;
  }

  /** `role` as delegated to by `parent`. */
  branch(role: string, parent: string): Trusted | undefined {
    return this.branches.find((branch) => branch.role === role && branch.parent === parent)?.file;
  }

  /** Accept a timestamp; also throws `equal-version` and `rolled-back`. */
  async addTimestamp(data: Bytes): Promise<Trusted> {
    const file = await enough(this.root.signed, TIMESTAMP, opened(data, TIMESTAMP));
    this.#refuseExpired(this.root);
    if (this.#timestamp) {
      const before = this.#timestamp;
      refuse(file.signed.version >= before.signed.version, "rolled-back");
      refuse(file.signed.version > before.signed.version, "equal-version");
      const [now, then] = [said(file, SNAPSHOT), said(before, SNAPSHOT)] as [MetaFile, MetaFile];
      refuse(now.version >= then.version, "rolled-back");
    }
    this.#timestamp = file;
    this.#refuseExpired(file);
    return file;
  }

  /** Accept the snapshot that the timestamp names, or load a stored one for rollback checks. */
  async addSnapshot(data: Bytes, isStored = false): Promise<Trusted> {
    const metadata = opened(data, SNAPSHOT);
    refuse(isStored || metadata.signed.version === this.named.version, "wrong-version"); // R4
    const file = await enough(this.root.signed, SNAPSHOT, metadata);
    this.#refuseExpired(this.timestamp);
    refuse(isStored || (await isAsSigned(this.named, data)), "not-as-signed");
    for (const [name, { version }] of this.#snapshot?.signed.meta ?? []) {
      const now = file.signed.meta.get(name);
      refuse(now !== undefined, "not-as-signed");
      refuse(now.version >= version, "rolled-back");
    }
    this.#snapshot = file;
    this.#refuseOldSnapshot();
    return file;
  }

  /** Accept targets metadata `role` as delegated by `parent`. */
  async addTargets(data: Bytes, role: string, parent: string): Promise<Trusted> {
    refuse(!NOT_TARGETS.includes(role) && (role === TARGETS) === (parent === ROOT), "wrong-role"); // R5
    const metadata = opened(data, role);
    const named = said(this.snapshot, role);
    refuse(named !== undefined, "not-named");
    refuse(metadata.signed.version === named.version, "wrong-version");
    const delegator = parent === ROOT ? this.root : this.role(parent);
    if (!delegator) throw new Error("no delegator");
    const file = await enough(delegator.signed, role, metadata);
    this.#refuseOldSnapshot();
    refuse(await isAsSigned(named, data), "not-as-signed");
    this.#refuseExpired(file);
    this.branches.push({ role, parent, file });
    return file;
  }

  #refuseExpired(file: Trusted): void {
    refuse(!isExpired(file.signed, this.#reference), "expired");
  }

  #refuseOldSnapshot(): void {
    this.#refuseExpired(this.snapshot);
    refuse(this.snapshot.signed.version === this.named.version, "rolled-back");
  }
}
