/**
 * An edition over a network: from a verified target to its headlines (`edition.py`). `stories.ts` has what is behind
 * them, `notices.ts` the notices in force: nobody waits for the code of these before the headlines are there.
 *
 * What was signed and cannot be decoded all the same, the publisher made so: those errors pass through.
 */

import { type Manifest, parseHead } from "../bundle/manifest.ts";
import type { Piece } from "../bundle/piece.ts";
import { type Bytes, hex } from "../bytes.ts";
import { FormatError, LimitError, TrustError } from "../errors.ts";
import { sha256Of, type TargetInfo, type Verified } from "../trust/state.ts";
import type { How, Pieces } from "./fetch.ts";
import type { Part } from "./report.ts";

export const NOTICES_TARGET = "notices/set";
const headTarget = (channel: string): string => `${channel}/head`;

/** The target paths that a reader of `channel` needs. */
export const wanted = (channel: string): string[] => [headTarget(channel), NOTICES_TARGET];

/** The piece that a target names; `null` when the publisher signed no such target. */
export async function targetPiece(
  verified: Verified,
  path: string,
  pieces: Pieces,
  part: Part,
  how: How,
): Promise<Piece | null> {
  const target = await verified.target(path);
  if (!target) return null;
  const name = sha256Of(target);
  const piece = (await pieces.get([name], part, how))(name);
  await matches(target, piece.data);
  return piece;
}

/** One edition of one channel. */
export class RemoteEdition {
  /** The name of the head piece. */
  readonly head: string;
  readonly manifest: Manifest;
  /** What all else in it comes from. */
  readonly pieces: Pieces;

  constructor(head: Piece, pieces: Pieces) {
    this.head = head.name;
    this.manifest = parseHead(head);
    this.pieces = pieces;
  }

  /**
   * The edition of `channel` that `verified` names. `TrustError` (`no-edition`): the publisher has signed none.
   * `FormatError`: what he signed is no edition of this channel.
   */
  static async open(verified: Verified, channel: string, pieces: Pieces, how: How): Promise<RemoteEdition> {
    const head = await targetPiece(verified, headTarget(channel), pieces, "head", how);
    if (!head) throw new TrustError("no-edition");
    const edition = new RemoteEdition(head, pieces);
    if (edition.manifest.channel !== channel) throw new FormatError("other-channel");
    return edition;
  }
}

/** Returns when `data` is what was signed: right length, and every signed digest matches. */
async function matches(target: TargetInfo, data: Bytes): Promise<void> {
  if (data.length !== target.length) throw new LimitError();
  for (const [algorithm, digest] of target.hashes) {
    const size = /^sha(256|384|512)$/.exec(algorithm)?.[1];
    const found = size && hex(new Uint8Array(await crypto.subtle.digest(`SHA-${size}`, data)));
    if (found !== digest) throw new TrustError("target-hash");
  }
}
