/**
 * What the sources of one session gave, owe and did: the shelf of unverified bytes, and the notes.
 *
 * Nothing here is trusted. Bytes lie on the shelf until the session has tried them; a note says what one source did with
 * one file, and no source is ever blamed for what another one gave.
 */

import type { Bytes } from "../bytes.ts";
import { FormatError, LimitError, MirrorError, UnreachableError } from "../errors.ts";
import { MAX_PIECE } from "../limits.ts";
import { unpackHead } from "./heads.ts";
import {
  ABSENT,
  type Ask,
  type Files,
  headPath,
  isLie,
  type Kind,
  type Observation,
  UNASKED,
} from "./state.ts";

/** A body, or the code of the failure. */
export type Answer = Bytes | string;

// A source that failed like this is not asked again in this session: each time costs a deadline.
const SILENT: readonly string[] = ["silent", "unreachable", "untrusted"];

/** The sources of one session, the best liked first. */
export class Sources {
  readonly names: readonly string[];
  /** Any source gave any bytes. */
  hasAnswered = false;
  readonly #isStrict: boolean;
  readonly #shelf: Map<string, Map<string, Bytes>>;
  readonly #headed = new Set<string>();
  readonly #lastRoot = new Map<string, number>();
  readonly #silent = new Set<string>();
  readonly #vain = new Set<string>();
  readonly #notes = new Map<string, Observation>();

  constructor(names: readonly string[], candidates: ReadonlyMap<string, Files>, isStrict: boolean) {
    this.names = [...new Set(names)];
    this.#isStrict = isStrict;
    this.#shelf = new Map(this.names.map((name) => [name, new Map()]));
    for (const [name, files] of candidates) this.#unpack(name, files);
  }

  /** What was observed, each once, in order. */
  get notes(): readonly Observation[] {
    return [...this.#notes.values()];
  }

  /** All sources; `givers` before the others, the truthful before liars. */
  ranked(givers: readonly string[]): string[] {
    const lies = (name: string) => this.notes.filter((note) => note.source === name && isLie(note)).length;
    const rank = (name: string): [number, number] => [givers.includes(name) ? 0 : 1, lies(name)];
    const ranks = this.names.map((name) => ({ name, rank: rank(name) }));
    return ranks
      .sort(({ rank: one }, { rank: other }) => one[0] - other[0] || one[1] - other[1])
      .map(({ name }) => name);
  }

  /** True when asking `name` for `path` could bring something new. */
  mayAsk(name: string, path: string): boolean {
    return !this.#silent.has(name) && !this.#vain.has(`${path} ${name}`) && !this.#shelf.get(name)?.has(path);
  }

  /** Who has given a file for `path`, and what; unverified. */
  given(path: string): [source: string, data: Bytes][] {
    return [...this.#shelf].flatMap(([name, files]): [string, Bytes][] => {
      const data = files.get(path);
      return data ? [[name, data]] : [];
    });
  }

  /** Shelve what came for `ask`; or note why nothing did (`isOwed`: it should have it). Throws in a strict session. */
  take(ask: Ask, answer: Answer, isOwed = false): Bytes | null {
    const { source, path } = ask;
    if (typeof answer !== "string") {
      this.#shelf.get(source)?.set(path, answer);
      return answer;
    }
    if (this.#isStrict) throw new UnreachableError(answer);
    if (answer === UNASKED) return null;
    this.#vain.add(`${path} ${source}`);
    if (SILENT.includes(answer)) this.#silent.add(source);
    if (answer === "too-long") this.note(source, "oversized", path);
    else if (answer !== ABSENT) this.note(source, "unreachable", path);
    else if (isOwed) this.note(source, "withheld", path);
    return null;
  }

  /** True when the head of `name` is here or was asked for. */
  isHeaded(name: string): boolean {
    return this.#headed.has(name);
  }

  /** The request for a head; made once per source. */
  askHead(name: string, channel: string): Ask {
    this.#headed.add(name);
    return { source: name, path: headPath(channel), limit: MAX_PIECE };
  }

  /** Unpack a head onto the shelf, below what was given by name; false with a note if it is none. */
  takeHead(ask: Ask, answer: Answer): boolean {
    const body = this.take(ask, answer);
    if (!body) return false;
    try {
      this.#unpack(ask.source, unpackHead(body));
      return true;
    } catch (error) {
      this.blame(ask.source, ask.path, error);
      return false;
    }
  }

  #unpack(name: string, files: Files): void {
    this.#headed.add(name);
    this.#shelf.set(name, new Map([...files, ...(this.#shelf.get(name) ?? [])]));
    const roots = [...files.keys()].map((path) =>
      Number(/^([1-9][0-9]{0,9})\.root\.json$/.exec(path)?.[1] ?? 0),
    );
    this.#lastRoot.set(name, Math.max(0, ...roots) || Number.POSITIVE_INFINITY);
  }

  /** True when the head of `name` carries a root that is no newer: as good as a 404 for the next. */
  saysLastRoot(name: string, version: number): boolean {
    return (this.#lastRoot.get(name) ?? Number.POSITIVE_INFINITY) <= version;
  }

  /** What `step` gives; or `null` with a note against `name`, or the error when strict. */
  async tries<T>(name: string, path: string, step: () => Promise<T>): Promise<T | null> {
    try {
      return await step();
    } catch (error) {
      if (this.#isStrict) throw error;
      this.blame(name, path, error);
      return null;
    }
  }

  /** Note what `error` says of the bytes that `name` gave for `path`. */
  blame(name: string, path: string, error: unknown): void {
    if (!(error instanceof MirrorError)) throw error;
    let kind: Kind = "invalid-signature";
    if (error instanceof LimitError) kind = "oversized";
    else if (error instanceof FormatError) kind = "malformed";
    else if (error.code === "rolled-back" || error.code === "wrong-version") kind = error.code;
    this.note(name, kind, path);
  }

  /** Remember an observation. */
  note(source: string, kind: Kind, file: string): void {
    this.#notes.set([file, kind, source].join(" "), { source, kind, file });
  }
}
