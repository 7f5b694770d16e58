/** Pages: the articles of a day or of a few, with what a list of headlines needs. FORMAT.md section 6. */

import { type Bytes, textOf } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_ARTICLES, MAX_CLUSTER_RAW, MAX_PAGE_CLUSTERS } from "../limits.ts";
import type { Article, PieceList } from "../model.ts";
import { decode as decodeCodes } from "./codebook.ts";
import type { Dictionary } from "./dictionary.ts";
import { parseListed } from "./listed.ts";
import { decode as decodeRecord, split } from "./record.ts";
import { Cursor } from "./wire.ts";

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
  if (!held || held !== listed.length || clusters.some((cluster) => !cluster.articles)) {
    throw new FormatError("page");
  }
  return { listed, clusters };
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
