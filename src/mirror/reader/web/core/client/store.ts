/** Where a reader's program keeps things between runs: in memory, unless the person chose a library. */

import type { Bytes } from "../bytes.ts";
import { StorageError } from "../errors.ts";

/** A whole set of files, and its number: 1 and up, each commit's is one higher. */
export interface Generation {
  readonly number: number;
  readonly files: ReadonlyMap<string, Bytes>;
}

/** What a shell gives. Everything in it was verified before it came in, and is checked when it comes out. */
export interface Store {
  /** The current generation; `null` when there never was one. `StorageError("store-damaged")`: it is lost. */
  load(): Promise<Generation | null>;
  /**
   * Make `generation` the current one, whole or not at all. `StorageError("store-changed")` unless its number is
   * one more than the current one's: of two at a time (two tabs) the second fails rather than undoing the first.
   */
  commit(generation: Generation): Promise<void>;
  /** The piece `name`, or `null`. */
  piece(name: string): Promise<Bytes | null>;
  /** Take the piece `name`; keeping it is up to the store. */
  keep(name: string, data: Bytes): Promise<void>;
}

export const STORE_CHANGED = "store-changed";

/** Keeps everything for as long as it is referred to: the default, which leaves nothing behind. */
export class MemoryStore implements Store {
  #generation: Generation | null = null;
  readonly #pieces = new Map<string, Bytes>();

  async load(): Promise<Generation | null> {
    return this.#generation;
  }

  async commit(generation: Generation): Promise<void> {
    if (generation.number !== (this.#generation?.number ?? 0) + 1) throw new StorageError(STORE_CHANGED);
    this.#generation = generation;
  }

  async piece(name: string): Promise<Bytes | null> {
    return this.#pieces.get(name) ?? null;
  }

  async keep(name: string, data: Bytes): Promise<void> {
    this.#pieces.set(name, data);
  }
}
