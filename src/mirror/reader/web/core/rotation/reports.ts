/**
 * Reports: which of their own endpoints did not answer a reader, sealed for the publisher alone (`rotation/reports.py`,
 * ROTATION.md section 10). Made here, and read as a text; opening one is the publisher's.
 *
 * `hpke.ts` is given to whoever makes one, and not taken from here: in a page it travels with another part.
 */

import { type Bytes, bigEndian, concat, hex, unhex, utf8 } from "../bytes.ts";
import { hmac } from "../crypto.ts";
import { FormatError } from "../errors.ts";
import { MAX_REPORTED, REPORT_SIZE } from "../limits.ts";
import { written } from "./binary.ts";
import type { Seal } from "./hpke.ts";
import { depthOf, derive, type Keyring, subtrees } from "./keys.ts";
import type { Entrance } from "./paths.ts";
import { fromLetters, fromLine, SPACE } from "./spelling.ts";

const VERSION = 1;
const NAME_SIZE = 8;
const MARK_SIZE = 8;
const PROOF_SIZE = 16;
const OVERHEAD = 48; // of `hpke.ts`: the key of the sender, and the tag
const LINE_LENGTH = (REPORT_SIZE / 3) * 4;

/** `country`: two capital letters, or empty for not said. */
export interface Statement {
  readonly epoch: number;
  readonly silent: readonly Entrance[];
  readonly country: string;
}

/**
 * What the reader with `ring` says, proved and sealed for the holder of `key`: `REPORT_SIZE` bytes.
 *
 * `fresh` are 32 random bytes, never used before. `RangeError`: no entrance was silent, or too many. `FormatError`,
 * `rotation-settings`: `key` is none.
 */
export async function seal(
  ring: Keyring,
  publication: Bytes,
  { epoch, silent, country }: Statement,
  key: Bytes,
  fresh: Bytes,
  hpke: Seal,
): Promise<Bytes> {
  const keys = await derive(ring.branch, "report-keys", undefined, 64);
  const names = (await subtrees(ring)).slice(1).map((each) => derive(each, "name", undefined, NAME_SIZE));
  const marks = silent.map(async (each) => {
    const digest = await hmac(keys.slice(32), concat(utf8("mirror/1/mark"), written([each]).slice(1)));
    return hex(digest.slice(0, MARK_SIZE)); // hexadecimal has the order of the bytes
  });
  const sorted = [...new Set(await Promise.all(marks))].sort();
  if (!sorted.length || sorted.length > MAX_REPORTED) throw new RangeError();
  const said = concat(
    bigEndian(epoch, 4),
    country ? utf8(country) : new Uint8Array(2),
    Uint8Array.of(depthOf(ring)),
    ...(await Promise.all(names)),
    Uint8Array.of(sorted.length),
    unhex(sorted.join("")),
  );
  const info = concat(utf8("mirror/1/report"), publication);
  const proof = await hmac(keys.slice(0, 32), concat(info, said));
  const content = new Uint8Array(REPORT_SIZE - 1 - OVERHEAD);
  content.set(concat(said, proof.slice(0, PROOF_SIZE)));
  const sealed = await hpke(content, key, info, fresh);
  if (!sealed) throw new FormatError("rotation-settings");
  return concat(Uint8Array.of(VERSION), sealed);
}

/** The bytes of a report in a line or in letters; `FormatError`, `report-damaged`: a character is missing or wrong. */
export function parse(text: string): Bytes {
  const packed = text.replace(new RegExp(SPACE, "g"), ""); // mail programs break lines
  const data = packed.length === LINE_LENGTH ? fromLine(packed) : fromLetters(text);
  if (!data) throw new FormatError("report-damaged");
  return data;
}
