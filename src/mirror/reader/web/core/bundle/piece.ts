/**
 * Pieces: what is transferred, named by its own bytes. The rules are those of `piece.py`, FORMAT.md section 2.
 *
 * Digest first, then the frame's outline, then decompression into exactly the signed length. Only `check` makes a
 * `Piece`, so bytes that nobody checked reach no decoder.
 */

import { type Bytes, concat } from "../bytes.ts";
import { digestOf } from "../crypto.ts";
import { FormatError, LimitError } from "../errors.ts";
import { MAX_PIECE, PIECE_SIZES } from "../limits.ts";
import type { PieceList } from "../model.ts";
import { declaredLength, decodeFrame } from "./frame.ts";

declare const CHECKED: unique symbol;

/** Bytes whose SHA-256 is `name`, of a piece's size. */
export interface Piece {
  readonly name: string;
  readonly data: Bytes;
  readonly [CHECKED]: true;
}

/** Where a mirror's tree holds the piece. */
export const pathOf = (name: string): string => `p/${name.slice(0, 2)}/${name}`;

/** The piece `name`, if that is what `data` is. */
export async function check(name: string, data: Bytes): Promise<Piece> {
  if (data.length > MAX_PIECE) throw new LimitError("piece-oversized");
  if (!PIECE_SIZES.some((size) => size === data.length)) throw new FormatError("piece-size");
  if ((await digestOf(data)) !== name) throw new FormatError("piece-digest");
  return { name, data } as Piece;
}

/**
 * What `list` carries, from its pieces in order; `content` is that of the dictionary it was compressed with.
 *
 * Codes: `piece-missing`, `piece-digest`, `piece-size`; those of `decodeFrame`.
 */
export function unseal(list: PieceList, pieces: readonly Piece[], content?: Bytes): Bytes {
  const last = list.digests.length - 1;
  if (pieces.length !== list.digests.length) throw new FormatError("piece-missing");
  pieces.forEach(({ name, data }, place) => {
    if (name !== list.digests[place]) throw new FormatError("piece-digest");
    if (data.length !== (place === last ? list.lastSize : MAX_PIECE)) throw new FormatError("piece-size");
  });
  return decodeFrame(concat(...pieces.map((piece) => piece.data)), list.rawLength, content);
}

/** The content, at most `most` bytes, of a piece that is a whole frame, of which no length was signed. */
export function openSingle({ data }: Piece, most: number): Bytes {
  const declared = declaredLength(data);
  if (declared > most) throw new LimitError("frame-length");
  return decodeFrame(data, declared);
}
