/**
 * One zstd frame with its padding: its outline is checked before any of it is decoded (bundle/FORMAT.md section 2).
 *
 * Pieces and heads of channels share this. The decoder is fzstd, which takes what libzstd would refuse (offsets
 * before the beginning, bits left over): what came out is right only where a digest was checked before. Whatever
 * goes in, exactly the declared length comes out, or an error.
 */

import { decompress } from "fzstd";
import { type Bytes, concat } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_PIECE, PIECE_SIZES } from "../limits.ts";

const MAGIC = 0xfd2fb528; // RFC 8878 section 3.1.1
const SKIPPABLE = 0x184d2a50; // RFC 8878 section 3.1.2
const SKIPPABLE_HEADER = 8;
const BLOCK_HEADER = 3;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const MAX_STORED_BLOCK = 1 << 17;
const MAX_WINDOW = 1 << 21;
const MARK = 16; // bytes

/** Little-endian, at most 8 bytes; NaN where `data` is too short. */
function number(data: Bytes, at: number, size: number): number {
  let value = 0;
  for (let place = size; place--; ) value = value * 256 + (data[at + place] ?? Number.NaN);
  return value;
}

const littleEndian = (value: number, size: number): Bytes =>
  Uint8Array.from({ length: size }, (_, place) => (value >>> (8 * place)) & 255);

/** Where the blocks begin, and the content size, which is not 0. */
function header(padded: Bytes): [at: number, size: number] {
  const flags = padded[4] ?? 0;
  const isWhole = (flags >> 5) & 1; // the content is the window; then a size of one byte is possible
  const dictionary = [0, 1, 2, 4][flags & 3] as number;
  const sized = [isWhole, 2, 4, 8][flags >> 6] as number;
  let at = 6 - isWhole;
  const id = number(padded, at, dictionary);
  at += dictionary;
  const size = number(padded, at, sized) + (sized === 2 ? 256 : 0);
  const exponent = padded[5] ?? 0;
  const window = isWhole ? size : 2 ** (10 + (exponent >> 3)) * (1 + (exponent & 7) / 8);
  // 4: a checksum; 8: reserved. All comparisons are false for NaN.
  if (!(number(padded, 0, 4) === MAGIC && !(flags & 12) && id === 0 && size > 0 && window <= MAX_WINDOW)) {
    throw new FormatError("frame");
  }
  return [at + sized, size];
}

/** The content size that the frame declares; `FormatError` when the frame is not of the kind we write. */
export const declaredLength = (padded: Bytes): number => header(padded)[1];

/** Where the first block and the last one begin, and where the frame ends; `FormatError` when it is cut off. */
function walk(padded: Bytes): [first: number, last: number, end: number] {
  const [first] = header(padded);
  for (let last = first; ; ) {
    const block = number(padded, last, BLOCK_HEADER);
    const kind = (block >> 1) & 3;
    const end = last + BLOCK_HEADER + (kind === RLE_BLOCK ? 1 : block >> 3);
    // Where the block's own header is cut off it is NaN, and only the first comparison sees it.
    if (!(block >= 0 && end <= padded.length) || kind === RESERVED_BLOCK) throw new FormatError("frame");
    if (block & 1) return [first, last, end];
    last = end;
  }
}

/** Where the frame that `padded` begins with ends, by its block headers. */
export const frameEnd = (padded: Bytes): number => walk(padded)[2];

/** The least length that a frame of `length` bytes is padded to; a gap of 1 to 7 bytes cannot hold padding. */
export function paddedLength(length: number): number {
  const rest = length % MAX_PIECE;
  const sizes = [0, ...PIECE_SIZES, ...PIECE_SIZES.map((size) => MAX_PIECE + size)];
  const size = sizes.find((size) => size === rest || size - rest >= SKIPPABLE_HEADER) as number;
  return length - rest + size;
}

function isPadding(tail: Bytes): boolean {
  return (
    tail.length === 0 ||
    (number(tail, 0, 4) === SKIPPABLE &&
      number(tail, 4, 4) === tail.length - SKIPPABLE_HEADER &&
      tail.subarray(SKIPPABLE_HEADER).every((byte) => byte === 0))
  );
}

/**
 * The content of one frame with its padding; `rawLength` is exact and bounds the allocation.
 *
 * `history` is what the frame was compressed after (a dictionary's content). `fixedLength` is what the padding fills
 * where that is not the least. Codes, in order: `frame-length` (another is declared), `frame`, `padding`.
 */
export function decodeFrame(
  padded: Bytes,
  rawLength: number,
  history: Bytes = new Uint8Array(),
  fixedLength = 0,
): Bytes {
  if (declaredLength(padded) !== rawLength) throw new FormatError("frame-length");
  const [first, last, end] = walk(padded);
  if (padded.length !== (fixedLength || paddedLength(end)) || !isPadding(padded.subarray(end))) {
    throw new FormatError("padding");
  }
  const start = history.length;
  const stop = start + rawLength;
  // fzstd does not say how much came out. So bytes that the frame cannot know follow as a last block: they end up
  // at `stop` when exactly `rawLength` bytes came before.
  const mark = crypto.getRandomValues(new Uint8Array(MARK));
  let output: Uint8Array;
  try {
    const blocks = padded.slice(first, end);
    (blocks[last - first] as number) &= ~1; // the mark is the last one now
    // It allocates what the header of our own making declares. Given a buffer it would do the same, and compare it
    // with a number, for which JavaScript writes all of it as a text: a quarter of the time of opening an edition.
    output = decompress(concat(...before(history, stop + MARK), blocks, stored(mark, 1), mark));
  } catch {
    throw new FormatError("frame");
  }
  if (!mark.every((byte, place) => output[stop + place] === byte)) throw new FormatError("frame");
  return output.slice(start, stop);
}

/** The header of a stored block. */
const stored = (data: Bytes, isLast = 0): Bytes => littleEndian((data.length << 3) | isLast, BLOCK_HEADER);

/**
 * The beginning of a frame that gives `history` and more, `total` bytes in all. A decoder's raw-content dictionary is
 * nothing but bytes that came before, so stored blocks in front of the frame's own do the same.
 */
function before(history: Bytes, total: number): Bytes[] {
  const parts = [littleEndian(MAGIC, 4), Uint8Array.of(0b1010_0000), littleEndian(total, 4)];
  for (let at = 0; at < history.length; at += MAX_STORED_BLOCK) {
    const block = history.subarray(at, at + MAX_STORED_BLOCK);
    parts.push(stored(block), block);
  }
  return parts;
}
