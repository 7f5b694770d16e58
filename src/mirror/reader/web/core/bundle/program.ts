/**
 * The reader's own program, as the publication signs it (`program.py`, FORMAT.md section 14): how an installed reader
 * takes an update, and makes the page that names it.
 */

import { type Bytes, textOf, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_PIECE, MAX_PIECES, MAX_PROGRAM, MAX_PROGRAM_FILES, PIECE_SIZES } from "../limits.ts";
import type { PieceList } from "../model.ts";
import { Cursor } from "./wire.ts";

const MAGIC = "mirror-program\u0001";
const MAX_NAME = 40;
const NAME = /^[a-z](?:[a-z0-9._-]*[a-z0-9])?$/;
const PLACE = '"@program@"';
const FACTS = "facts.json";
/** The page to begin with: a file, or a part. */
export const TEMPLATE = "index.html";
const PARTS = "parts.json";

/** What the page knows of the publication before it has verified anything. */
export interface Facts {
  readonly channels: readonly { readonly id: string; readonly language: string; readonly title: string }[];
  /** Addresses of mirrors that may be public, each ending in `/`. */
  readonly mirrors: readonly string[];
  readonly name: string;
  /** SHA-256 of the first root, hex. */
  readonly root: string;
}

interface Listed {
  readonly last: number;
  readonly pieces: readonly string[];
  readonly raw: number;
}

export type Files = ReadonlyMap<string, Bytes>;

/** The files by name; `FormatError` for anything that a publisher's program does not write. */
export function decodeProgram(raw: Bytes): Files {
  const cursor = new Cursor(raw);
  if (textOf(cursor.raw(MAGIC.length), "not-a-program") !== MAGIC) throw new FormatError("not-a-program");
  const files = new Map<string, Bytes>();
  let last = "";
  for (let count = cursor.number(MAX_PROGRAM_FILES); count--; ) {
    const name = cursor.line(MAX_NAME);
    if (!NAME.test(name) || name <= last) throw new FormatError("not-a-program");
    files.set(name, cursor.data(MAX_PROGRAM));
    last = name;
  }
  cursor.end();
  readFacts(files);
  return readParts(files).has(TEMPLATE) ? files : withTemplate(files, files.get(TEMPLATE));
}

/** `files` with the page to begin with, which may travel as a part; `FormatError` where it is none. */
export function withTemplate(files: Files, template = new Uint8Array() as Bytes): Files {
  if (textOf(template, "not-a-program").split(PLACE).length !== 2) throw new FormatError("not-a-program");
  return new Map(files).set(TEMPLATE, template);
}

/** The facts among a program's files; `FormatError` where they are not as `Facts.encode` in Python writes them. */
export function readFacts(files: Files): Facts {
  const text = textOf(files.get(FACTS) ?? new Uint8Array(), "not-a-program");
  try {
    const { channels, mirrors, name, root } = JSON.parse(text) as Facts;
    const listed = channels.map(({ id, language, title }) => ({ id, language, title }));
    const texts = [root, name, ...mirrors, ...listed.flatMap(Object.values)];
    const isWhole = texts.every((each) => typeof each === "string" && !/\p{Cs}/u.test(each));
    if (
      isWhole &&
      Array.isArray(mirrors) &&
      JSON.stringify({ channels: listed, mirrors, name, root }) === text
    ) {
      return { channels: listed, mirrors, name, root };
    }
  } catch {
    // Not JSON, or of another shape.
  }
  throw new FormatError("not-a-program");
}

/** The parts of a program by name, each a list of pieces; none without a list. Throws as `decodeProgram`. */
export function readParts(files: Files): ReadonlyMap<string, PieceList> {
  const data = files.get(PARTS);
  const parts = new Map<string, PieceList>();
  if (!data) return parts;
  const text = textOf(data, "not-a-program");
  try {
    const listed: Record<string, object> = {};
    for (const [name, { last, pieces, raw }] of Object.entries(JSON.parse(text) as Record<string, Listed>)) {
      const isWhole =
        NAME.test(name) &&
        name.length <= MAX_NAME &&
        Number.isInteger(raw) &&
        raw > 0 &&
        raw <= MAX_PROGRAM &&
        (PIECE_SIZES as readonly number[]).includes(last) &&
        Array.isArray(pieces) &&
        pieces.length > 0 &&
        pieces.length <= MAX_PIECES &&
        pieces.every((each) => /^[0-9a-f]{64}$/.test(each));
      if (!isWhole) throw new FormatError("not-a-program");
      listed[name] = { last, pieces, raw };
      parts.set(name, { rawLength: raw, digests: pieces, lastSize: last });
    }
    const isSorted = Array.from(parts.keys()).every(
      (name, place, names) => !place || name > names[place - 1]!,
    );
    if (isSorted && JSON.stringify(listed) === text) return parts;
  } catch {
    // Not JSON, or of another shape.
  }
  throw new FormatError("not-a-program");
}

/** The page of a mirror that starts the program of `files` (`withTemplate`), which `pieces` carry: the same bytes as `program.py`'s. */
export function indexPage(files: Files, pieces: PieceList): Bytes {
  const { channels, mirrors } = readFacts(files);
  const template = textOf(files.get(TEMPLATE) as Bytes);
  const program = { last: pieces.lastSize, pieces: pieces.digests, raw: pieces.rawLength };
  for (let count = mirrors.length; ; count--) {
    const said = JSON.stringify({ mirrors: mirrors.slice(0, count), program, shell: "page" });
    const filled: Record<string, string> = {
      [PLACE]: said.replaceAll("<", "\\u003c"),
      "@embedded@": "",
      "@first@": channels[0]?.id ?? "",
    };
    const made = template.replace(/"@program@"|@(?:embedded|first)@/g, (place) => filled[place] as string);
    const page = utf8(made);
    if (!count || page.length <= MAX_PIECE) return page;
  }
}
