/**
 * Slip pages: records and decoys in signed files of one piece's size (`rotation/pages.py`, ROTATION.md section 8).
 *
 * Whoever made a page may be believed; whoever sealed a record need not be. A page of an index is opened like any, and
 * holds no slip: it is for mirrors.
 */

import { type Bytes, bigEndian, concat, equal, utf8 } from "../bytes.ts";
import { verifyEd25519 } from "../crypto.ts";
import { FormatError, TrustError } from "../errors.ts";
import { MAX_PIECE, SLIP_RECORD } from "../limits.ts";
import { type Keyring, slipKeys, subtree } from "./keys.ts";
import { pageNumbers } from "./looking.ts";
import { opener, type Slip } from "./slips.ts";

const VERSION = 1;
const HEAD_SIZE = 16;
const BODY_AT = HEAD_SIZE + 64; // the signature lies between

/** Which page of which epoch; `2 ** bits` slip pages there are in it. */
export interface Name {
  readonly epoch: number;
  readonly number: number;
  readonly bits: number;
}

/** A page whose signature was checked, made at the instant `issued`. Only `openPage` makes one. */
export interface Page {
  readonly name: Name;
  readonly issued: number;
  readonly body: Bytes;
  readonly __signed: never;
}

/** Where a mirror's tree holds the page. */
export const pathOf = (name: Name): string => `s/${name.epoch}/${name.number}`;

/**
 * The page `name` in `data`, which one of `keys` (raw Ed25519) signed. `notBefore` is the `issued` of the newest copy of
 * this page that was seen (rule 3).
 *
 * `FormatError`: `slip-page`, `slip-version`. `TrustError`: `slip-page-other`, `slip-signature`, `slip-page-older`.
 */
export async function openPage(
  data: Bytes,
  name: Name,
  publication: Bytes,
  keys: readonly Bytes[],
  notBefore = 0,
): Promise<Page> {
  if (data.length !== MAX_PIECE) throw new FormatError("slip-page");
  if (data[0] !== VERSION) throw new FormatError("slip-version");
  const head = data.slice(0, HEAD_SIZE);
  const issued = new DataView(head.buffer).getUint32(HEAD_SIZE - 4);
  const kind = name.number < 2 ** name.bits ? 0 : 1;
  const expected = [bigEndian(name.epoch, 4), bigEndian(name.number, 4), bigEndian(issued, 4)];
  if (!equal(head, concat(Uint8Array.of(VERSION, kind, name.bits, 0), ...expected))) {
    throw new TrustError("slip-page-other");
  }
  const body = data.slice(BODY_AT);
  const message = concat(utf8("mirror/1/slip-page"), publication, head, body);
  const signature = data.slice(HEAD_SIZE, BODY_AT);
  const signed = await Promise.all(keys.map((key) => verifyEd25519(key, signature, message)));
  if (!signed.includes(true)) throw new TrustError("slip-signature");
  if (issued < notBefore) throw new TrustError("slip-page-older");
  return { name, issued, body } as Page;
}

/** The two pages that the reader with `ring` asks for, in ascending order. `look` as its last slip said. */
export async function pagesOf(
  ring: Keyring,
  look: number,
  epoch: number,
  bits: number,
): Promise<[Name, Name]> {
  const [one, other] = await pageNumbers(await subtree(ring, look), epoch, bits);
  const name = (number: number): Name => ({ epoch, number, bits });
  return [name(Math.min(one, other)), name(Math.max(one, other))];
}

/**
 * The slip for the reader with `ring` in `pages` (of one epoch); where several open, the most particular.
 *
 * Every key is tried on every record, whatever is found: the work tells nothing. `FormatError` as `opener`.
 */
export async function findSlip(
  pages: readonly Page[],
  ring: Keyring,
  publication: Bytes,
): Promise<Slip | null> {
  let found: Slip | null = null;
  for (const key of await slipKeys(ring)) {
    for (const { name, body } of pages) {
      const open = await opener(key, publication, name.epoch);
      for (let at = 0; at < body.length; at += SLIP_RECORD) {
        const slip = await open(body.slice(at, at + SLIP_RECORD));
        found ??= slip;
      }
    }
  }
  return found;
}
