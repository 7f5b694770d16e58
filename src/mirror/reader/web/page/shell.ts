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

export interface Keeping {
  isKept(): Promise<boolean>;
  /** Keep the program that runs, or the newest that is signed. `StorageError`: it is not kept. */
  keep(session: Session): Promise<void>;
  /** Where it is kept, see whether a newer one is signed; true when that will run from the next start on. */
  update(session: Session): Promise<boolean>;
  /** Let the browser's own menu put a plain icon on the home screen. */
  install(): void;
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
  /** `read.ts` and `more.ts`, fetched once each. */
  read(): Promise<typeof import("./read.ts")>;
  more(): Promise<typeof import("./more.ts")>;
  /** The texts of another language than English. */
  texts(language: string): Promise<Messages>;
  /** What the shell was opened with: an edition inside of it, an invitation behind `#`. */
  readonly archive: Blob | null;
  readonly invitation: string;
  /** Whether there can be a library; not where the address is another one each time, under which nobody finds it again. */
  readonly keeps: boolean;
  /** Keeping the program itself, for reading without a network; `null` where the shell or the browser cannot. */
  readonly offline: (() => Promise<Keeping | null>) | null;
}
