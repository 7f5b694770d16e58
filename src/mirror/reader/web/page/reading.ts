/**
 * What the page needs of the core, as plain values: the vocabulary is that of `model.py`, `trust`, `notices`, `client`.
 */

import type { Bytes } from "../core/bytes.ts";

export type State = "live" | "corrected" | "withdrawn" | "removed";

export interface PieceList {
  readonly rawLength: number;
  readonly digests: readonly string[];
}

export interface Image {
  readonly thumbnail: PieceList;
  readonly full: PieceList | null;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly alt: string;
  readonly credit: string;
}

/** `body` is HTML of the closed subset; everything here was verified and is still a stranger's. */
export interface Article {
  readonly id: string;
  readonly language: string;
  readonly title: string;
  readonly body: string;
  readonly published: number;
  readonly updated: number;
  readonly summary: string;
  readonly byline: string;
  readonly section: string;
  readonly source: string;
  readonly credits: readonly string[];
  readonly images: readonly Image[];
  readonly corrections: readonly { readonly at: number; readonly text: string }[];
  readonly state: State;
}

export type Act =
  | "read"
  | "search"
  | "share_public"
  | "share_private"
  | "copy_link"
  | "react"
  | "save"
  | "export"
  | "contact"
  | "invite";

export const NONE = 0;
export const INLINE = 1;
export const CONFIRM = 2;
export const HOLD = 3;
export const OFF = 4;

/** One finished text of a notice, in one language. */
export interface Block {
  readonly kind: string;
  readonly text: string;
  readonly language: string;
  readonly direction: string;
}

export interface NoticePage {
  readonly title: Block;
  readonly labels: readonly Block[];
  readonly blocks: readonly Block[];
  readonly beside: readonly Block[];
}

export interface GateText extends NoticePage {
  readonly act: Act;
  readonly level: number;
  readonly back: Block;
  readonly question: Block | null;
  readonly again: Block | null;
  readonly proceed: Block | null;
  readonly more: readonly string[];
}

/** What a reader chose to answer; `null` is "not answered". In memory only, and never sent. */
export interface Answers {
  readonly located: string | null;
  readonly citizenships: ReadonlySet<string> | null;
  readonly statelessResidentOf: ReadonlySet<string> | null;
}

export interface Freshness {
  readonly state: "current" | "old" | "held-back";
  readonly asOf: number;
  readonly oldSince: number | null;
  readonly reference: number;
  readonly skewSeconds: number;
  readonly isChecked: boolean;
}

export interface Signers {
  readonly role: string;
  readonly version: number;
  readonly keyids: readonly string[];
  readonly threshold: number;
  readonly holders: number;
}

export interface MirrorReport {
  readonly name: string;
  readonly verdict: string;
  readonly pieces: number;
  readonly bytes: number;
  readonly evidence: readonly { readonly code: string; readonly about: string }[];
}

export type Progress = (done: number, total: number) => void;

/** Where records are kept under labels, by choice. A finder reads neither labels nor contents. */
export interface Store {
  read(label: string): Promise<Bytes | null>;
  write(label: string, data: Bytes): Promise<void>;
  /** Let go of every record but these. */
  tidy(labels: Iterable<string>): Promise<void>;
}

/** One edition of one channel, opened as far as somebody asked. */
export interface Edition {
  readonly name: string;
  readonly number: number;
  readonly front: readonly Article[];
  /** Whether everything is here, so that asking costs no network. */
  readonly isLocal: boolean;
  listed(progress?: Progress): Promise<readonly Article[]>;
  article(id: string, progress?: Progress): Promise<Article | null>;
  everything(progress?: Progress): Promise<readonly Article[]>;
  image(tier: PieceList): Promise<Bytes>;
}

/** One run over one channel; the properties hold after `open`. */
export interface Session {
  open(told: (step: "metadata" | "front", done?: number, total?: number) => void): Promise<Edition>;
  takeNotices(): Promise<void>;
  readonly hasNotices: boolean;
  readonly freshness: Freshness;
  readonly signers: readonly Signers[];
  /** When the edition that is shown in the newest one's place was saved; `null` as a rule. */
  readonly savedAsOf: number | null;
  /** Countries and places of the notices that an answer can matter to. */
  readonly places: { readonly jurisdictions: readonly string[]; readonly controlled: readonly string[] };
  report(): readonly MirrorReport[];
  fetchedBytes(): number;
  gate(act: Act, answers: Answers, language: string): GateText;
  infoPage(designation: string, language: string): NoticePage;
  /** Keep the whole edition, and from then on what trust needs, in a library. */
  keep(library: Store, progress: Progress): Promise<void>;
  /** The whole edition as a file that proves itself. */
  readonly archive: ((progress: Progress) => Promise<Blob>) | null;
  /** The link for friend `number`; `null` for a reader who was not invited. */
  readonly invite: ((number: number) => Promise<string>) | null;
}
