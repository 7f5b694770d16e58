/**
 * The reader's own program, as the publication signs it (`program.py`, FORMAT.md section 14): how an installed reader
 * takes an update, and makes the page that names it.
 */

import { type Bytes, textOf, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_PROGRAM, MAX_PROGRAM_FILES } from "../limits.ts";
import type { PieceList } from "../model.ts";
import { Cursor } from "./wire.ts";

const MAGIC = "mirror-program\u0001";
const MAX_NAME = 40;
const NAME = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
const PLACE = '"@program@"';
const FACTS = "facts.json";
const TEMPLATE = "index.html";

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
  const template = files.get(TEMPLATE);
  if (!files.has(FACTS) || !template || textOf(template).split(PLACE).length !== 2) {
    throw new FormatError("not-a-program");
  }
  return files;
}

/** The page of a mirror that starts the program of `files`, which `pieces` carry: the same bytes as `program.py`'s. */
export function indexPage(files: Files, pieces: PieceList): Bytes {
  const read = (name: string) => textOf(files.get(name) as Bytes);
  const facts = JSON.parse(read(FACTS)) as { channels: { id: string }[]; mirrors: string[] };
  const said = JSON.stringify({
    mirrors: facts.mirrors,
    program: { last: pieces.lastSize, pieces: pieces.digests, raw: pieces.rawLength },
    shell: "page",
  }).replaceAll("<", "\\u003c");
  const filled: Record<string, string> = {
    [PLACE]: said,
    "@embedded@": "",
    "@first@": facts.channels[0]?.id ?? "",
  };
  return utf8(
    read(TEMPLATE).replace(/"@program@"|@(?:embedded|first)@/g, (place) => filled[place] as string),
  );
}
