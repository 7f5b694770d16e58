/**
 * One run of a reader's program: verified metadata, notices, the edition. What the shells call.
 *
 * The twin of `reader/session.py`, whose rules 1 to 6 hold here. "Disk" is the store that a person chose.
 *
 * `client/notices.ts` and `client/stories.ts` are given to the methods that need them, and not taken from here: in a
 * page they come after the headlines.
 */

import { type Bytes, equal, utf8 } from "./bytes.ts";
import { RemoteEdition, wanted } from "./client/edition.ts";
import { type How, Pieces } from "./client/fetch.ts";
import type { Remembered as Handed, Invited, Reportable } from "./client/invited.ts";
import { Lines } from "./client/lines.ts";
import { type Mirror, mirrors, type Transport } from "./client/net.ts";
import type { fetchNotices, Seen } from "./client/notices.ts";
import { refresh } from "./client/refresh.ts";
import { type Account, type Cost, Ledger } from "./client/report.ts";
import type { silencesIn } from "./client/silence.ts";
import { jsonOf, MemoryStore, packed, type Store, unpacked } from "./client/store.ts";
import type { MirrorReport } from "./client/verdicts.ts";
import { digestOf } from "./crypto.ts";
import { FormatError, GateError, MirrorError, TrustError, UnreachableError } from "./errors.ts";
import { MAX_METADATA } from "./limits.ts";
import type { NoticeSet } from "./notices/model.ts";
import { MetadataSession } from "./trust/session.ts";
import {
  type Files,
  type Freshness,
  fromFiles,
  isLie,
  newcomer,
  type Stored,
  toFiles,
  type Verified,
} from "./trust/state.ts";

export interface Options {
  /** The root that all trust begins from: its bytes, or its SHA-256 in hexadecimal; an invitation's by default. */
  readonly root?: Bytes | string;
  /** An invitation's by default. */
  readonly channel?: string;
  /** Addresses of mirrors, the best liked first; what no browser can use is left out. */
  readonly mirrors: Iterable<string>;
  /** The mirror among them that the page came from. */
  readonly origin?: string;
  /** By an invitation, whose endpoints are asked before `mirrors`; for one run. */
  readonly invited?: Invited;
  readonly transport: Transport;
  /** Memory by default. */
  readonly store?: Store;
  /** The device's clock, in whole seconds; it may be wrong by years. */
  readonly now: () => number;
  /** When this program was built: no clock is believed below that (rule 2). */
  readonly built: number;
}

/** What a store remembers, besides pieces. */
interface Remembered {
  readonly firstRoot: Bytes;
  readonly stored: Stored;
  /** See `Reader.#seen`. */
  readonly seen: Seen;
  /** Saved editions by channel: the head's name, and when it was known to be the newest. */
  readonly saved: ReadonlyMap<string, Saved>;
  /** As `Invited` gave it; looked at only when that invitation is used again. */
  readonly handed: Handed | null;
}

export interface Saved {
  readonly head: string;
  readonly asOf: number;
}

/**
 * Begin with `refresh`; then the rest tells what was verified. `takeNotices` is apart, so that headlines do not wait
 * for it; until then every act is closed.
 *
 *     const reader = await Reader.open(options);   // FormatError, TrustError: the invitation, or the store
 *     await reader.refresh();                      // UnreachableError, TrustError: nothing could be verified
 *     const edition = await reader.edition();
 *     await reader.takeNotices(fetchNotices);      // never throws: `noticesError` says why there are none
 *     await reader.takeSlips();                    // never throws: `invited.finding` says how it went
 *     await reader.remember();                     // in the store, where the person chose one
 */
export class Reader {
  readonly channel: string;
  /** SHA-256 of the first root: the publication's name. */
  readonly root: string;
  readonly invited: Invited | null;
  /** `null` until `takeNotices`, and when they are missing, altered, older than before, or not to be had (rule 4). */
  notices: NoticeSet | null = null;
  noticesError: MirrorError | null = null;
  /** The saved edition that is shown in the newest one's place (rule 6). */
  saved: Saved | null = null;
  readonly #options: Options;
  readonly #ended = new AbortController();
  readonly #ledger: Ledger;
  readonly #lines: Lines;
  readonly #pieces: Pieces;
  #mirrors: readonly Mirror[];
  #store: Store;
  /** What the store held when it was last looked at, and what that says. */
  #loaded: Bytes | null;
  #remembered: Remembered | null;
  #firstRoot: Bytes | null;
  #verified: Verified | null = null;
  #edition: RemoteEdition | null = null;
  #noticePieces: readonly string[] = [];
  /** The publisher's id in his notices, and the highest edition of them that was seen; also by earlier runs. */
  #seen: Seen | null;

