/**
 * Slips: the endpoints of one place in the tree and one epoch, sealed (`rotation/slips.py`, ROTATION.md section 6).
 *
 * That the publisher made a record is shown by the signature of its page, never by the record: everyone in a branch holds
 * its SUBTREE key, and can seal with it.
 */

import { type Bytes, bigEndian, concat, equal, utf8 } from "../bytes.ts";
import { hmac, openGcm } from "../crypto.ts";
import { FormatError } from "../errors.ts";
import { MAX_DEPTH } from "../limits.ts";
import { cursor } from "./binary.ts";
import { derive } from "./keys.ts";
import type { Entrance } from "./paths.ts";

const VERSION = 1;
const NONCE_SIZE = 12;
const FORMAT = "slip-format";

/**
 * What one record says. No entrances: "you are known, and there is nothing for you now". `look` is the depth under whose
 * key to look from the next epoch on; `until` the last epoch in which the endpoints are promised.
 */
export interface Slip {
  readonly entrances: readonly Entrance[];
  readonly look: number;
  readonly until: number;
}

/** Strict: one spelling, and zeros to the end (rule 5). */
function decode(content: Bytes): Slip {
  const fields = cursor(content, FORMAT);
  if (fields.number(1) !== VERSION) throw new FormatError("slip-version");
  const look = fields.number(1);
  const until = fields.number(4);
  const entrances = fields.entrances();
  fields.check(look <= MAX_DEPTH && !fields.rest().some(Boolean));
  return { entrances, look, until };
}

/**
 * Opens records of one slip key and epoch: the slip, or `null` for what is not sealed so. `FormatError` (`slip-version`,
 * `slip-format`): it is sealed so, and is no slip.
 */
export async function opener(slipKey: Bytes, publication: Bytes, epoch: number) {
  const number = bigEndian(epoch, 4);
  const keys = await derive(slipKey, "seal", number, 64);
  const bound = concat(utf8("mirror/1/slip"), publication, number);
  return async (record: Bytes): Promise<Slip | null> => {
    const nonce = record.slice(0, NONCE_SIZE);
    const content = await openGcm(keys.slice(0, 32), nonce, record.slice(NONCE_SIZE), bound);
    if (!content) return null;
    const digest = await hmac(keys.slice(32), concat(bound, content));
    if (!equal(nonce, digest.subarray(0, NONCE_SIZE))) throw new FormatError(FORMAT); // rule 2
    return decode(content);
  };
}
