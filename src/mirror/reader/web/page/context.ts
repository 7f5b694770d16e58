/** What a shell tells the page, and what it can do for it. */

import type { Bytes } from "../core/bytes.ts";

/** What the page knows of the publication before it has verified anything (`bundle/program.py`). */
export interface Facts {
  readonly channels: readonly { readonly id: string; readonly language: string; readonly title: string }[];
  /** Addresses of mirrors that may be public, each ending in `/`. */
  readonly mirrors: readonly string[];
  readonly name: string;
  /** SHA-256 of the first root, hex. */
  readonly root: string;
}

/** Which pieces carry the reader's own program. */
export interface ProgramList {
  readonly raw: number;
  readonly last: number;
  readonly pieces: readonly string[];
}

export type Shell = "page" | "file" | "loopback";

export interface Context {
  /** The installable page of a mirror, a file opened from disk, or the page of `mirror reader open`. */
  readonly shell: Shell;
  readonly facts: Facts;
  /** Base address of the mirror that the page came from, ending in `/`; null in a file. */
  readonly origin: string | null;
  /** What stood behind `#` when the page was opened, and is nowhere any more; empty for nothing. */
  readonly fragment: string;
  /** The `.mirror.zip` inside the file, or null. */
  readonly archive: Blob | null;
  /** The program that runs: its files by name, and the pieces that carried it, as `list` names them. */
  readonly files: ReadonlyMap<string, Bytes>;
  readonly pieces: ReadonlyMap<string, Bytes>;
  readonly list: ProgramList;
}