  private constructor(
    options: Options,
    channel: string,
    root: string,
    known: readonly Mirror[],
    store: Store,
    loaded: Bytes | null,
    remembered: Remembered | null,
  ) {
    this.#options = options;
    this.channel = channel;
    this.root = root;
    this.invited = options.invited ?? null;
    this.#mirrors = known;
    this.#store = store;
    this.#loaded = loaded;
    this.#remembered = remembered;
    this.#seen = remembered?.seen ?? null;
    this.#firstRoot = remembered?.firstRoot ?? (typeof options.root === "object" ? options.root : null);
    this.#ledger = new Ledger(known.map((mirror) => mirror.name));
    this.#lines = new Lines(known, options.transport);
    for (const { name, address } of known) if (address === options.origin) this.#lines.used.add(name);
    this.#pieces = new Pieces(this.#lines, this.#ledger, store, this.#ended.signal);
  }

  /**
   * Asks nobody. `FormatError` (`stored-trust`): the store is damaged. `TrustError`: `other-publication`, the
   * store is another's; `invitation-foreign`, `invitation-expired`.
   */
  static async open(options: Options): Promise<Reader> {
    const store = options.store ?? new MemoryStore();
    const { invited } = options;
    const channel = options.channel ?? invited?.channel;
    const root = typeof options.root === "object" ? await digestOf(options.root) : options.root;
    const publication = root ?? invited?.publication;
    if (!channel || !publication) throw new Error("without an invitation, root and channel are given");
    const now = Math.max(options.now(), options.built);
    invited?.check(publication, now);
    const loaded = await store.load();
    const remembered = loaded && (await rememberedIn(loaded, publication));
    invited?.resume(remembered?.handed ?? null);
    const known = mirrors([...((await invited?.knock(now)) ?? []), ...options.mirrors]);
    return new Reader(options, channel, publication, known, store, loaded, remembered);
  }

  // --- trust ---------------------------------------------------------------------------------

