/**
 * The bundle's vectors: each kind takes what `RUNNERS` in `tests/helpers/bundle_vectors.py` takes, and gives the
 * `released_sha256` of what was decoded.
 */

import { open } from "node:fs/promises";
import { mirrorOf, openArchive } from "../../../src/mirror/reader/web/core/bundle/archive.ts";
import { codebook, decode } from "../../../src/mirror/reader/web/core/bundle/codebook.ts";
import { parse as parseDictionary } from "../../../src/mirror/reader/web/core/bundle/dictionary.ts";
import { contents, current, imagePieces } from "../../../src/mirror/reader/web/core/bundle/edition.ts";
import {
  join,
  parseContents,
  parseHead,
  parse as parseManifest,
} from "../../../src/mirror/reader/web/core/bundle/manifest.ts";
import { openEdition, opening } from "../../../src/mirror/reader/web/core/bundle/opening.ts";
import { decodeCluster, parse as parsePage } from "../../../src/mirror/reader/web/core/bundle/page.ts";
import { parseList } from "../../../src/mirror/reader/web/core/bundle/parcel.ts";
import { check, openSingle, type Piece, unseal } from "../../../src/mirror/reader/web/core/bundle/piece.ts";
import { decodeProgram, readParts } from "../../../src/mirror/reader/web/core/bundle/program.ts";
import { Cursor } from "../../../src/mirror/reader/web/core/bundle/wire.ts";
import { type Bytes, concat, hex, unhex, utf8 } from "../../../src/mirror/reader/web/core/bytes.ts";
import { digestOf } from "../../../src/mirror/reader/web/core/crypto.ts";
import type { Article } from "../../../src/mirror/reader/web/core/model.ts";
import type { Answerers, Json } from "./answering.ts";

type Packed = readonly (string | number)[];
type Pieces = { readonly [name: string]: Packed };

const unpacked = (parts: Packed): Bytes =>
  concat(...parts.map((part) => (typeof part === "number" ? new Uint8Array(part) : unhex(part))));

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * A decoded value as canonical JSON: fields by their names, sorted; bytes as hex; a codebook as its strings. Written by
 * hand, since an object of JavaScript puts names that look like numbers first.
 */
