/**
 * The head of a channel: the newest metadata that a reader of it needs, in one file of fixed size (RULES.md, Heads).
 *
 * Nothing in it is trusted: a session takes its files as if a mirror had served each by name.
 */

import { declaredLength, decodeFrame } from "../bundle/frame.ts";
import { type Bytes, textOf } from "../bytes.ts";
import { FormatError, LimitError } from "../errors.ts";
import { MAX_METADATA, MAX_METADATA_HEAD_FILES, MAX_METADATA_HEAD_RAW, MAX_PIECE } from "../limits.ts";

const HEAD = "head";

/** The files of a head, all of them unverified; `FormatError` or `LimitError` (`head`) for anything else. */
export function unpackHead(data: Bytes): Map<string, Bytes> {
  const body = bodyOf(data);
  const count = body[4];
  if (count === undefined || textOf(body.slice(0, 4), HEAD) !== "MHD1") throw new FormatError(HEAD);
  if (count > MAX_METADATA_HEAD_FILES) throw new LimitError(HEAD);
  const files = new Map<string, Bytes>();
  let at = 5;
  for (let last = "", left = count; left--; ) {
    const sizeAt = at + 1 + (body[at] ?? 0);
    const start = sizeAt + 3;
    const name = String.fromCharCode(...body.subarray(at + 1, sizeAt));
    // Read past the end, it is shorter than it says, and `at` shows it below.
    const length = body.subarray(sizeAt, start).reduce((size, byte) => size * 256 + byte, 0);
    if (length > MAX_METADATA) throw new LimitError(HEAD);
    if (/[^\0-\x7f]/.test(name) || name <= last) throw new FormatError(HEAD);
    files.set(name, body.slice(start, start + length));
    last = name;
    at = start + length;
  }
  if (at !== body.length) throw new FormatError(HEAD);
  return files;
}

function bodyOf(data: Bytes): Bytes {
  if (data.length !== MAX_PIECE) throw new FormatError(HEAD);
  let length = 0;
  try {
    length = declaredLength(data);
    if (length <= MAX_METADATA_HEAD_RAW) return decodeFrame(data, length, undefined, MAX_PIECE);
  } catch {
    throw new FormatError(HEAD);
  }
  throw new LimitError(HEAD);
}