  /** What was verified. */
  get verified(): Verified {
    if (!this.#verified) throw new Error("a run is refreshed first");
    return this.#verified;
  }

  get freshness(): Freshness {
    return this.verified.freshness;
  }

  /** The instant that everything is judged at: never before a signed one that was seen. */
  get now(): number {
    return this.freshness.reference;
  }

  /**
   * Asks the mirrors what is new, and verifies it: a few of them, or `everyone` so that each is judged. When the few do
   * not give a current statement, all are asked, with more patience. `how.told` counts answers and requests.
   *
   * `UnreachableError`, `TrustError`: nothing could be verified, now or before.
   */
  async refresh(how: How & { readonly everyone?: boolean } = {}): Promise<void> {
    this.#firstRoot ??= await this.#obtainRoot(how);
    const stored = this.#verified?.stored ?? this.#remembered?.stored ?? newcomer(this.#firstRoot);
    const held = { ...stored, floor: Math.max(stored.floor, this.#options.built) };
    let found: Verified;
    try {
      found = await this.#newest(held, how.everyone ?? false, how);
    } catch (error) {
      if (!(error instanceof UnreachableError && (await this.#fallBack()))) throw error;
      found = await this.#newest(held, true, how);
    }
    if (!found.freshness.isChecked && (await this.#fallBack())) found = await this.#newest(held, true, how);
    this.#verified = found;
    this.#edition = null;
    this.#lines.prefer(this.#able(found));
  }

  /** The mirrors that pieces are asked of, the best liked first (rule 3). */
  #able({ observations, showed }: Verified): string[] {
    const liars = new Set(observations.filter(isLie).map((each) => each.source));
    const able = this.#mirrors.map((mirror) => mirror.name).filter((name) => !liars.has(name));
    return able.sort((one, other) => (showed.get(other) ?? 0) - (showed.get(one) ?? 0));
  }

  async #newest(stored: Stored, everyone: boolean, how: How): Promise<Verified> {
    if (everyone) return this.#ask(stored, true, how);
    let found: Verified | null = null;
    try {
      found = await this.#ask(stored, false, how);
      if (found.freshness.state === "current") return found;
      return await this.#ask(stored, true, how);
    } catch (error) {
      const isBetterThanNothing = error instanceof TrustError || error instanceof UnreachableError;
      if (found && isBetterThanNothing) return found;
      if (found || !(error instanceof TrustError)) throw error;
      return this.#ask(stored, true, how);
    }
  }

  async #ask(stored: Stored, everyone: boolean, how: How, also?: string): Promise<Verified> {
    const session = await MetadataSession.begin(stored, this.#ledger.mirrors, {
      now: this.#options.now(),
      wanted: [...wanted(this.channel), ...(also ? [also] : [])],
      ...(also ? {} : { head: this.channel }),
    });
    const signal = this.#pieces.until(how.signal);
    try {
      return await refresh(session, this.#lines, this.#ledger, { everyone, signal, told: how.told });
    } finally {
      for (const { source, kind, file } of session.observations) this.#ledger.note(source, kind, file);
    }
  }

  /** The root of trust, from any mirror that gives what the digest names. */
  async #obtainRoot(how: How): Promise<Bytes> {
    const given: Bytes[] = [];
    const judge = async (data: Bytes) => ((await digestOf(data)) === this.root ? data : null);
    const errand = { path: "m/1.root.json", limit: MAX_METADATA, part: "metadata", judge } as const;
    await this.#pieces.files(new Map([["", errand]]), (_, data) => void given.push(data), how.signal);
    if (!given[0]) throw new UnreachableError("root-unreachable");
    return given[0];
  }

  // --- slips ---------------------------------------------------------------------------------

  /** Looks for this reader's slip, and takes what it hands out into use; once (rule 5). */
  async takeSlips(): Promise<void> {
    const { invited } = this;
    const now = this.#options.now();
    if (await invited?.look(this.verified, this.#pieces, now)) {
      this.#meet(await invited!.knock(now, this.freshness.asOf));
    }
  }

  /**
   * What an invited reader may report of this run. `judge` is `silencesIn` of `client/silence.ts`, `reports` are what
   * `verdicts.ts` thinks of `accounts`.
   */
  async reportable(judge: typeof silencesIn, reports: readonly MirrorReport[]): Promise<Reportable | null> {
    const { invited } = this;
    return invited ? invited.reportable(this.verified, this.#mirrors, this.now, judge, reports) : null;
  }

  /** Ask the invitation's own endpoints too; false where that was done, or there are none. */
  async #fallBack(): Promise<boolean> {
    const now = Math.max(this.#options.now(), this.#options.built);
    return this.#meet((await this.invited?.knockAsNew(now)) ?? []);
  }

  /** Take endpoints into use that were not known; false when all were. */
  #meet(texts: readonly string[]): boolean {
    const known = new Set<string>(this.#mirrors.map((mirror) => mirror.address));
    const fresh = mirrors(texts).filter((mirror) => !known.has(mirror.address));
    const met = mirrors(
      fresh.map((mirror) => mirror.address),
      this.#mirrors.length + 1,
    );
    for (const mirror of met) {
      this.#lines.meet(mirror);
      this.#ledger.met(mirror.name);
    }
    this.#mirrors = [...this.#mirrors, ...met];
    return met.length > 0;
  }

  // --- what is read --------------------------------------------------------------------------

  /** The newest edition; or the saved one where that cannot be had. Throws as `RemoteEdition.open`. */
  async edition(how: How = {}): Promise<RemoteEdition> {
    try {
      this.#edition ??= await RemoteEdition.open(this.verified, this.channel, this.#pieces, how);
    } catch (error) {
      const saved = this.#remembered?.saved.get(this.channel);
      const head =
        error instanceof UnreachableError && saved && (await this.#pieces.held(saved.head, "head"));
      if (!head || !saved) throw error;
      this.saved = saved;
      this.#edition = new RemoteEdition(head, this.#pieces);
    }
    return this.#edition;
  }

  /**
   * Fetches the notices in force by `fetch`, before any act but reading. Throws nothing but what `how` aborts with.
   */
  async takeNotices(fetch: typeof fetchNotices, how: How = {}): Promise<void> {
    try {
      const { notices, names } = await fetch(this.verified, this.#pieces, this.#seen, how);
      this.notices = notices;
      this.#seen = [notices.publisher, notices.edition];
      this.noticesError = null;
      this.#noticePieces = names;
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      this.notices = null;
      this.noticesError = error;
    }
  }

  /**
   * What `open` makes of `target`, which readers seldom need.
   *
   * It is looked for in a session of its own, of which nothing is remembered: whoever withholds it holds back no news.
   * Throws what `refresh` throws, and `open`.
   */
  async besides<Value>(
    target: string,
    open: (verified: Verified, pieces: Pieces) => Promise<Value>,
    how: How = {},
  ): Promise<Value> {
    return open(await this.#ask(this.verified.stored, false, how, target), this.#pieces);
  }

  /** What each mirror did, also after a failure; `report` says what to think of it. */
  get accounts(): ReadonlyMap<string, Account> {
    return this.#ledger.accounts;
  }

  /** What the run cost so far. */
  cost(): Cost {
    return this.#ledger.cost();
  }

  // --- what is kept --------------------------------------------------------------------------

  /**
   * Remembers in the store what was verified; nothing while there are no notices (rule 1). What it remembers already
   * is not written again: when something was written says when somebody read.
   */
  async remember(): Promise<void> {
    if (this.notices) await this.#commit(this.#remembered?.saved ?? new Map());
  }

  /**
   * Keeps the edition in `store`, as far as `fetch` fetches it (`fetchWhole`, which names its pieces), and from then
   * on what trust needs; to be called after the gate. Gives the names of all pieces that are kept; whatever else is
   * there is of no use any more.
   *
   * `GateError` (`notices-missing`): nothing was kept (rule 1). `UnreachableError`: some of it could not be had; what
   * came is kept for the next try, and what was saved before is whole.
   */
  async save(
    store: Store,
    fetch: (edition: RemoteEdition) => Promise<string[]>,
    how: How = {},
  ): Promise<string[]> {
    if (!this.notices) throw new GateError("notices-missing");
    const edition = await this.edition(how);
    if (this.saved) throw new UnreachableError("piece-unreachable");
    if (store !== this.#store) {
      this.#loaded = await store.load();
      this.#remembered = this.#loaded && (await rememberedIn(this.#loaded, this.root));
      this.#store = store;
    }
    const names = await this.#pieces.keeping(store, () => fetch(edition));
    const saved = { head: edition.head, asOf: this.freshness.asOf };
    await this.#commit(new Map([...(this.#remembered?.saved ?? []), [this.channel, saved]]));
    return [...names, ...this.#noticePieces];
  }

  /** Ends everything that is under way. */
  close(): void {
    this.#ended.abort();
  }

  async #commit(saved: ReadonlyMap<string, Saved>): Promise<void> {
    const remembered: Remembered = {
      firstRoot: this.#firstRoot!,
      stored: this.verified.stored,
      seen: this.#seen!,
      saved,
      handed: this.invited?.remembered ?? this.#remembered?.handed ?? null,
    };
    const generation = filed(remembered);
    if (this.#loaded && equal(generation, this.#loaded)) return;
    const names = await this.#pieces.get(this.#noticePieces, "notices");
    for (const name of this.#noticePieces) await this.#store.keep(name, names(name).data);
    const now = await this.#store.load();
    // Another tab refreshed at the same time: as good as ours, and never to be undone.
    if (now && !(this.#loaded && equal(now, this.#loaded))) return;
    await this.#store.commit(generation);
    this.#loaded = generation;
    this.#remembered = remembered;
  }
}

const FIRST_ROOT = "first-root";
const MARKS = "marks";

/** `remembered` as one value for a store; `rememberedIn` reads it. */
function filed({ firstRoot, stored, seen, saved, handed }: Remembered): Bytes {
  const editions = [...saved].map(([channel, { head, asOf }]) => [channel, head, asOf]);
  const marks = { seen, saved: editions, handed };
  const files = toFiles(stored)
    .set(FIRST_ROOT, firstRoot)
    .set(MARKS, utf8(JSON.stringify(marks)));
  return packed(files);
}

/** What `filed` gave, if it is of the publication `root`. `FormatError`: `stored-trust`. */
async function rememberedIn(data: Bytes, root: string): Promise<Remembered> {
  const files: Files = unpacked(data);
  const [firstRoot, marks] = [files.get(FIRST_ROOT), files.get(MARKS)];
  if (!firstRoot || !marks) throw new FormatError("stored-trust");
  if ((await digestOf(firstRoot)) !== root) throw new TrustError("other-publication");
  const { seen, saved, handed } = jsonOf(marks) as {
    seen: [string, number];
    saved: [string, string, number][];
    handed: Handed | null;
  };
  return {
    firstRoot,
    stored: fromFiles(files),
    seen,
    saved: new Map(saved.map(([channel, head, asOf]) => [channel, { head, asOf }])),
    handed,
  };
}
