/** What a shell tells the page, and what it can do for it. */

import type { Facts } from "../core/bundle/program.ts";
import type { Bytes } from "../core/bytes.ts";

export type { Facts };

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
  /** The program that runs: its files by name, what carried them, and all pieces that were fetched until now. */
  readonly files: ReadonlyMap<string, Bytes>;
  readonly list: ProgramList;
  readonly pieces: ReadonlyMap<string, Bytes>;
  /**
   * A part of the program (`parts.json`), fetched and compared with its names; the same bytes each time. Rejects where
   * there is no such part, or no source gives it.
   */
  part(name: string): Promise<Bytes>;
  /** The same for a part that is a module, which may take from the program's modules; run once. */
  code(name: string): Promise<unknown>;
  /** Base addresses of mirrors that are asked for parts, in this order; the page adds those that it learns of. */
  readonly sources: string[];
}
