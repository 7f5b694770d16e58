/**
 * A whole edition, opened while its last pieces come, in any order: the twin of `edition.Opening`.
 *
 * Each cluster is opened as soon as it and its dictionary are whole, so opening takes no longer than fetching.
 */

import type { Article, PieceList } from "../model.ts";
import type { Dictionary } from "./dictionary.ts";
import { contents, type Found, once, openCluster, openDictionary, openPage } from "./edition.ts";
import { type Contents, type Manifest, parseHead } from "./manifest.ts";
import { byCluster } from "./page.ts";
import type { Piece } from "./piece.ts";

/** What is done once nothing is missing. */
interface Job {
  missing: number;
  readonly open: () => void;
}

export interface Opening {
  /** The names of the pieces to be taken: dictionaries, which all else waits for, and clusters. */
  readonly dictionaries: readonly string[];
  readonly clusters: readonly string[];
  /** Takes one of them, and gives the articles that it completes; `FormatError` where any part is damaged. */
  take(piece: Piece): Article[];
  /** The articles as the last word on each has it, withdrawn ones included, once all pieces were taken. */
  articles(): Map<string, Article>;
}

/** `found` gives the pages' pieces; `table` is the edition's whole table of contents. */
export function opening(manifest: Manifest, table: Contents, found: Found): Opening {
  const clusters = table.pages.flatMap((ref) => byCluster(openPage(manifest, table, ref, found)));
  const opened: (readonly Article[])[] = clusters.map(() => []);
  const known = new Map<number, Dictionary>();
  const held = new Map<string, Piece>();
  const waiting = new Map<string | number, Job[]>(); // for a piece by its name, for a dictionary by its number
  let completed: Article[] = [];
  let left = table.dictionaries.length + clusters.length;
  const get = (name: string): Piece => held.get(name) as Piece;

  function wait(list: PieceList, dictionary: number, open: () => void): void {
    const needs = new Set<string | number>(list.digests);
    if (dictionary) needs.add(dictionary);
    const job = { missing: needs.size, open };
    for (const need of needs) {
      const jobs = waiting.get(need);
      if (jobs) jobs.push(job);
      else waiting.set(need, [job]);
    }
  }

  function settle(need: string | number): void {
    const jobs = waiting.get(need) ?? [];
    waiting.delete(need);
    for (const job of jobs) {
      if (!--job.missing) {
        job.open();
        left--;
      }
    }
  }

  table.dictionaries.forEach((list, place) => {
    wait(list, 0, () => {
      known.set(place + 1, openDictionary(list, get));
      settle(place + 1);
    });
  });
  clusters.forEach(([cluster, listed], place) => {
    wait(cluster.pieces, cluster.dictionary, () => {
      const articles = openCluster(cluster, listed, known, get);
      opened[place] = articles;
      for (const article of articles) completed.push(article);
    });
  });
  return {
    dictionaries: once(table.dictionaries),
    clusters: once(clusters.map(([cluster]) => cluster.pieces)),
    take(piece) {
      completed = [];
      held.set(piece.name, piece);
      settle(piece.name);
      return completed;
    },
    articles() {
      if (left) throw new Error("not all pieces were taken");
      return new Map(opened.flat().map((article) => [article.id, article]));
    },
  };
}

/** The articles of a whole edition that is at hand, as the last word on each has it. */
export function openEdition(head: Piece, found: Found): Map<string, Article> {
  const manifest = parseHead(head);
  const whole = opening(manifest, contents(manifest, found), found);
  for (const name of [...whole.dictionaries, ...whole.clusters]) whole.take(found(name));
  return whole.articles();
}
