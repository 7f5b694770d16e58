/**
 * The reader's own program over a network, as an installed reader takes it: from a verified target to the page and the
 * pieces that start it. Whoever signs `reader/page` writes the code that reads; nobody else does.
 */

import { unseal } from "../bundle/edition.ts";
import { parseList } from "../bundle/parcel.ts";
import { decodeProgram, indexPage, readFacts, readParts, TEMPLATE, withTemplate } from "../bundle/program.ts";
import type { Bytes } from "../bytes.ts";
import { TrustError } from "../errors.ts";
import { MAX_PROGRAM } from "../limits.ts";
import type { PieceList } from "../model.ts";
import type { Reader } from "../reader.ts";
import type { Verified } from "../trust/state.ts";
import { targetPiece } from "./edition.ts";
import type { How, Pieces } from "./fetch.ts";

const PROGRAM_TARGET = "reader/page";
/** The role that signs it; its version says which of two programs is the newer one. */
const READER_ROLE = "reader";

/** A whole program: the page that starts it, and all pieces that this names, its parts' too. */
export interface Program {
  readonly version: number;
  readonly index: Bytes;
  readonly pieces: ReadonlyMap<string, Bytes>;
}

/**
 * The program that is signed now, where it is newer than `version`; else `null`.
 *
 * `UnreachableError`: no mirror was heard, or some of it did not come. `FormatError`, `TrustError`: it was signed, and
 * cannot be one of this publication.
 */
export const newerProgram = (reader: Reader, version: number, how: How = {}): Promise<Program | null> =>
  reader.besides(
    PROGRAM_TARGET,
    (verified, pieces) => fetchProgram(verified, reader.root, version, pieces, how),
    how,
  );

async function fetchProgram(
  verified: Verified,
  root: string,
  version: number,
  pieces: Pieces,
  how: How,
): Promise<Program | null> {
  const signed = verified.versions.get(READER_ROLE) ?? 0;
  if (verified.freshness.state !== "current" || signed <= version) return null;
  const head = await targetPiece(verified, PROGRAM_TARGET, pieces, "program", how);
  if (!head) return null;
  const whole = new Map<string, Bytes>();
  const carried = async (list: PieceList): Promise<Bytes> => {
    const found = await pieces.get(list.digests, "program", how);
    for (const name of list.digests) whole.set(name, found(name).data);
    return unseal(list, found);
  };
  const list = parseList(head, MAX_PROGRAM);
  const files = decodeProgram(await carried(list));
  if (readFacts(files).root !== root) throw new TrustError("other-publication");
  let template = files.get(TEMPLATE);
  for (const [name, part] of readParts(files)) {
    const raw = await carried(part);
    if (name === TEMPLATE) template ??= raw;
  }
  return { version: signed, index: indexPage(withTemplate(files, template), list), pieces: whole };
}
