/** What the views need of a run: the core's values, and what `session.ts` makes of its `Reader`. */

import type { Bytes } from "../core/bytes.ts";
import type { Progress } from "../core/client/fetch.ts";
import type { Reportable } from "../core/client/invited.ts";
import type { Program } from "../core/client/program.ts";
import type { Account } from "../core/client/report.ts";
import type { silencesIn } from "../core/client/silence.ts";
import type { MirrorReport } from "../core/client/verdicts.ts";
import type { Article, PieceList } from "../core/model.ts";
import type { NoticeSet } from "../core/notices/model.ts";
import type { Freshness, Signers } from "../core/trust/state.ts";
import type { Library } from "./library.ts";

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
  open(told: (step: "metadata" | "front", done: number, total: number) => void): Promise<Edition>;
  /** Never throws: without notices every act but reading is off. */
  takeNotices(): Promise<void>;
  readonly freshness: Freshness;
  /** By role, such as `timestamp` or `channel-ru`. */
  readonly signers: ReadonlyMap<string, Signers>;
  /** When the edition that is shown in the newest one's place was saved; `null` as a rule. */
  readonly savedAsOf: number | null;
  /** The notices in force; `null` until they were taken, and without any. */
  readonly notices: NoticeSet | null;
  /** The instant that everything is judged at. */
  readonly now: number;
  /** The reader's own program, where a newer one than `version` is signed. Throws as `newerProgram`. */
  program(version: number): Promise<Program | null>;
  /** What each mirror did. */
  readonly accounts: ReadonlyMap<string, Account>;
  fetchedBytes(): number;
  /** Keep the whole edition, without pictures, and from then on what trust needs, in a library. */
  keep(library: Library, progress: Progress): Promise<void>;
  /** End what is under way. */
  close(): void;
  /** The link for friend `number`; `null` for a reader who was not invited. */
  readonly invite: ((number: number) => Promise<string>) | null;
  /** See `Reader.reportable`; `null` for nothing. */
  reportable(judge: typeof silencesIn, reports: readonly MirrorReport[]): Promise<Reportable | null>;
}
