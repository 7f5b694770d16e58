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
import {
  type Answers,
  attempt,
  type Complete,
  complete,
  type Desk,
  fromStore,
  type Script,
} from "./complete.ts";
import { unpackHead } from "./heads.ts";
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
  type Stored,
  TIMESTAMP,
  type Verified,
} from "./state.ts";
import { nextRoot, openRoot, PINNED, type Trusted } from "./tufset.ts";
import { type Offer, offerOf, verdict } from "./verdict.ts";

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

export class MetadataSession implements Session {
  readonly #desk: Desk;
  readonly #sources: Sources;
  readonly #limits: SessionLimits;
  readonly #now: number;
  readonly #isStrict: boolean;
  readonly #roots: Trusted[];
  readonly #script: Script;
  readonly #accepted = new Map<string, Bytes>();
  #open = new Set<Ask>();
  #answers = new Map<Ask, Answer>();
  #error: MirrorError | undefined;
  #verified: Verified | undefined;

  private constructor(stored: Stored, root: Trusted, sources: readonly string[], options: SessionOptions) {
    const { now, isStrict = false, limits = OUR_LIMITS, wanted = [], head, candidates = new Map() } = options;
    this.#now = now;
    this.#limits = limits;
    this.#isStrict = isStrict;
    this.#sources = new Sources(sources, candidates, isStrict);
    const accept = (name: string, data: Bytes) => this.#accept(name, data);
    this.#desk = { stored, sources: this.#sources, limits, wanted, head, accept };
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
    const { head } = this.#desk;
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
    const { head } = this.#desk;
    if (head) yield* this.#firstHead(head);
    yield* this.#followRoots();
    const stamps = this.#stampAsks();
    this.#takeAll(stamps, yield stamps, true);
    if (!this.#isStrict) return yield* this.#settle();
    const [given] = this.#sources.given(fileOf(TIMESTAMP));
    const [source, data] = given as [string, Bytes];
    const offer = await offerOf(data, this.#root, [source]);
    await this.#conclude(yield* complete(this.#desk, offer, this.#root, this.#now), [offer], []);
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
    const held = await this.#own(this.#desk.stored.files.get(fileOf(TIMESTAMP)));
    const pending = await this.#own(this.#desk.stored.pending);
    const own = [held, pending].filter((offer) => offer !== null);
    const shown: Offer[] = [];
    for (const [source, data] of this.#sources.given(fileOf(TIMESTAMP))) {
      const offer = await this.#offer(source, data);
      if (offer) shown.push(offer);
    }
    this.#compare(shown, own, held);
    const missed: Offer[] = [];
    for (const offer of ranked([...own, ...shown])) {
      let found: Complete;
      try {
        found = yield* complete(this.#desk, offer, this.#root, PINNED);
      } catch (error) {
        if (!(error instanceof MirrorError)) throw error;
        if (error.code === "rolled-back") for (const source of offer.sources) this.#note(source, error.code);
        if (this.#sources.hasAnswered || offer.payload !== held?.payload) missed.push(offer);
        continue;
      }
      return this.#conclude(found, shown, missed);
    }
    await this.#conclude(await fromStore(this.#desk), shown, missed);
  }

  #note(source: string, kind: "rolled-back" | "stale" | "fork"): void {
    this.#sources.note(source, kind, fileOf(TIMESTAMP));
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
      if (await this.#isSigned(data)) this.#note(source, "stale");
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
    for (const { sources, version, payload } of shown) {
      for (const source of sources) {
        if (held && version < held.version) this.#note(source, "rolled-back");
        else if (version < newest) this.#note(source, "stale");
        if (known.some((other) => other.version === version && other.payload !== payload))
          this.#note(source, "fork");
      }
    }
  }

  async #conclude(found: Complete | null, shown: readonly Offer[], missed: readonly Offer[]): Promise<void> {
    const { hasAnswered, notes: observations } = this.#sources;
    if (!found) throw hasAnswered ? new TrustError("withheld") : new UnreachableError();
    const { stored, limits } = this.#desk;
    const told = { stored, root: this.#root, shown, missed, now: this.#now, hasAnswered, observations };
    this.#verified = await verdict(found, { ...told, delegations: limits.delegations });
  }

  #accept(name: string, data: Bytes): void {
    if (this.#isStrict) this.#accepted.set(name, data);
  }
}

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