function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(hex(value as Bytes));
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if ("strings" in value) return canonical(value.strings);
  const named = Object.entries(value).map(([name, each]) => [snake(name), each] as const);
  const entries: (readonly [string, unknown])[] = value instanceof Map ? [...value] : named;
  entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join()}}`;
}

const released = (value: unknown): Promise<string> => digestOf(utf8(canonical(value)));

async function checked(pieces: Pieces): Promise<(name: string) => Piece> {
  const held = new Map<string, Piece>();
  for (const [name, data] of Object.entries(pieces)) held.set(name, await check(name, unpacked(data)));
  return (name) => {
    const piece = held.get(name);
    if (!piece) throw new Error("a piece that nobody gave");
    return piece;
  };
}

function wire(given: { bytes: Packed; reads: readonly string[] }): Promise<string> {
  const cursor = new Cursor(unpacked(given.bytes));
  const values = given.reads.map((read) => {
    const [name, bound] = read.split(":");
    if (name === "number") return bound ? cursor.number(Number(bound)) : cursor.number();
    if (name === "signed") return cursor.signed();
    if (name === "piece_list") return cursor.pieceList(Number(bound));
    return cursor[name as "raw" | "data" | "text" | "line"](Number(bound));
  });
  cursor.end();
  return released(values);
}

interface Unsealing {
  readonly list: {
    readonly raw_length: number;
    readonly digests: readonly string[];
    readonly last_size: number;
  };
  readonly pieces: readonly Packed[];
  readonly content: Packed;
}

async function pieces({ list, pieces, content }: Unsealing): Promise<string> {
  const names = list.digests;
  const held = await Promise.all(
    pieces.slice(0, names.length).map((data, place) => check(names[place] as string, unpacked(data))),
  );
  // One too many is refused by their number, whatever it is.
  const all = pieces.length > names.length ? [...held, held[0] as Piece] : held;
  const asked = { rawLength: list.raw_length, digests: names, lastSize: list.last_size };
  return released(unseal(asked, all, unpacked(content)));
}

/** As `pieces`, each checked by the name that it has, not the one that the list has in its place. */
async function misplaced({ list, pieces }: Unsealing): Promise<string> {
  const data = pieces.map(unpacked);
  const held = await Promise.all(data.map(async (each) => check(await digestOf(each), each)));
  const asked = { rawLength: list.raw_length, digests: list.digests, lastSize: list.last_size };
  return released(unseal(asked, held));
}

const single = async (given: { digest: string; piece: Packed; most: number }): Promise<string> =>
  released(openSingle(await check(given.digest, unpacked(given.piece)), given.most));

const parcel = async (given: { digest: string; piece: Packed; most: number }): Promise<string> =>
  released(parseList(await check(given.digest, unpacked(given.piece)), given.most));

const coded = (given: { strings: readonly string[]; bytes: Packed }): Promise<string> =>
  released(decode(codebook(given.strings), unpacked(given.bytes)));

const page = (given: { bytes: Packed; channel: string; dictionaries: number }): Promise<string> =>
  released(parsePage(unpacked(given.bytes), given.channel, given.dictionaries));

interface Completing {
  readonly page: Packed;
  readonly channel: string;
  readonly strings: readonly string[] | null;
  readonly bytes: Packed;
}

function cluster(given: Completing): Promise<string> {
  const { listed } = parsePage(unpacked(given.page), given.channel, 1);
  const dictionary = given.strings && { codebook: codebook(given.strings), content: new Uint8Array() };
  return released(decodeCluster(unpacked(given.bytes), listed, dictionary));
}

const edition = async (given: { head: string; pieces: Pieces }): Promise<string> => {
  const found = await checked(given.pieces);
  return released(openEdition(found(given.head), found));
};

/** As `edition`, with the pieces taken in the order of `order`, and what follows from the articles beside them. */
async function arriving(given: { head: string; pieces: Pieces; order: readonly string[] }): Promise<string> {
  const found = await checked(given.pieces);
  const manifest = parseHead(found(given.head));
  const whole = opening(manifest, contents(manifest, found), found);
  const wanted = new Set([...whole.dictionaries, ...whole.clusters]);
  const completed: Article[] = given.order
    .filter((name) => wanted.has(name))
    .flatMap((name) => whole.take(found(name)));
  const articles = whole.articles();
  const readable = current(articles.values()).map((article) => article.id);
  const pictures = imagePieces(articles.values());
  return released({ articles, readable, pictures, completed: completed.length });
}

async function archive(given: { bytes: Packed }): Promise<string> {
  const data = unpacked(given.bytes);
  const source = async (at: number, length: number): Promise<Bytes> => data.slice(at, at + length);
  const opened = await openArchive(source, data.length);
  const entries = new Map<string, Bytes | null>();
  for (let place = 0; place < opened.size; place++) {
    const path = opened.path(place);
    entries.set(path, await opened.read(path));
  }
  return released(entries);
}

/**
 * The processor's milliseconds for an edition, each of `rounds` times: to check all its pieces, and to open all its
 * articles. The first time is what a reader who just arrived waits for; later ones run compiled code.
 */
async function timed(given: { head: string; pieces: Pieces; rounds: number }): Promise<Json> {
  const data = Object.entries(given.pieces).map(([name, parts]) => [name, unpacked(parts)] as const);
  const held = new Map<string, Piece>();
  const found = (name: string): Piece => held.get(name) as Piece;
  const checking: number[] = [];
  const opening: number[] = [];
  let characters = 0;
  for (let round = 0; round < given.rounds; round++) {
    const start = process.cpuUsage();
    for (const [name, each] of data) held.set(name, await check(name, each));
    const checked = process.cpuUsage(start);
    const between = process.cpuUsage();
    const articles = openEdition(found(given.head), found);
    const opened = process.cpuUsage(between);
    checking.push((checked.user + checked.system) / 1000);
    opening.push((opened.user + opened.system) / 1000);
    characters = [...articles.values()].reduce((sum, article) => sum + article.body.length, 0);
  }
  return { checking, opening, characters };
}

/** What an archive answers as a mirror. */
async function asked(given: { bytes: Packed; path: string; limit: number }): Promise<Json> {
  const data = unpacked(given.bytes);
  const source = async (at: number, length: number): Promise<Bytes> => data.slice(at, at + length);
  return hex(await mirrorOf(await openArchive(source, data.length))(given.path, given.limit));
}

/** Some entries of an archive on disk, and how many bytes were read for them. */
async function archiveFile(given: { file: string; paths: readonly string[] }): Promise<Json> {
  const file = await open(given.file);
  let bytes = 0;
  try {
    const source = async (position: number, length: number): Promise<Bytes> => {
      const { bytesRead, buffer } = await file.read({ buffer: new Uint8Array(length), position });
      bytes += bytesRead;
      return buffer.subarray(0, bytesRead);
    };
    const opened = await openArchive(source, (await file.stat()).size);
    const found = [];
    for (const path of given.paths) found.push(await released(await opened.read(path)));
    return { size: opened.size, found, bytes };
  } finally {
    await file.close();
  }
}

export const bundle: Answerers = {
  "bundle-wire": wire,
  "bundle-pieces": pieces,
  "bundle-pieces-misplaced": misplaced,
  "bundle-single": single,
  "bundle-parcel": parcel,
  "bundle-dictionary": (given: { bytes: Packed }) => released(parseDictionary(unpacked(given.bytes))),
  "bundle-coded": coded,
  "bundle-page": page,
  "bundle-cluster": cluster,
  "bundle-manifest": (given: { bytes: Packed }) => released(parseManifest(unpacked(given.bytes))),
  "bundle-contents": (given: { parts: readonly Packed[] }) =>
    released(join(given.parts.map((part) => parseContents(unpacked(part))))),
  "bundle-edition": edition,
  "bundle-arriving": arriving,
  "bundle-archive": archive,
  "bundle-program": (given: { bytes: Packed }) => {
    const files = decodeProgram(unpacked(given.bytes));
    return released({ files, parts: readParts(files) });
  },
  "bundle-timed": timed,
  "bundle-archive-asked": asked,
  "bundle-archive-file": archiveFile,
};
