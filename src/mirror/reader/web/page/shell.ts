/** What the page is given: which shell it runs in, what it knows beforehand, and what that shell can do. */

import type { Library } from "./library.ts";
import type { Session } from "./reading.ts";
import type { Messages } from "./text.ts";

export interface Channel {
  readonly id: string;
  readonly title: string;
  readonly language: string;
}

/** What a run begins from. */
export interface Beginning {
  readonly library: Library | null;
  /** An edition in a file, and whether mirrors are asked besides. */
  readonly archive: Blob | null;
  readonly isOnline: boolean;
  /** As somebody typed it; empty for none. */
  readonly invitation: string;
}

export interface Shell {
  readonly kind: "page" | "file" | "loopback";
  readonly publication: {
    /** SHA-256 of the root of trust, hex. */
    readonly root: string;
    readonly name: string;
    readonly channels: readonly Channel[];
  };
  /** Where leaving leads; `about:blank` where nothing better is known. */
  readonly exit: string;
  /** What the program goes by: the first digits of its first piece's name. */
  readonly version: string;
  /** Begin a run over one channel. */
  session(channel: string, begin: Beginning): Session;
  /** `more.ts`, fetched once. */
  more(): Promise<typeof import("./more.ts")>;
  /** The texts of another language than English. */
  texts(language: string): Promise<Messages>;
  /** What the shell was opened with: an edition inside of it, an invitation behind `#`. */
  readonly archive: Blob | null;
  readonly invitation: string;
  /** Keep the program itself for reading without a network; `null` where the shell cannot, or has done it. */
  readonly offline: (() => Promise<void>) | null;
}
