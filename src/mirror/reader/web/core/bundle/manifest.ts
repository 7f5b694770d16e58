/** The head piece: an edition's manifest and front page in one piece, which the release signs. FORMAT.md section 7. */

import { type Bytes, equal, hex, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import {
  MAX_ARTICLES,
  MAX_CONTENTS,
  MAX_CONTENTS_RAW,
  MAX_DICTIONARIES,
  MAX_DICTIONARY_RAW,
  MAX_FRONT,
  MAX_HEAD_RAW,
  MAX_INSTANT,
  MAX_LINE,
  MAX_PAGE_RAW,
  MAX_SUMMARY,
} from "../limits.ts";
import { type Article, CHANNEL_ID, DAY, type PieceList } from "../model.ts";
import { parseListed } from "./listed.ts";
import { openSingle, type Piece } from "./piece.ts";
import { decode as decodeRecord, split } from "./record.ts";
import { Cursor } from "./wire.ts";

const MAGIC = utf8("mirror-edition");
const VERSION = 1;
const MAX_CHANNEL = 32;
const MAX_DAY = Math.floor(MAX_INSTANT / DAY);

/** A page in the table of contents. A day is the number of days since 1970-01-01, UTC. */
export interface PageRef {
  readonly pieces: PieceList;
  readonly firstDay: number;
  readonly lastDay: number;
  readonly articles: number;
}

/** The table of contents, or a part of it. A later page's word on an article holds. */
export interface Contents {
  readonly dictionaries: readonly PieceList[];
  readonly pages: readonly PageRef[];
}

/** Headlines with their summaries, in the order to show; `stories` are the whole articles of some of them. */
export interface Front {
  readonly listed: readonly Article[];
  readonly summaries: readonly string[];
  readonly stories: readonly Article[];
}

/** An edition as it is signed. `previous` and `notices` are names of pieces, or empty. */
export interface Manifest {
  readonly channel: string;
  readonly name: string;
  readonly number: number;
  readonly created: number;
  readonly previous: string;
  readonly notices: string;
  readonly earlier: readonly PieceList[];
  readonly contents: Contents;
  readonly front: Front;
}

/** The manifest that `raw` holds. */
export function parse(raw: Bytes): Manifest {
  const cursor = new Cursor(raw);
  const magic = cursor.raw(MAGIC.length);
  const [version] = cursor.raw(1);
  if (!equal(magic, MAGIC)) throw new FormatError("not-an-edition");
  if (version !== VERSION) throw new FormatError("version");
  const channel = cursor.line(MAX_CHANNEL);
  if (!CHANNEL_ID.test(channel)) throw new FormatError("manifest");
  // In the order of the format: properties are evaluated as they are written.
  const manifest = {
    channel,
    name: cursor.line(MAX_LINE),
    number: cursor.number(),
    created: cursor.number(MAX_INSTANT),
    previous: digest(cursor),
    notices: digest(cursor),
    earlier: cursor.many(MAX_CONTENTS, () => cursor.pieceList(MAX_CONTENTS_RAW)),
    contents: contentsAt(cursor),
    front: frontAt(cursor, channel),
  };
  cursor.end();
  return manifest;
}

/** The manifest in the head piece, whose name was signed. */
export const parseHead = (head: Piece): Manifest => parse(openSingle(head, MAX_HEAD_RAW));

/** The part of the table of contents that `raw` holds. */
export function parseContents(raw: Bytes): Contents {
  const cursor = new Cursor(raw);
  const contents = contentsAt(cursor);
  cursor.end();
  return contents;
}

/** The whole table of contents, from its parts in order. */
export function join(parts: readonly Contents[]): Contents {
  const dictionaries = parts.flatMap((part) => part.dictionaries);
  const pages = parts.flatMap((part) => part.pages);
  // One page named many times would cost its decoding each time.
  const different = new Set(pages.map((page) => page.pieces.digests.join()));
  if (
    dictionaries.length > MAX_DICTIONARIES ||
    pages.length > MAX_ARTICLES ||
    different.size < pages.length
  ) {
    throw new FormatError("contents");
  }
  return { dictionaries, pages };
}

function contentsAt(cursor: Cursor): Contents {
  const dictionaries = cursor.many(MAX_DICTIONARIES, () => cursor.pieceList(MAX_DICTIONARY_RAW));
  const pages = cursor.many(MAX_ARTICLES, () => {
    const pieces = cursor.pieceList(MAX_PAGE_RAW);
    const firstDay = cursor.number(MAX_DAY);
    const lastDay = firstDay + cursor.number();
    const articles = cursor.number(MAX_ARTICLES);
    if (lastDay > MAX_DAY || !articles) throw new FormatError("contents");
    return { pieces, firstDay, lastDay, articles };
  });
  return { dictionaries, pages };
}

function frontAt(cursor: Cursor, channel: string): Front {
  const listed = parseListed(cursor, channel, MAX_FRONT);
  if (new Set(listed.map((article) => article.id)).size < listed.length) throw new FormatError("front");
  const summaries = listed.map(() => cursor.line(MAX_SUMMARY));
  const told = new Set<Article>();
  const stories = cursor.many(listed.length, () => {
    const article = listed[cursor.number(listed.length - 1)] as Article;
    if (told.has(article)) throw new FormatError("front");
    told.add(article);
    const [record] = split(cursor.text(MAX_HEAD_RAW), 1);
    return decodeRecord(record as string, article);
  });
  return { listed, summaries, stories };
}

function digest(cursor: Cursor): string {
  const data = cursor.data(32);
  if (data.length && data.length !== 32) throw new FormatError("manifest");
  return hex(data);
}
