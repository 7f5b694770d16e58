/**
 * What is behind the front page of an edition: articles, pictures, the whole of it (`edition.py`).
 *
 * Only what is asked for is fetched, with one exception that is on purpose: for one article, all clusters of its page
 * are, so that a mirror learns the page and not the article. What was signed and cannot be decoded all the same,
 * the publisher made so: those errors pass through.
 */

import type { Dictionary } from "../bundle/dictionary.ts";
import {
  contents,
  type Found,
  imagePieces,
  once,
  openCluster,
  openDictionary,
  openPage,
  unseal,
} from "../bundle/edition.ts";
import type { Contents, PageRef } from "../bundle/manifest.ts";
import { opening } from "../bundle/opening.ts";
import { byCluster, type Page } from "../bundle/page.ts";
import type { Bytes } from "../bytes.ts";
import { type Article, DAY, type PieceList } from "../model.ts";
import type { RemoteEdition } from "./edition.ts";
import type { How } from "./fetch.ts";
import type { Part } from "./report.ts";

/** Opens `edition` as far as somebody asks; what was opened is held. */
export class Stories {
  readonly #edition: RemoteEdition;
  #contents: Contents | null = null;
  readonly #dictionaries = new Map<number, Dictionary>();
  readonly #pages = new Map<PageRef, Page>();

  constructor(edition: RemoteEdition) {
    this.#edition = edition;
  }

  /** The whole table of contents. */
  async contents(how: How = {}): Promise<Contents> {
    this.#contents ??= contents(
      this.#edition.manifest,
      await this.#edition.pieces.get(once(this.#edition.manifest.earlier), "contents", how),
    );
    return this.#contents;
  }

  /** Every article as its last word lists it, without body; withdrawn ones included. */
  async listed(how: How = {}): Promise<Article[]> {
    const table = await this.contents(how);
    const found = await this.#edition.pieces.get(once(table.pages.map((ref) => ref.pieces)), "pages", how);
    const last = new Map<string, Article>();
    for (const ref of table.pages) {
      for (const article of this.#page(table, ref, found).listed) last.set(article.id, article);
    }
    return [...last.values()];
  }

  /**
   * The last word on one article, complete; `null` when the edition has no such article. A story of the front page is
   * here already. For any other, all of its page is fetched.
   */
  async article(id: string, how: How = {}): Promise<Article | null> {
    const { stories, listed } = this.#edition.manifest.front;
    const isIt = (article: Article): boolean => article.id === id;
    const story = stories.find(isIt);
    if (story) return story;
    const table = await this.contents(how);
    const front = listed.find(isIt);
    const day = front && Math.floor(front.published / DAY);
    for (const ref of [...table.pages].reverse()) {
      // The last word first.
      if (day !== undefined && (day < ref.firstDay || day > ref.lastDay)) continue;
      const page = this.#page(table, ref, await this.#edition.pieces.get(ref.pieces.digests, "pages", how));
      if (page.listed.some(isIt)) return (await this.#complete(table, page, how)).find(isIt) ?? null;
    }
    return null;
  }

  /** The picture (a tier of an image) as its bytes. */
  async image(tier: PieceList, how: How = {}): Promise<Bytes> {
    return unseal(tier, await this.#edition.pieces.get(tier.digests, "images", how));
  }

  /** Fetches all pictures of `articles`, so that they are held; the names of their pieces. */
  async images(articles: Iterable<Article>, how: How = {}): Promise<string[]> {
    const names = imagePieces(articles);
    await this.#edition.pieces.get(names, "images", how);
    return names;
  }

  /** The whole text edition, fetched and opened: its articles by id, and the names of all its pieces. */
  async everything(how: How = {}): Promise<{ articles: Map<string, Article>; names: string[] }> {
    await this.listed(how);
    const table = await this.contents(how);
    const early = once([...this.#edition.manifest.earlier, ...table.pages.map((ref) => ref.pieces)]);
    const whole = opening(this.#edition.manifest, table, await this.#edition.pieces.get(early, "pages", how));
    const rest = new Map<string, Part>(whole.dictionaries.map((name) => [name, "dictionaries"]));
    for (const name of whole.clusters) rest.set(name, "clusters");
    await this.#edition.pieces.getAll(rest, how, (piece) => whole.take(piece));
    return { articles: whole.articles(), names: [this.#edition.head, ...early, ...rest.keys()] };
  }

  #page(table: Contents, ref: PageRef, found: Found): Page {
    const page = this.#pages.get(ref) ?? openPage(this.#edition.manifest, table, ref, found);
    this.#pages.set(ref, page);
    return page;
  }

  /** The articles of `page`, from all of its clusters. */
  async #complete(table: Contents, page: Page, how: How): Promise<Article[]> {
    const places = new Set(page.clusters.map((cluster) => cluster.dictionary));
    const lists = [...places]
      .filter((place) => place && !this.#dictionaries.has(place))
      .sort((a, b) => a - b);
    const listOf = (place: number): PieceList => table.dictionaries[place - 1]!;
    const rest = new Map<string, Part>(once(lists.map(listOf)).map((name) => [name, "dictionaries"]));
    for (const name of once(page.clusters.map((cluster) => cluster.pieces))) rest.set(name, "clusters");
    const found = await this.#edition.pieces.getAll(rest, how);
    for (const place of lists) this.#dictionaries.set(place, openDictionary(listOf(place), found));
    return byCluster(page).flatMap(([cluster, listed]) =>
      openCluster(cluster, listed, this.#dictionaries, found),
    );
  }
}

/** Fetches all of `edition`, with its pictures or without, so that it is held: the names of its pieces. */
export async function fetchWhole(
  edition: RemoteEdition,
  pictures: boolean,
  how: How = {},
): Promise<string[]> {
  const stories = new Stories(edition);
  const { articles, names } = await stories.everything(how);
  return pictures ? [...names, ...(await stories.images(articles.values(), how))] : names;
}
