/** Canonical numbers, bytes and strings, read back exactly. The rules are those of `wire.py`, FORMAT.md section 1. */

import { type Bytes, hex, textOf } from "../bytes.ts";
import { FormatError, LimitError } from "../errors.ts";
import { MAX_PIECES, PIECE_SIZES } from "../limits.ts";
import type { PieceList } from "../model.ts";

/** What no text of ours holds: control characters other than tab and newline. */
export const CONTROL = /[^\P{Cc}\t\n]/u;
const NOT_IN_A_LINE = /[\p{Cc}\u2028\u2029]/u;
const LONGEST_SCALE = 2 ** 49; // of the eighth byte

/** Reads fields in order; anything not canonical is a `FormatError`. */
export class Cursor {
  readonly #data: Bytes;
  #at = 0;

  constructor(data: Bytes) {
    this.#data = data;
  }

  /** The next number; `LimitError` where it is above `most`. */
  number(most = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#data[this.#at++];
      if (byte === undefined) throw new FormatError("truncated");
      // Above 2^53 it is no longer exact, and no longer below any bound either.
      value += (byte & 127) * scale;
      if (byte < 128 ? scale > 1 && !byte : scale === LONGEST_SCALE) throw new FormatError("number");
      if (byte < 128) break;
    }
    if (value > most) throw new LimitError();
    return value;
  }

  /** The next zigzag number. */
  signed(): number {
    const value = this.number();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }

  /** The next `length` bytes: a view, not a copy. */
  raw(length: number): Bytes {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#data.length) throw new FormatError("truncated");
    return this.#data.subarray(start, this.#at);
  }

  /** Bytes after their length, which is at most `most`. */
  data(most: number): Bytes {
    return this.raw(this.number(most));
  }

  /** A string of at most `most` bytes of UTF-8. */
  text(most: number): string {
    return textOf(this.data(most));
  }

  /** A line of at most `most` characters (code points). */
  line(most: number): string {
    const text = this.text(most * 4);
    if (text.length > most && characters(text) > most) throw new LimitError();
    if (NOT_IN_A_LINE.test(text)) throw new FormatError("control-character");
    return text;
  }

  /** As many of what `read` reads as the next number says, which is at most `most`. */
  many<Item>(most: number, read: () => Item): Item[] {
    return times(this.number(most), read);
  }

  /** A list of pieces that decompress to 1 to `mostRaw` bytes. */
  pieceList(mostRaw: number): PieceList {
    const rawLength = this.number(mostRaw);
    const count = this.number(MAX_PIECES);
    if (!count || !rawLength) throw new FormatError("piece-list");
    const lastSize = PIECE_SIZES[this.number(PIECE_SIZES.length - 1)] as number;
    return { rawLength, digests: times(count, () => hex(this.raw(32))), lastSize };
  }

  /** Requires that nothing follows. */
  end(): void {
    if (this.#at !== this.#data.length) throw new FormatError("trailing");
  }
}

/** What `read` gives, `count` times: nothing is allocated before it was read. */
export function times<Item>(count: number, read: () => Item): Item[] {
  const items: Item[] = [];
  while (items.length < count) items.push(read());
  return items;
}

/** How many code points well-formed `text` has. */
export const characters = (text: string): number =>
  text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
