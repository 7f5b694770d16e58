/**
 * The tree of keys, as far as one reader holds it (`rotation/keys.py`, ROTATION.md section 2).
 *
 * A node's *branch key* gives everything at and below it. The slip key OWN opens what is for its reader alone, SUBTREE
 * what is for everyone at or below; of the nodes above a reader has the SUBTREE keys and nothing else.
 */

import { type Bytes, bigEndian, concat, utf8 } from "../bytes.ts";
import { hkdf } from "../crypto.ts";
import { MAX_INDEX } from "../limits.ts";

export const KEY_SIZE = 16;
export const PUBLICATION_SIZE = 32; // bytes of a publication's name: SHA-256 of its first root

/** What the reader of one invitation holds. `ancestors`: SUBTREE keys of the nodes above, the root's first. */
export interface Keyring {
  readonly branch: Bytes;
  readonly ancestors: readonly Bytes[];
}

/** `size` bytes of `key` for one purpose: a label and a fixed number of bytes. */
export const derive = (
  key: Bytes,
  label: string,
  bytes: Bytes = new Uint8Array(),
  size = KEY_SIZE,
): Promise<Bytes> => hkdf(key, concat(utf8(`mirror/1/${label}`), bytes), size);

/** Steps below the root. */
export const depthOf = (ring: Keyring): number => ring.ancestors.length;

/** The SUBTREE keys on the way from the root to this node, itself included. */
export const subtrees = async (ring: Keyring): Promise<Bytes[]> => [
  ...ring.ancestors,
  await derive(ring.branch, "subtree"),
];

/** The SUBTREE key of the node at `depth` on the way to this one; deeper than itself means itself. */
export async function subtree(ring: Keyring, depth: number): Promise<Bytes> {
  const keys = await subtrees(ring);
  return keys[depth] ?? keys[keys.length - 1]!;
}

/** Every slip key this reader can open something with; the most particular first. */
export async function slipKeys(ring: Keyring): Promise<Bytes[]> {
  return [await derive(ring.branch, "own"), ...(await subtrees(ring)).reverse()];
}

/** What the reader of child `index` holds. `RangeError`: the index is out of bounds. */
export async function child(ring: Keyring, index: number): Promise<Keyring> {
  if (!(index >= 0 && index <= MAX_INDEX)) throw new RangeError();
  return {
    branch: await derive(ring.branch, "child", bigEndian(index, 2)),
    ancestors: await subtrees(ring),
  };
}
