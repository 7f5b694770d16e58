/** Where a slip lies: in which two pages, under which key (`rotation/looking.py`, ROTATION.md section 7). */

import { type Bytes, bigEndian } from "../bytes.ts";
import { derive } from "./keys.ts";

/**
 * Where a reader at `depth` looks with its next refresh (rules 3 and 4).
 *
 * `told` is the `look` of the slip that it found at `looked`; `null` when both pages came and held none.
 */
export function lookNext(told: number | null, looked: number, depth: number): number {
  if (told !== null) return Math.min(told, depth);
  return looked >= depth ? 0 : looked + 1;
}

/** The two different pages of an anchor, given its SUBTREE key; of `2 ** bits` pages (rule 5). */
export async function pageNumbers(anchor: Bytes, epoch: number, bits: number): Promise<[number, number]> {
  const digest = await derive(anchor, "page", bigEndian(epoch, 4));
  const count = 2 ** bits;
  const first = rest(digest.subarray(0, 8), count);
  return [first, (first + 1 + rest(digest.subarray(8), count - 1)) % count];
}

/** The big-endian number in `data` modulo `modulus`, which has at most 17 bits. */
const rest = (data: Bytes, modulus: number): number =>
  data.reduce((value, byte) => (value * 256 + byte) % modulus, 0);
