/** A parcel: one signed file larger than a piece, named by a piece that lists its pieces. FORMAT.md section 3. */

import { equal, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import type { PieceList } from "../model.ts";
import { openSingle, type Piece } from "./piece.ts";
import { Cursor } from "./wire.ts";

const MAGIC = utf8("mirror-parcel\x01");
const MAX_LIST = 16_384; // a list of MAX_PIECES digests, with room

/** The pieces of the parcel whose list is `piece`; `most` bounds the raw length, in bytes. */
export function parseList(piece: Piece, most: number): PieceList {
  const cursor = new Cursor(openSingle(piece, MAX_LIST));
  if (!equal(cursor.raw(MAGIC.length), MAGIC)) throw new FormatError("not-a-parcel");
  const pieces = cursor.pieceList(most);
  cursor.end();
  return pieces;
}
