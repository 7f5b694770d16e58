/** Letters for bytes (RFC 4648, without padding). */

import type { Bytes } from "./bytes.ts";

export const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
export const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** `data` in the letters of `alphabet`, of which there are a power of two. */
export function lettersOf(data: Bytes, alphabet: string): string {
  let text = "";
  regroup(data, 8, Math.log2(alphabet.length), (place) => {
    text += alphabet.charAt(place);
  });
  return text;
}

/** The bytes that `lettersOf` writes as `text`; `null` when there are none: one spelling. */
export function bytesOf(text: string, alphabet: string): Bytes | null {
  const places = Array.from(text, (letter) => alphabet.indexOf(letter));
  if (places.includes(-1)) return null;
  const bits = Math.log2(alphabet.length);
  const data: number[] = [];
  regroup(places, bits, 8, (byte) => data.push(byte));
  // What did not fill a byte was zero padding of the last letter, or nothing that anybody wrote.
  const whole = new Uint8Array(data.slice(0, Math.floor((places.length * bits) / 8)));
  return lettersOf(whole, alphabet) === text ? whole : null;
}

/** Gives the bits of `numbers`, `from` each, as numbers of `to` bits, the last one filled up with zeros. */
function regroup(numbers: Iterable<number>, from: number, to: number, give: (number: number) => void): void {
  let held = 0;
  let bits = 0;
  for (const number of numbers) {
    held = (held << from) | number;
    for (bits += from; bits >= to; held &= (1 << bits) - 1) {
      bits -= to;
      give(held >> bits);
    }
  }
  if (bits) give(held << (to - bits));
}
