/** Completing one statement: all files that it names and a reader wants, verified in TUF's order (RULES.md R1, R8, R9). */

import type { Bytes } from "../bytes.ts";
import { MirrorError, TrustError } from "../errors.ts";
import { isAsSigned } from "./keys.ts";
import type { MetaFile, Signed } from "./metadata.ts";
import type { Answer, Sources } from "./sources.ts";
import {
  type Ask,
  type Files,
  fileOf,
  ROOT,
  type SessionLimits,
  SNAPSHOT,
  type Stored,
  TARGETS,
  TIMESTAMP,
} from "./state.ts";
import { openRoot, PINNED, type Trusted, TrustedSet } from "./tufset.ts";
import type { Offer } from "./verdict.ts";
import { search } from "./verified.ts";

export type Answers = ReadonlyMap<Ask, Answer>;

/** What a session does: yields requests, is sent their answers. */
export type Script<T = void> = AsyncGenerator<readonly Ask[], T, Answers>;

/** A statement with all its files, by name without version. */
export interface Complete {
  readonly trusted: TrustedSet;
  readonly files: Files;
}

/** What one session works with. */
export interface Desk {
  readonly stored: Stored;
  readonly sources: Sources;
  readonly limits: SessionLimits;
  readonly wanted: readonly string[];
  readonly head: string | undefined;
  /** Called for each file that a source gave and that was accepted. */
  accept(name: string, data: Bytes): void;
}

/** What `step` gives, or null when it throws one of our errors. */
export async function attempt<T>(step: () => Promise<T>): Promise<T | null> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof MirrorError) return null;
    throw error;
  }
}

/** One statement on its way to being complete. */
class Completion implements Complete {
  readonly files = new Map<string, Bytes>();
  readonly trusted: TrustedSet;
  readonly #desk: Desk;
  readonly #offer: Offer;

  constructor(desk: Desk, offer: Offer, root: Trusted, reference: number) {
    this.#desk = desk;
    this.#offer = offer;
    this.trusted = new TrustedSet(root, reference);
    this.files.set(fileOf(ROOT), root.data);
  }

  async *run(): Script<Complete> {
    await this.#addTimestamp();
    yield* this.#getSnapshot();
    yield* this.#getRole(TARGETS, ROOT);
    for (const path of this.#desk.wanted) yield* this.#getWanted(path);
    return this;
  }

  async #addTimestamp(): Promise<void> {
    const { trusted } = this;
    const { data } = this.#offer;
    const stored = this.#desk.stored.files.get(fileOf(TIMESTAMP));
    // R9: what is held bars all that is older. R10: after a change of keys it does not count.
    if (stored) await attempt(() => trusted.addTimestamp(stored));
    try {
      await trusted.addTimestamp(data);
      this.#accept(fileOf(TIMESTAMP), data);
    } catch (error) {
      if (!(stored && error instanceof TrustError && error.code === "equal-version")) throw error;
      this.files.set(fileOf(TIMESTAMP), stored); // R9: of one version, the first one seen
    }
  }

  async *#getSnapshot(): Script {
    const { trusted, files } = this;
    const { named } = trusted;
    const { stored, sources, limits } = this.#desk;
    const name = fileOf(SNAPSHOT);
    const kept = stored.files.get(name);
    if (kept && (await attempt(() => trusted.addSnapshot(kept, true)))) {
      files.set(name, kept);
      if (!(await isAsSigned(named, kept))) {
        for (const source of this.#offer.sources) sources.note(source, "fork", name);
      }
      return;
    }
    const add = (data: Bytes) => trusted.addSnapshot(data);
    this.#accept(name, yield* this.#obtain(SNAPSHOT, named, limits.snapshot, add));
  }

  /** All roles on the way to a target: the search stops at each that is not here yet, and begins anew when it is. */
  async *#getWanted(path: string): Script {
    for (;;) {
      const missing: [string, string][] = [];
      await search(path, this.#desk.limits.delegations, async (role, parent): Promise<Signed | null> => {
        const file = this.trusted.branch(role, parent);
        if (!file) missing.push([role, parent]);
        return file?.signed ?? null;
      });
      const [first] = missing;
      if (!first) return;
      yield* this.#getRole(...first);
    }
  }

  async *#getRole(role: string, parent: string): Script {
    const { trusted, files } = this;
    if (trusted.branch(role, parent)) return;
    const name = fileOf(role);
    const add = (data: Bytes) => trusted.addTargets(data, role, parent);
    for (const data of [files.get(name), this.#desk.stored.files.get(name)]) {
      if (data && (await attempt(() => add(data)))) {
        files.set(name, data);
        return;
      }
    }
    const named = trusted.snapshot.signed.meta.get(`${role}.json`);
    if (!named) throw new TrustError("not-named");
    this.#accept(name, yield* this.#obtain(role, named, this.#desk.limits.targets, add));
  }

  #accept(name: string, data: Bytes): void {
    this.files.set(name, data);
    this.#desk.accept(name, data);
  }

  /** R8: a file that is withheld or bad is asked of the next source; what `add` accepted. */
  async *#obtain(
    role: string,
    named: MetaFile,
    bound: number,
    add: (data: Bytes) => Promise<Trusted>,
  ): Script<Bytes> {
    const { sources, head } = this.#desk;
    const givers = this.#offer.sources;
    const path = fileOf(role, this.trusted.root.signed.isConsistent ? named.version : undefined);
    const limit = Math.min(bound, named.length ?? bound);
    const tried = new Set<string>();

    const fitting = async (): Promise<Bytes | null> => {
      for (const [source, data] of sources.given(path)) {
        if (tried.has(source)) continue;
        tried.add(source);
        if (await sources.tries(source, path, () => add(data))) return data;
      }
      return null;
    };

    let data = await fitting();
    for (const name of data ? [] : sources.ranked(givers)) {
      const isGiver = givers.includes(name);
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
}

/** R1: all that `offer` names and is wanted, from the store, the shelf and the sources; throws when it cannot be had. */
export const complete = (desk: Desk, offer: Offer, root: Trusted, reference: number): Script<Complete> =>
  new Completion(desk, offer, root, reference).run();

/** R9: the last complete generation, under the root it was verified with; null if there is none. */
export async function fromStore({ stored, wanted, limits }: Desk): Promise<Complete | null> {
  const kept = new Map<string, Bytes>();
  const take = (role: string): Bytes => {
    const data = stored.files.get(fileOf(role));
    if (!data) throw new TrustError("withheld");
    kept.set(fileOf(role), data);
    return data;
  };
  const trusted = await attempt(async () => {
    const set = new TrustedSet(await openRoot(take(ROOT)), PINNED);
    await set.addTimestamp(take(TIMESTAMP));
    await set.addSnapshot(take(SNAPSHOT), true);
    await set.addTargets(take(TARGETS), TARGETS, ROOT);
    return set;
  });
  if (!trusted) return null;
  const files = new Map(kept);
  for (const path of wanted) {
    await search(path, limits.delegations, async (role, parent) => {
      const known = trusted.branch(role, parent);
      const file = known ?? (await attempt(async () => trusted.addTargets(take(role), role, parent)));
      if (file) files.set(fileOf(role), file.data);
      return file?.signed ?? null;
    });
  }
  return { trusted, files };
}
