/**
 * An edition over a network: from a verified target to headlines, articles, pictures and notices (`edition.py`).
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
  parseHead,
  unseal,
} from "../bundle/edition.ts";
import { type Contents, DAY, type Manifest, type PageRef } from "../bundle/manifest.ts";
import { opening } from "../bundle/opening.ts";
import { byCluster, type Page } from "../bundle/page.ts";
import { parseList } from "../bundle/parcel.ts";
import type { Piece } from "../bundle/piece.ts";
import { type Bytes, hex } from "../bytes.ts";
import { FormatError, LimitError, TrustError } from "../errors.ts";
import { MAX_NOTICE_SET } from "../limits.ts";
import type { Article, PieceList } from "../model.ts";
import { sha256Of, type TargetInfo, type Verified } from "../trust/state.ts";
import type { How, Pieces } from "./fetch.ts";
import type { Part } from "./report.ts";

const NOTICES_TARGET = "notices/set";
const headTarget = (channel: string): string => `${channel}/head`;

/** The target paths that a reader of `channel` needs. */
export const wanted = (channel: string): string[] => [headTarget(channel), NOTICES_TARGET];

/** The piece that a target names; `null` when the publisher signed no such target. */
export async function targetPiece(
  verified: Verified,
  path: string,
  pieces: Pieces,
  part: Part,
  how: How,
): Promise<Piece | null> {
  const target = await verified.target(path);
  if (!target) return null;
  const name = sha256Of(target);
  const piece = (await pieces.get([name], part, how))(name);
  await matches(target, piece.data);
  return piece;
}

/** The notices in force, authentic and not yet decoded, and the names of their pieces. */
export async function fetchNotices(
  verified: Verified,
  pieces: Pieces,
  how: How,
): Promise<{ raw: Bytes; names: string[] }> {
  const head = await targetPiece(verified, NOTICES_TARGET, pieces, "notices", how);
  if (!head) throw new TrustError("notices-missing");
  const list = parseList(head, MAX_NOTICE_SET);
  const raw = unseal(list, await pieces.get(list.digests, "notices", how));
  return { raw, names: [head.name, ...list.digests] };
}

/** One edition of one channel, opened as far as somebody asked. */
export class RemoteEdition {
  /** The name of the head piece. */
  readonly head: string;
  readonly manifest: Manifest;
  readonly #pieces: Pieces;
  #contents: Contents | null = null;
  readonly #dictionaries = new Map<number, Dictionary>();
  readonly #pages = new Map<PageRef, Page>();

  constructor(head: Piece, pieces: Pieces) {
    this.head = head.name;
    this.manifest = parseHead(head);
    this.#pieces = pieces;
  }

  /**
   * The edition of `channel` that `verified` names. `TrustError` (`no-edition`): the publisher has signed none.
   * `FormatError`: what he signed is no edition of this channel.
   */
  static async open(verified: Verified, channel: string, pieces: Pieces, how: How): Promise<RemoteEdition> {
    const head = await targetPiece(verified, headTarget(channel), pieces, "head", how);
    if (!head) throw new TrustError("no-edition");
    const edition = new RemoteEdition(head, pieces);
    if (edition.manifest.channel !== channel) throw new FormatError("other-channel");
    return edition;
  }

  /** The whole table of contents. */
  async contents(how: How = {}): Promise<Contents> {
    this.#contents ??= contents(
      this.manifest,
      await this.#pieces.get(once(this.manifest.earlier), "contents", how),
    );
    return this.#contents;
  }

  /** Every article as its last word lists it, without body; withdrawn ones included. */
  async listed(how: How = {}): Promise<Article[]> {
    const table = await this.contents(how);
    const found = await this.#pieces.get(once(table.pages.map((ref) => ref.pieces)), "pages", how);
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
    const { stories, listed } = this.manifest.front;
    const isIt = (article: Article): boolean => article.id === id;
    const story = stories.find(isIt);
    if (story) return story;
    const table = await this.contents(how);
    const front = listed.find(isIt);
    const day = front && Math.floor(front.published / DAY);
    for (const ref of [...table.pages].reverse()) {
      // The last word first.
      if (day !== undefined && (day < ref.firstDay || day > ref.lastDay)) continue;
      const page = this.#page(table, ref, await this.#pieces.get(ref.pieces.digests, "pages", how));
      if (page.listed.some(isIt)) return (await this.#complete(table, page, how)).find(isIt) ?? null;
    }
    return null;
  }

  /** The picture (a tier of an image) as its bytes. */
  async image(tier: PieceList, how: How = {}): Promise<Bytes> {
    return unseal(tier, await this.#pieces.get(tier.digests, "images", how));
  }

  /** Fetches all pictures of `articles`, so that they are held; the names of their pieces. */
  async images(articles: Iterable<Article>, how: How = {}): Promise<string[]> {
    const names = imagePieces(articles);
    await this.#pieces.get(names, "images", how);
    return names;
  }

  /** The whole text edition, fetched and opened: its articles by id, and the names of all its pieces. */
  async everything(how: How = {}): Promise<{ articles: Map<string, Article>; names: string[] }> {
    await this.listed(how);
    const table = await this.contents(how);
    const early = once([...this.manifest.earlier, ...table.pages.map((ref) => ref.pieces)]);
    const whole = opening(this.manifest, table, await this.#pieces.get(early, "pages", how));
    const rest = new Map<string, Part>(whole.dictionaries.map((name) => [name, "dictionaries"]));
    for (const name of whole.clusters) rest.set(name, "clusters");
    await this.#pieces.getAll(rest, how, (piece) => whole.take(piece));
    return { articles: whole.articles(), names: [this.head, ...early, ...rest.keys()] };
  }

  #page(table: Contents, ref: PageRef, found: Found): Page {
    const page = this.#pages.get(ref) ?? openPage(this.manifest, table, ref, found);
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
    const found = await this.#pieces.getAll(rest, how);
    for (const place of lists) this.#dictionaries.set(place, openDictionary(listOf(place), found));
    return byCluster(page).flatMap(([cluster, listed]) =>
      openCluster(cluster, listed, this.#dictionaries, found),
    );
  }
}

/** Returns when `data` is what was signed: right length, and every signed digest matches. */
async function matches(target: TargetInfo, data: Bytes): Promise<void> {
  if (data.length !== target.length) throw new LimitError();
  for (const [algorithm, digest] of target.hashes) {
    const size = /^sha(256|384|512)$/.exec(algorithm)?.[1];
    const found = size && hex(new Uint8Array(await crypto.subtle.digest(`SHA-${size}`, data)));
    if (found !== digest) throw new TrustError("target-hash");
  }
}
