/**
 * Bytes as people pass them on: a line that fits into a link, or letters to type by hand (`rotation/spelling.py`).
 *
 * What is read is strict, but for what hands and mail programs do to a text: case, white space and hyphens between
 * letters. There is one spelling, so what is read is written the same again.
 */

import type { Bytes } from "../bytes.ts";
import { BASE32, BASE64URL, bytesOf, lettersOf } from "../letters.ts";

/** White space as Python has it: with the separators of ASCII and NEL, without the byte order mark. */
export const SPACE = "(?:[\\x1c-\\x1f\\x85]|(?!\\ufeff)\\s)";
const BETWEEN = new RegExp(`-|${SPACE}`, "g");

/** base64url (RFC 4648) without padding. */
export const line = (data: Bytes): string => lettersOf(data, BASE64URL);

/** What `line` gave; `null` for anything else. */
export const fromLine = (text: string): Bytes | null => bytesOf(text, BASE64URL);

/** base32 without padding, in groups of four, six groups to a line. */
export function letters(data: Bytes): string {
  const groups = lettersOf(data, BASE32).match(/.{1,4}/g) ?? [];
  return groups.map((group, place) => (place ? (place % 6 ? "-" : "\n") : "") + group).join("");
}

/** What `letters` gave, in any case, with any white space and hyphens between the letters; `null` for anything else. */
export function fromLetters(text: string): Bytes | null {
  const typed = text.replace(BETWEEN, "");
  // Not all that toUpperCase() makes of other alphabets was a letter of ours before.
  return /^[A-Za-z2-7]+$/.test(typed) ? bytesOf(typed.toUpperCase(), BASE32) : null;
}
