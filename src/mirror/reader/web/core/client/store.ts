/** Where a reader's program keeps things between runs: in memory, unless the person chose a library. */

import { type Bytes, concat, equal, textOf, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";

/** What a shell gives. Everything in it was verified before it came in, and is checked when it comes out. */
export interface Store {
  /** What was committed last, as one value; `null` when nothing ever was. */
  load(): Promise<Bytes | null>;
  /** Replaces that, whole or not at all. */
  commit(generation: Bytes): Promise<void>;
  /** The piece `name`, or `null`. */
  piece(name: string): Promise<Bytes | null>;
  /** Takes the piece `name`; keeping it is up to the store. */
  keep(name: string, data: Bytes): Promise<void>;
}

/** Keeps everything for as long as it is referred to: the default, which leaves nothing behind. */
export class MemoryStore implements Store {
  #generation: Bytes | null = null;
  readonly #pieces = new Map<string, Bytes>();

  async load(): Promise<Bytes | null> {
    return this.#generation;
  }

  async commit(generation: Bytes): Promise<void> {
    this.#generation = generation;
  }

  async piece(name: string): Promise<Bytes | null> {
    return this.#pieces.get(name) ?? null;
  }

  async keep(name: string, data: Bytes): Promise<void> {
    this.#pieces.set(name, data);
  }
}

/** Files as one value: a line of JSON with their names and lengths, in order, then their bytes. */
export function packed(files: ReadonlyMap<string, Bytes>): Bytes {
  const names = [...files.keys()].sort();
  const head = names.map((name) => [name, files.get(name)!.length]);
  return concat(utf8(`${JSON.stringify(head)}\n`), ...names.map((name) => files.get(name)!));
}

/** What `packed` gave; `FormatError` (`stored-trust`) for anything else. */
export function unpacked(data: Bytes): Map<string, Bytes> {
  let at = data.indexOf(10) + 1;
  const files = new Map<string, Bytes>();
  const head = jsonOf(data.slice(0, at));
  for (const entry of Array.isArray(head) ? head : []) {
    const [name, length] = Array.isArray(entry) ? entry : [];
    files.set(name, data.slice(at, at + length));
    at += length;
  }
  // One spelling: whatever else this was, it was none of ours.
  if (!equal(packed(files), data)) throw new FormatError("stored-trust");
  return files;
}

/** The JSON of `data`, which only we wrote; `FormatError` (`stored-trust`) when it is none. */
export function jsonOf(data: Bytes): unknown {
  try {
    return JSON.parse(textOf(data));
  } catch {
    throw new FormatError("stored-trust");
  }
}
