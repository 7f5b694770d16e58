/** The dictionary of a channel's language: a codebook, and raw content for zstd. FORMAT.md section 4. */

import type { Bytes } from "../bytes.ts";
import { MAX_DICTIONARY_RAW } from "../limits.ts";
import { type Codebook, parse as parseCodebook } from "./codebook.ts";
import { Cursor } from "./wire.ts";

export interface Dictionary {
  readonly codebook: Codebook;
  /** What the frames of clusters were compressed after; may be empty. */
  readonly content: Bytes;
}

/** The dictionary that `raw` holds. */
export function parse(raw: Bytes): Dictionary {
  const cursor = new Cursor(raw);
  const dictionary = { codebook: parseCodebook(cursor), content: cursor.data(MAX_DICTIONARY_RAW) };
  cursor.end();
  return dictionary;
}
