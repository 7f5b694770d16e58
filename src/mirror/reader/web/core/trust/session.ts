/**
 * A metadata session: what to ask of which source, and what may be believed of the answers.
 *
 * Sans-IO: `state.ts` says how a session is driven. The rules are numbered in trust/RULES.md and the code repeats the
 * numbers. One session serves one refresh; it waits for nothing, retries nothing and has no clock.
 *
 * Two modes. The ordinary one asks many sources, lets the newest completable statement win and calls old what is old. A
 * strict session speaks plain TUF to one source, in the order of the specification, and fails at the first fault.
 */

import type { Bytes } from "../bytes.ts";
import { MirrorError, TrustError, UnreachableError } from "../errors.ts";
import { unpackHead } from "./heads.ts";
import { isAsSigned } from "./keys.ts";
import type { MetaFile, Signed } from "./metadata.ts";
import { type Answer, Sources } from "./sources.ts";
import {
  ABSENT,
  type Ask,
  type Files,
  fileOf,
  headPath,
  type Observation,
  OUR_LIMITS,
  ROOT,
  type Session,
  type SessionLimits,
  SNAPSHOT,
  type Stored,
  TARGETS,
  TIMESTAMP,
  type Verified,
} from "./state.ts";
import { nextRoot, openRoot, PINNED, type Trusted, TrustedSet } from "./tufset.ts";
import { type Offer, offerOf, verdict } from "./verdict.ts";
import { search } from "./verified.ts";

type Answers = ReadonlyMap<Ask, Answer>;
type Script<T = void> = AsyncGenerator<readonly Ask[], T, Answers>;

export interface SessionOptions {
  /** The device's clock; it may be wrong by years. */
  readonly now: number;
  /** Target paths whose roles must be had, such as `ru/head`. What is stored of other roles is not carried on. */
  readonly wanted?: readonly string[];
  /** The channel whose head to ask for first; without one, plain files only. */
  readonly head?: string;
  /** Per source, unverified files by name in `m/`, as an unpacked head. */
  readonly candidates?: ReadonlyMap<string, Files>;
  readonly limits?: SessionLimits;
  /** Plain TUF, one source, no head, expired means refused. */
  readonly isStrict?: boolean;
}

/** What `step` gives, or null when it throws one of our errors. */
async function attempt<T>(step: () => Promise<T>): Promise<T | null> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof MirrorError) return null;
    throw error;
  }
}

export class MetadataSession implements Session {
  readonly #stored: Stored;
  readonly #sources: Sources;
  readonly #options: SessionOptions;
  readonly #limits: SessionLimits;
  readonly #isStrict: boolean;
  readonly #wanted: readonly string[];
  readonly #roots: Trusted[];
  readonly #script: Script;
  readonly #accepted = new Map<string, Bytes>();
  #used = new Map<string, Bytes>();
  #open = new Set<Ask>();
  #answers = new Map<Ask, Answer>();
  #error: MirrorError | undefined;
  #verified: Verified | undefined;

  private constructor(stored: Stored, root: Trusted, sources: readonly string[], options: SessionOptions) {
    this.#stored = stored;
    this.#options = options;
    this.#limits = options.limits ?? OUR_LIMITS;
    this.#isStrict = options.isStrict ?? false;
    this.#wanted = options.wanted ?? [];
    this.#sources = new Sources(sources, options.candidates ?? new Map(), this.#isStrict);
    this.#roots = [root];
    this.#script = this.#run();
  }

  /**
   * Begin from `stored`; `sources` are local names of mirrors, the best liked first, and may be none: then the session
   * only judges what is stored. Throws `FormatError` or `TrustError` when `stored.root` is no root that signs itself.
   */
  static async begin(
    stored: Stored,
    sources: readonly string[],
    options: SessionOptions,
  ): Promise<MetadataSession> {
    const { isStrict, head, candidates = new Map() } = options;
    if (isStrict && (sources.length !== 1 || head || candidates.size)) throw new Error("not plain TUF");
    if (![...candidates.keys()].every((name) => sources.includes(name))) throw new Error("unknown source");
    const session = new MetadataSession(stored, await openRoot(stored.root), sources, options);
    await session.#advance(new Map());
    return session;
  }

