/**
 * Epoch paths: what an endpoint must be asked under, so that a prober learns nothing from it (`rotation/paths.py`).
 *
 * Readers hold the path key, not the path: an invitation on paper and a slip of a publisher who has fallen silent go on
 * working.
 */

import { type Bytes, bigEndian, concat, utf8 } from "../bytes.ts";
import { hmac } from "../crypto.ts";
import { BASE32, lettersOf } from "../letters.ts";
import { MAX_ENTRANCE } from "../limits.ts";

export const PATH_KEY_SIZE = 16;
const PATH_LENGTH = 24; // characters of base32: 120 bits

/** How readers reach one endpoint in any epoch. `key` is a path key, or empty where no path changes. */
export interface Entrance {
  readonly text: string;
  readonly key: Bytes;
}

/** Whether `text` is what an entrance may carry: an `http(s)` base that ends in `/`, then perhaps a fragment. */
export const isAddress = (text: string): boolean =>
  text.length <= MAX_ENTRANCE && /^https?:\/\/[^?@#]+\/(?:#.+)?$/.test(text) && /^[!-~]+$/.test(text);

/**
 * Whether a browser can go where the entrance says. A fragment with `connect` or `sni` asks to connect elsewhere than the
 * name says; a browser would connect to the name, which may be watched: such an entrance is not to be tried.
 */
export const isReachable = (entrance: Entrance): boolean => !entrance.text.includes("#");

/** The address to use in `epoch`, in the text form of `net/address.py`. */
export async function addressIn(entrance: Entrance, epoch: number): Promise<string> {
  const { text, key } = entrance;
  return key.length ? text.replace(/(?=#)|$/, `${await path(key, epoch)}/`) : text;
}

/** The path segment of `epoch`: `a-z2-7`. */
export async function path(key: Bytes, epoch: number): Promise<string> {
  const digest = await hmac(key, concat(utf8("mirror/1/path"), bigEndian(epoch, 4)));
  return lettersOf(digest, BASE32).toLowerCase().slice(0, PATH_LENGTH);
}
