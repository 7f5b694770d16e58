/** Pages: the articles of a day or of a few, with what a list of headlines needs. FORMAT.md section 6. */

import { type Bytes, hex, textOf, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import {
  MAX_ARTICLES,
  MAX_CLUSTER_RAW,
  MAX_INSTANT,
  MAX_LINE,
  MAX_PAGE_CLUSTERS,
  MAX_PAGE_NAMES,
  MAX_TITLE,
} from "../limits.ts";
import type { Article, PieceList, State } from "../model.ts";
import { decode as decodeCodes } from "./codebook.ts";
import type { Dictionary } from "./dictionary.ts";
import { decode as decodeRecord, split } from "./record.ts";
import { Cursor, times } from "./wire.ts";

const STATES: readonly State[] = ["live", "corrected", "withdrawn", "removed"]; // in the format's order
const MAX_ID = 128;
const ID = /^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/;
const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}$/;

/** Some articles' records: its pieces, its dictionary (counted from 1; 0: none), how many articles. */
export interface Cluster {
  readonly pieces: PieceList;
  readonly dictionary: number;
  readonly articles: number;
}

/** Articles as listed (no body yet), and the clusters that complete them, in the same order. */
export interface Page {
  readonly listed: readonly Article[];
  readonly clusters: readonly Cluster[];
}

/** The page that `raw` holds; `dictionaries` is how many its manifest names. */
export function parse(raw: Bytes, channel: string, dictionaries: number): Page {
  const cursor = new Cursor(raw);
  const clusters = cursor.many(MAX_PAGE_CLUSTERS, () => ({
    pieces: cursor.pieceList(MAX_CLUSTER_RAW),
    dictionary: cursor.number(dictionaries),
    articles: cursor.number(MAX_ARTICLES),
  }));
  const listed = parseListed(cursor, channel, MAX_ARTICLES);
  cursor.end();
  const held = clusters.reduce((sum, cluster) => sum + cluster.articles, 0);
  if (!held || held !== listed.length || clusters.some((cluster) => !cluster.articles)) throw impossible();
  return { listed, clusters };
}

/** At most `most` articles at `cursor`, without body, summary, credits and images. */
export function parseListed(cursor: Cursor, channel: string, most: number): Article[] {
  const count = cursor.number(most);
  const languages = names(cursor);
  const sections = names(cursor);
  if (!languages.every((language) => LANGUAGE.test(language))) throw impossible();
  const ids = times(count, () => cursor.line(MAX_ID));
  const titles = times(count, () => cursor.line(MAX_TITLE));
  let before = 0;
  const published = times(count, () => {
    before += cursor.signed();
    return before;
  });
  const updated = published.map((instant) => instant + cursor.number());
  if (updated.some((instant) => instant > MAX_INSTANT)) throw impossible();
  const ofLanguage = column(cursor, count, languages);
  const ofSection = column(cursor, count, sections);
  const ofState = times(count, () => STATES[cursor.number(STATES.length - 1)]);
  if (new Set(ofLanguage).size < languages.length || new Set(ofSection).size < sections.length) {
    throw impossible();
  }
  return ids.map((id, place) => {
    const title = titles[place] as string;
    const instant = published[place] as number;
    if (!ID.test(id) || !/\P{White_Space}/u.test(title) || instant < 0) throw impossible();
    return {
      id,
      channel,
      language: ofLanguage[place] as string,
      title,
      body: "",
      published: instant,
      updated: updated[place] as number,
      summary: "",
      byline: "",
      section: ofSection[place] as string,
      source: "",
      credits: [],
      images: [],
      corrections: [],
      state: ofState[place] as State,
    };
  });
}

/** The articles of a cluster, complete: `raw` is in the dictionary's codes, or UTF-8 where there is none. */
export function decodeCluster(
  raw: Bytes,
  listed: readonly Article[],
  dictionary: Dictionary | null,
): Article[] {
  const text = dictionary ? decodeCodes(dictionary.codebook, raw) : textOf(raw);
  const records = split(text, listed.length);
  return listed.map((article, place) => decodeRecord(records[place] as string, article));
}

/** Each cluster of `page` with the articles it holds, as listed. */
export function byCluster(page: Page): [Cluster, readonly Article[]][] {
  let end = 0;
  return page.clusters.map((cluster) => {
    const start = end;
    end += cluster.articles;
    return [cluster, page.listed.slice(start, end)];
  });
}

const impossible = (): FormatError => new FormatError("page");

/** `count` of `table`, by their places in it. */
const column = (cursor: Cursor, count: number, table: readonly string[]): string[] =>
  times(count, () => table[cursor.number(table.length - 1)] as string);

function names(cursor: Cursor): string[] {
  const table = cursor.many(MAX_PAGE_NAMES, () => cursor.line(MAX_LINE));
  // By bytes: JavaScript's own order of strings puts the characters above U+FFFF before some others.
  const spelled = table.map((name) => hex(utf8(name)));
  if (spelled.some((name, place) => place && name <= (spelled[place - 1] as string))) throw impossible();
  return table;
}