  // --- driving -----------------------------------------------------------------------------------------------------

  requests(): readonly Ask[] {
    return [...this.#open];
  }

  async received(ask: Ask, body: Bytes): Promise<void> {
    this.#sources.hasAnswered = true;
    await this.#answer(ask, body.length <= ask.limit ? body : "too-long"); // R2
  }

  async failed(ask: Ask, code: string): Promise<void> {
    await this.#answer(ask, code);
  }

  /** A timestamp must be signed for a root known so far, a head must carry one, the next root must follow. */
  async mayBeGenuine({ path }: Ask, body: Bytes): Promise<boolean> {
    const { head } = this.#options;
    const isGenuine = await attempt(async () => {
      if (path === fileOf(TIMESTAMP)) return this.#isSigned(body);
      if (head && path === headPath(head)) return this.#isSigned(unpackHead(body).get(fileOf(TIMESTAMP)));
      if (path === fileOf(ROOT, this.#root.signed.version + 1)) await nextRoot(this.#root, body);
      return true;
    });
    return isGenuine ?? false;
  }

  get accepted(): Files {
    return this.#accepted;
  }

  get observations(): readonly Observation[] {
    return this.#sources.notes;
  }

  result(): Verified {
    if (this.#open.size) throw new Error("the session has not ended");
    if (this.#error) throw this.#error;
    return this.#verified as Verified;
  }

  async #answer(ask: Ask, answer: Answer): Promise<void> {
    if (!this.#open.delete(ask)) throw new Error("not an open request");
    this.#answers.set(ask, answer);
    if (this.#open.size) return;
    const answers = this.#answers;
    this.#answers = new Map();
    await this.#advance(answers);
  }

  async #advance(answers: Answers): Promise<void> {
    try {
      let step = await this.#script.next(answers);
      while (!step.done && !step.value.length) step = await this.#script.next(new Map());
      this.#open = new Set(step.value ?? []);
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      this.#error = error;
    }
  }

  // --- the script --------------------------------------------------------------------------------------------------

  get #root(): Trusted {
    return this.#roots.at(-1) as Trusted;
  }

  async *#run(): Script {
    const { head } = this.#options;
    if (head) yield* this.#firstHead(head);
    yield* this.#followRoots();
    const stamps = this.#stampAsks();
    this.#takeAll(stamps, yield stamps, true);
    if (!this.#isStrict) return yield* this.#settle();
    const [given] = this.#sources.given(fileOf(TIMESTAMP));
    const [source, data] = given as [string, Bytes];
    const offer = await offerOf(data, this.#root, [source]);
    await this.#conclude(yield* this.#complete(offer), [offer], []);
  }

  #asks(path: string, limit: number, besides: (name: string) => boolean): Ask[] {
    return this.#sources.names
      .filter((name) => !besides(name) && this.#sources.mayAsk(name, path))
      .map((source) => ({ source, path, limit }));
  }

  #stampAsks(besides?: string): Ask[] {
    return this.#asks(fileOf(TIMESTAMP), this.#limits.timestamp, (name) => name === besides);
  }

  #takeAll(asks: readonly Ask[], answers: Answers, isOwed: boolean): void {
    for (const ask of asks) this.#sources.take(ask, answers.get(ask) as Answer, isOwed);
  }

  /**
   * R7: the head of one source, and meanwhile the others' timestamps and next roots.
   *
   * When it has none, those that gave a genuine timestamp meanwhile are next, and those that gave another last.
   */
  async *#firstHead(channel: string): Script {
    const waiting = new Set(this.#sources.names);
    while (waiting.size) {
      const given = new Map<string, number>();
      for (const [source, data] of this.#sources.given(fileOf(TIMESTAMP))) {
        given.set(source, (await this.#isSigned(data)) ? 1 : 0);
      }
      const liking = (name: string) => given.get(name) ?? 0.5;
      const name = [...waiting].reduce((best, each) => (liking(each) > liking(best) ? each : best));
      waiting.delete(name);
      if (this.#sources.isHeaded(name)) return;
      const head = this.#sources.askHead(name, channel);
      const stamps = this.#stampAsks(name);
      const path = fileOf(ROOT, this.#root.signed.version + 1);
      const roots = this.#asks(path, this.#limits.root, (each) => each === name);
      const answers = yield [head, ...stamps, ...roots];
      this.#takeAll(stamps, answers, true);
      this.#takeAll(roots, answers, false);
      if (this.#sources.takeHead(head, answers.get(head) as Answer)) return;
    }
  }

  /** R6: root by root, each signed by the one before and by itself. */
  async *#followRoots(): Script {
    const finished = new Set<string>();
    for (let left = this.#limits.rotations; left--; ) {
      const { version } = this.#root.signed;
      const path = fileOf(ROOT, version + 1);
      if (await this.#step(path, this.#sources.given(path))) continue;
      const isFinished = (name: string) => finished.has(name) || this.#sources.saysLastRoot(name, version);
      const asks = this.#asks(path, this.#limits.root, isFinished);
      const answers = yield asks;
      const bodies: [string, Bytes][] = [];
      for (const ask of asks) {
        const answer = answers.get(ask) as Answer;
        if (answer === ABSENT) {
          finished.add(ask.source); // not a fault: this is how the newest root is found
          continue;
        }
        const body = this.#sources.take(ask, answer);
        if (body) bodies.push([ask.source, body]);
      }
      if (!(await this.#step(path, bodies))) return;
    }
  }

  async #step(path: string, bodies: readonly [string, Bytes][]): Promise<boolean> {
    for (const [source, body] of bodies) {
      const root = await this.#sources.tries(source, path, () => nextRoot(this.#root, body));
      if (root) {
        this.#roots.push(root);
        this.#accept(fileOf(ROOT), body);
        return true;
      }
    }
    return false;
  }

  /** R8, R9: the newest genuine statement that can be completed wins. */
  async *#settle(): Script {
    const held = await this.#own(this.#stored.files.get(fileOf(TIMESTAMP)));
    const pending = await this.#own(this.#stored.pending);
    const own = [held, pending].filter((offer) => offer !== null);
    const shown: Offer[] = [];
    for (const [source, data] of this.#sources.given(fileOf(TIMESTAMP))) {
      const offer = await this.#offer(source, data);
      if (offer) shown.push(offer);
    }
    this.#compare(shown, own, held);
    const missed: Offer[] = [];
    for (const offer of ranked([...own, ...shown])) {
      let trusted: TrustedSet;
      try {
        trusted = yield* this.#complete(offer);
      } catch (error) {
        if (!(error instanceof MirrorError)) throw error;
        if (error.code === "rolled-back") this.#noteAll(offer, "rolled-back", TIMESTAMP);
        if (this.#sources.hasAnswered || offer.payload !== held?.payload) missed.push(offer);
        continue;
      }
      return this.#conclude(trusted, shown, missed);
    }
    await this.#conclude(await this.#fromStore(), shown, missed);
  }

  #noteAll({ sources }: Offer, kind: "rolled-back" | "fork", role: string): void {
    for (const source of sources) this.#sources.note(source, kind, fileOf(role));
  }

  async #isSigned(timestamp: Bytes | undefined): Promise<boolean> {
    for (const root of this.#roots.toReversed()) {
      if (timestamp && (await attempt(() => offerOf(timestamp, root, [])))) return true;
    }
    return false;
  }

  /** The genuine timestamp in `data`, or null with a note of what it is instead. */
  async #offer(source: string, data: Bytes): Promise<Offer | null> {
    try {
      return await offerOf(data, this.#root, [source]);
    } catch (error) {
      // Signed by a key that was revoked since: behind, no liar.
      if (await this.#isSigned(data)) this.#sources.note(source, "stale", fileOf(TIMESTAMP));
      else this.#sources.blame(source, fileOf(TIMESTAMP), error);
      return null;
    }
  }

  /** A timestamp we stored, if the newest root still stands behind it (R10). */
  async #own(data: Bytes | null | undefined): Promise<Offer | null> {
    return data ? attempt(() => offerOf(data, this.#root, [])) : null;
  }

  /** Note who is behind, and who shows a second statement of one version. */
  #compare(shown: readonly Offer[], own: readonly Offer[], held: Offer | null): void {
    const known = [...own, ...shown];
    const newest = Math.max(0, ...known.map(({ version }) => version));
    const note = (source: string, kind: "rolled-back" | "stale" | "fork") =>
      this.#sources.note(source, kind, fileOf(TIMESTAMP));
    for (const { sources, version, payload } of shown) {
      for (const source of sources) {
        if (held && version < held.version) note(source, "rolled-back");
        else if (version < newest) note(source, "stale");
        if (known.some((other) => other.version === version && other.payload !== payload))
          note(source, "fork");
      }
    }
  }

  // --- completing one statement ------------------------------------------------------------------------------------

  /** R1: all that `offer` names and `wanted` needs, from the store, the shelf and the sources. */
  async *#complete(offer: Offer): Script<TrustedSet> {
    const trusted = new TrustedSet(this.#root, this.#isStrict ? this.#options.now : PINNED);
    this.#used = new Map([[fileOf(ROOT), this.#root.data]]);
    const stored = this.#stored.files.get(fileOf(TIMESTAMP));
    // R9: what is held bars all that is older. R10: after a change of keys it does not count.
    if (stored) await attempt(() => trusted.addTimestamp(stored));
    try {
      await trusted.addTimestamp(offer.data);
      this.#accept(fileOf(TIMESTAMP), offer.data);
    } catch (error) {
      if (!(stored && error instanceof TrustError && error.code === "equal-version")) throw error;
      this.#used.set(fileOf(TIMESTAMP), stored); // R9: of one version, the first one seen
    }
    yield* this.#getSnapshot(trusted, offer);
    yield* this.#getRole(trusted, offer, TARGETS, ROOT);
    for (const path of this.#wanted) yield* this.#getWanted(trusted, offer, path);
    return trusted;
  }

  /** All roles on the way to a target: the search stops at each that is not here yet, and begins anew when it is. */
  async *#getWanted(trusted: TrustedSet, offer: Offer, path: string): Script {
    for (let missing: [string, string] | null = [TARGETS, ROOT]; missing; ) {
      yield* this.#getRole(trusted, offer, ...missing);
      missing = null;
      await search(path, this.#limits.delegations, async (role, parent): Promise<Signed | null> => {
        const file = trusted.branch(role, parent);
        if (!file) missing = [role, parent];
        return file?.signed ?? null;
      });
    }
  }

  async *#getSnapshot(trusted: TrustedSet, offer: Offer): Script {
    const { named } = trusted;
    const stored = this.#stored.files.get(fileOf(SNAPSHOT));
    if (stored && (await attempt(() => trusted.addSnapshot(stored, true).then(() => true)))) {
      this.#used.set(fileOf(SNAPSHOT), stored);
      if (!(await isAsSigned(named, stored))) this.#noteAll(offer, "fork", SNAPSHOT);
      return;
    }
    const path = this.#pathOf(trusted, SNAPSHOT, named);
    const limit = least(this.#limits.snapshot, named);
    this.#accept(
      fileOf(SNAPSHOT),
      yield* this.#obtain(offer, path, limit, (data) => trusted.addSnapshot(data)),
    );
  }

  async *#getRole(trusted: TrustedSet, offer: Offer, role: string, parent: string): Script {
    if (trusted.branch(role, parent)) return;
    const name = fileOf(role);
    const add = (data: Bytes) => trusted.addTargets(data, role, parent);
    for (const files of [this.#used, this.#stored.files]) {
      const data = files.get(name);
      if (data && (await attempt(() => add(data).then(() => true)))) {
        this.#used.set(name, data);
        return;
      }
    }
    const named = trusted.snapshot.signed.meta.get(`${role}.json`);
    if (!named) throw new TrustError("not-named");
    const path = this.#pathOf(trusted, role, named);
    this.#accept(name, yield* this.#obtain(offer, path, least(this.#limits.targets, named), add));
  }

  #pathOf({ root }: TrustedSet, role: string, { version }: MetaFile): string {
    return fileOf(role, root.signed.isConsistent ? version : undefined);
  }

  /** R8: a file that is withheld or bad is asked of the next source; what `add` accepted. */
  async *#obtain(
    offer: Offer,
    path: string,
    limit: number,
    add: (data: Bytes) => Promise<void>,
  ): Script<Bytes> {
    const sources = this.#sources;
    const tried = new Set<string>();

    const fitting = async (): Promise<Bytes | null> => {
      for (const [source, data] of sources.given(path)) {
        if (tried.has(source)) continue;
        tried.add(source);
        if (await sources.tries(source, path, () => add(data).then(() => true))) return data;
      }
      return null;
    };

    let data = await fitting();
    for (const name of data ? [] : sources.ranked(offer.sources)) {
      const isGiver = offer.sources.includes(name);
      const { head } = this.#options;
      if (head && isGiver && !sources.isHeaded(name)) {
        const ask = sources.askHead(name, head);
        const answers = yield [ask];
        if (sources.takeHead(ask, answers.get(ask) as Answer)) data = await fitting();
      }
      if (!data && sources.mayAsk(name, path)) {
        const ask: Ask = { source: name, path, limit };
        const answers = yield [ask];
        sources.take(ask, answers.get(ask) as Answer, isGiver);
        data = await fitting();
      }
      if (data) break;
    }
    if (!data) throw new TrustError("withheld");
    return data;
  }

  /** R9: the last complete generation, under the root it was verified with; null if there is none. */
  async #fromStore(): Promise<TrustedSet | null> {
    const { files } = this.#stored;
    const [root, timestamp, snapshot, targets] = [ROOT, TIMESTAMP, SNAPSHOT, TARGETS].map((role) =>
      files.get(fileOf(role)),
    );
    if (!root || !timestamp || !snapshot || !targets) return null;
    const trusted = await attempt(async () => {
      const set = new TrustedSet(await openRoot(root), PINNED);
      await set.addTimestamp(timestamp);
      await set.addSnapshot(snapshot, true);
      await set.addTargets(targets, TARGETS, ROOT);
      return set;
    });
    if (!trusted) return null;
    this.#used = new Map(
      [ROOT, TIMESTAMP, SNAPSHOT, TARGETS].map((role) => [fileOf(role), files.get(fileOf(role)) as Bytes]),
    );
    for (const path of this.#wanted) {
      await search(path, this.#limits.delegations, async (role, parent) => {
        const data = files.get(fileOf(role));
        if (!trusted.branch(role, parent) && data) {
          await attempt(() => trusted.addTargets(data, role, parent));
          if (trusted.branch(role, parent)) this.#used.set(fileOf(role), data);
        }
        return trusted.branch(role, parent)?.signed ?? null;
      });
    }
    return trusted;
  }

  async #conclude(
    trusted: TrustedSet | null,
    shown: readonly Offer[],
    missed: readonly Offer[],
  ): Promise<void> {
    const { hasAnswered, notes: observations } = this.#sources;
    if (!trusted) throw hasAnswered ? new TrustError("withheld") : new UnreachableError();
    this.#verified = await verdict(trusted, {
      files: new Map(this.#used),
      stored: this.#stored,
      root: this.#root,
      shown,
      missed,
      now: this.#options.now,
      hasAnswered,
      observations,
      delegations: this.#limits.delegations,
    });
  }

  #accept(name: string, data: Bytes): void {
    this.#used.set(name, data);
    if (this.#isStrict) this.#accepted.set(name, data);
  }
}

const least = (limit: number, { length = limit }: MetaFile): number => Math.min(limit, length);

/** Newest first, our own before the sources' in their order; one of each, with all who show it. */
function ranked(offers: readonly Offer[]): Offer[] {
  const merged = new Map<string, Offer>();
  for (const offer of offers) {
    const key = `${offer.version} ${offer.payload}`;
    const sources = [...(merged.get(key)?.sources ?? []), ...offer.sources];
    merged.set(key, { ...(merged.get(key) ?? offer), sources });
  }
  return [...merged.values()].sort((one, other) => other.version - one.version);
}
