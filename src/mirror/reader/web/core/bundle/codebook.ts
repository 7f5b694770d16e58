/**
 * The codebook: frequent strings of a language as one or two bytes. The rules are those of `codebook.py`, FORMAT.md
 * section 4.
 *
 * Codes become UTF-8 in one pass over bytes, and UTF-8 becomes a string in one call: the strings lie end to end, so
 * that no code costs an object.
 */

import { type Bytes, concat, textOf, utf8 } from "../bytes.ts";
import { FormatError, LimitError } from "../errors.ts";
import { MAX_CLUSTER_RAW, MAX_CODEBOOK_STRING } from "../limits.ts";
import { CONTROL, type Cursor, characters } from "./wire.ts";

const ONE_BYTE = 96;
const TWO_BYTE = 32 * 256;
const FIRST = 0x80;
const LEAD = FIRST + ONE_BYTE;
const ESCAPE = 0x0e;

/** The strings of the codes, and what `decode` makes of them. */
export interface Codebook {
  readonly strings: readonly string[];
  /** The UTF-8 of all strings, end to end, and where each ends, after a zero. */
  readonly bytes: Bytes;
  readonly ends: Uint32Array;
  /** How many characters each has. */
  readonly sizes: Uint8Array;
}

export function codebook(strings: readonly string[]): Codebook {
  const spelled = strings.map(utf8);
  const ends = new Uint32Array(strings.length + 1);
  spelled.forEach(({ length }, place) => {
    ends[place + 1] = (ends[place] as number) + length;
  });
  return { strings, bytes: concat(...spelled), ends, sizes: Uint8Array.from(strings, characters) };
}

/** The codebook at `cursor`. */
export function parse(cursor: Cursor): Codebook {
  const strings = cursor.many(ONE_BYTE + TWO_BYTE, () => cursor.text(MAX_CODEBOOK_STRING));
  const used = strings.filter(Boolean);
  if (new Set(used).size !== used.length || used.some((text) => CONTROL.test(text))) {
    throw new FormatError("codebook");
  }
  return codebook(strings);
}

/** The text that `coded` stands for. Codes: `codebook` (rules 5 and 6), `text-length` (rule 7). */
export function decode({ bytes, ends, sizes }: Codebook, coded: Bytes): string {
  let text = new Uint8Array(2 * coded.length + MAX_CODEBOOK_STRING);
  let end = 0;
  let count = 0;
  for (let at = 0; at < coded.length; ) {
    if (end + MAX_CODEBOOK_STRING > text.length) text = larger(text);
    let code = coded[at++] as number;
    if (code < FIRST && code !== ESCAPE) {
      text[end++] = code;
      count++;
    } else if (code === ESCAPE) {
      // As many bytes as the first announces; whether they are that character is seen at the end, with all others.
      const first = coded[at] ?? 0;
      if (first < FIRST) throw new FormatError("codebook");
      const next = at + (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
      while (at < next) text[end++] = coded[at++] ?? 0;
      count++;
    } else {
      // Behind the last byte there is none: not a number, and no string either.
      code = code < LEAD ? code - FIRST : ONE_BYTE + (code - LEAD) * 256 + (coded[at++] ?? Number.NaN);
      const size = sizes[code];
      if (!size) throw new FormatError("codebook");
      const stop = ends[code + 1] as number;
      for (let from = ends[code] as number; from < stop; ) text[end++] = bytes[from++] as number;
      count += size;
    }
    if (count > MAX_CLUSTER_RAW) throw new LimitError("text-length");
  }
  return textOf(text.subarray(0, end), "codebook");
}

function larger(text: Bytes): Bytes {
  const copy = new Uint8Array(2 * text.length);
  copy.set(text);
  return copy;
}
