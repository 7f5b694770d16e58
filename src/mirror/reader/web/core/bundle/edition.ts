/**
 * An edition, opened from pieces that are at hand: the twin of `edition.py`.
 *
 * Pure and pulled: each function is given `found`, which returns a piece by its name. Whoever fetches first fetches
 * what the manifest, the table of contents and the pages name.
 */

import type { Bytes } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { type Article, DAY, type PieceList } from "../model.ts";
import { type Dictionary, parse as parseDictionary } from "./dictionary.ts";
import { type Contents, join, type Manifest, type PageRef, parseContents } from "./manifest.ts";
import { type Cluster, decodeCluster, type Page, parse as parsePage } from "./page.ts";
import { type Piece, unseal as unsealPieces } from "./piece.ts";

/** A piece by its name. What it throws passes through. */
export type Found = (name: string) => Piece;

/** What `list` carries, each piece asked of `found`. */
export const unseal = (list: PieceList, found: Found, content?: Bytes): Bytes =>
  unsealPieces(list, list.digests.map(found), content);

/** The edition's whole table of contents, from the head and the sealed parts. */
export const contents = (manifest: Manifest, found: Found): Contents =>
  join([...manifest.earlier.map((list) => parseContents(unseal(list, found))), manifest.contents]);

/** The page `ref` of the table of contents `table`, as listed. */
export function openPage(manifest: Manifest, table: Contents, ref: PageRef, found: Found): Page {
  const page = parsePage(unseal(ref.pieces, found), manifest.channel, table.dictionaries.length);
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { published } of page.listed) {
    const day = Math.floor(published / DAY);
    first = Math.min(first, day);
    last = Math.max(last, day);
  }
  if (first !== ref.firstDay || last !== ref.lastDay || page.listed.length !== ref.articles) {
    throw new FormatError("page");
  }
  return page;
}

/** A dictionary of the edition, opened. */
export const openDictionary = (list: PieceList, found: Found): Dictionary =>
  parseDictionary(unseal(list, found));

/** The articles of `cluster`, complete; `known` are the edition's opened dictionaries by their numbers, from 1. */
export function openCluster(
  cluster: Cluster,
  listed: readonly Article[],
  known: ReadonlyMap<number, Dictionary>,
  found: Found,
): Article[] {
  const dictionary = cluster.dictionary ? known.get(cluster.dictionary) : null;
  if (dictionary === undefined) throw new Error("a cluster's dictionary is opened before it");
  return decodeCluster(unseal(cluster.pieces, found, dictionary?.content), listed, dictionary);
}

/** The names of all pieces of the articles' pictures, each once. */
export const imagePieces = (articles: Iterable<Article>): string[] =>
  once(
    [...articles]
      .flatMap((article) => article.images)
      .flatMap((image) => [image.thumbnail, image.full])
      .filter((tier) => tier !== null),
  );

/** The articles that are to be read, newest first: neither withdrawn nor removed. */
export const current = (articles: Iterable<Article>): Article[] =>
  [...articles]
    .filter(({ state }) => state === "live" || state === "corrected")
    .sort((one, other) => other.published - one.published || (one.id < other.id ? -1 : 1));

/** The names of all pieces of `lists`, each once, in order. */
export const once = (lists: Iterable<PieceList>): string[] => [
  ...new Set([...lists].flatMap((list) => list.digests)),
];
