/**
 * What one run has learnt of the network and of each endpoint. Pure: instants are given, in seconds.
 *
 * As `network.py`, operation by operation: the numbers are the same to the last bit. Nothing of it outlives
 * the run.
 */

import { MAX_FETCHES, MAX_PIECE } from "../limits.ts";

/** `new` has not answered in this run, `slow` is left alone for a while, `out` lied and is never asked again. */
export type Standing = "new" | "proven" | "slow" | "out";
/** Whether this network freezes connections after a few kilobytes: one connection per piece when it does. */
export type Curtain = "unknown" | "open" | "frozen";

const SAFE_BYTES = 15_000;
const OPEN_BYTES = 24_000;
const ANSWER_HEAD = 300;
/** What a server with an ordinary chain of certificates sends before anything else. */
export const TLS_OPENING = 4_000;
const PROBE_AFTER = 32;
const PROBE_GROWTH = 4;

const FIRST_WINDOW = 8;
const LEAST_WINDOW = 2;
const DEEPEST_QUEUE = 8;
const QUEUED = 2.5;

const CONNECT_PATIENCE = 0.25;
const LONGEST_CONNECT_PATIENCE = 3;
const ANSWER_PATIENCE = 1;
const LEAST_PATIENCE = 0.4;
const LONGEST_PATIENCE = 8;
const FIRST_RATE = 32_000;
const FLOW_SECONDS = 0.05;
const NEW_RATE = 0.3;
const LONGEST_GAP = 1.5;
const SLOW_RATE = 2_000;
const FIRST_PENALTY = 0.5;
const LONGEST_PENALTY = 60;

/** A smoothed mean and how far samples stray from it, as TCP does it (RFC 6298, section 2). */
export class Smoothed {
  mean = 0;
  stray = 0;
  count = 0;

  add(sample: number): void {
    if (this.count++ === 0) {
      this.mean = sample;
      this.stray = sample / 2;
    } else {
      this.stray += (Math.abs(sample - this.mean) - this.stray) / 4;
      this.mean += (sample - this.mean) / 8;
    }
  }

  /** What is seldom exceeded. */
  get most(): number {
    return this.mean + 4 * this.stray;
  }
}

/** One connection; `carried` counts bytes towards us, openings included. */
export interface LineFacts {
  readonly endpoint: string;
  carried: number;
  isBusy: boolean;
}

/** One endpoint. `place`: 0 is liked best; `opening`: bytes a new connection carries before the first answer. */
export interface EndpointFacts {
  place: number;
  readonly opening: number;
  standing: Standing;
  /** Failures since the last good answer. */
  strikes: number;
  /** `slow` until then. */
  freeAt: number;
  underWay: number;
  hasGiven: boolean;
  /** From asking to the last byte of a piece, and the shortest of these by "on a new connection". */
  readonly took: Smoothed;
  readonly shortest: Map<boolean, number>;
  readonly connect: Smoothed;
  /** From asking to the first byte. */
  readonly answer: Smoothed;
}

/** One good answer: how long each part took; `connect` is `null` on a connection that was there already. */
export interface Fetched {
  readonly endpoint: string;
  readonly connect: number | null;
  readonly answer: number;
  readonly took: number;
  readonly size: number;
}

/** What is known of the endpoints (the best liked first, each with its opening) and of the network between. */
export class Network {
  readonly endpoints = new Map<string, EndpointFacts>();
  readonly lines = new Map<number, LineFacts>();
  curtain: Curtain = "unknown";
  /** What one connection may carry, unless the curtain is open. */
  safe = SAFE_BYTES;
  window = FIRST_WINDOW;
  underWay = 0;
  /** Bytes per second of the link. */
  rate: number | null = null;
  #isCrowded = false;
  readonly #connect = new Smoothed();
  readonly #answer = new Smoothed();
  #streams = 0;
  #flowedAt = 0;
  #flowSeconds = 0;
  #flowBytes = 0;
  #nextLine = 0;
  #sinceProbe = 0;
  #probeAfter = PROBE_AFTER;
  /** The line that is sent further. */
  #probe: number | null = null;

  constructor(openings: Iterable<readonly [name: string, opening: number]>) {
    for (const [name, opening] of openings) this.meet(name, opening);
  }

  // --- endpoints -----------------------------------------------------------------------------

  /** One more endpoint, liked least so far. */
  meet(name: string, opening: number): void {
    this.endpoints.set(name, {
      place: this.endpoints.size,
      opening,
      standing: "new",
      strikes: 0,
      freeAt: 0,
      underWay: 0,
      hasGiven: false,
      took: new Smoothed(),
      shortest: new Map(),
      connect: new Smoothed(),
      answer: new Smoothed(),
    });
  }

  /** What is known of `name`, which is one of the endpoints. */
  of(name: string): EndpointFacts {
    const facts = this.endpoints.get(name);
    if (!facts) throw new Error("an unknown endpoint");
    return facts;
  }

  /** What is known of line `number`, which is there. */
  line(number: number): LineFacts {
    const facts = this.lines.get(number);
    if (!facts) throw new Error("an unknown line");
    return facts;
  }

  /** True when `name` is not out, and not left alone for a while. */
  mayAsk(name: string, now: number): boolean {
    return this.of(name).standing !== "out" && !this.#isResting(name, now);
  }

  #isResting(name: string, now: number): boolean {
    const facts = this.of(name);
    return facts.standing === "slow" && now < facts.freeAt;
  }

  /** An endpoint gave what was asked, and right. */
  gave(fetched: Fetched): void {
    const facts = this.of(fetched.endpoint);
    did(facts, "proven");
    facts.strikes = 0;
    facts.hasGiven = true;
    facts.answer.add(fetched.answer);
    this.#answer.add(fetched.answer);
    if (fetched.connect !== null) {
      facts.connect.add(fetched.connect);
      this.#connect.add(fetched.connect);
    }
    if (fetched.size > MAX_PIECE / 2) {
      facts.took.add(fetched.took); // small files say nothing of what a piece takes
      this.#pace(facts, fetched);
    }
  }

  /** An endpoint gave nothing, or not in time. Requests that were under way together count once. */
  failed(name: string, now: number): void {
    if (this.#isResting(name, now)) return;
    const facts = this.of(name);
    did(facts, "slow");
    facts.strikes += 1;
    facts.freeAt = now + Math.min(FIRST_PENALTY * 2 ** (facts.strikes - 1), LONGEST_PENALTY);
  }

  /** An endpoint gave wrong bytes. */
  lied(name: string): void {
    did(this.of(name), "out");
  }

  /** `change` more answers are in the middle of their body, or fewer. */
  streams(change: number, now: number): void {
    if (this.#streams === 0) this.#flowedAt = now;
    this.#streams += change;
  }

  /** `size` bytes came over some connection: what the link brings, all together, while bodies come. */
  flowed(size: number, now: number): void {
    const gap = now - this.#flowedAt;
    this.#flowedAt = now;
    if (this.#streams === 0 || gap > LONGEST_GAP) return;
    this.#flowSeconds += gap;
    this.#flowBytes += size;
    if (this.#flowSeconds >= FLOW_SECONDS) {
      const sample = this.#flowBytes / this.#flowSeconds;
      this.rate = this.rate === null ? sample : this.rate + (sample - this.rate) * NEW_RATE;
      this.#flowSeconds = this.#flowBytes = 0;
    }
  }

  /** Make the window wider or narrower after one piece. */
  #pace(facts: EndpointFacts, fetched: Fetched): void {
    const isNew = fetched.connect !== null;
    const shortest = Math.min(facts.shortest.get(isNew) ?? fetched.took, fetched.took);
    facts.shortest.set(isNew, shortest);
    if (fetched.took > QUEUED * Math.max(shortest, 0.02)) {
      this.#isCrowded = true;
      this.window = Math.max(this.window * 0.85, LEAST_WINDOW);
    } else {
      this.window = Math.min(this.window + (this.#isCrowded ? 1 / this.window : 1), MAX_FETCHES);
    }
  }

  /** How many pieces may be under way: the window, and no more than `DEEPEST_QUEUE` of the link. */
  get room(): number {
    const window = Math.trunc(this.window);
    if (this.rate === null) return window;
    return Math.min(window, Math.max(LEAST_WINDOW, Math.trunc((this.rate * DEEPEST_QUEUE) / MAX_PIECE)));
  }

  // --- how long to wait ----------------------------------------------------------------------

  /** Seconds after which a connection that is not there yet is late. */
  connectPatience(name: string): number {
    const known = usual(this.of(name).connect, this.#connect);
    if (!known) return CONNECT_PATIENCE;
    return Math.min(Math.max(known.most, CONNECT_PATIENCE), LONGEST_CONNECT_PATIENCE);
  }

  /** Seconds without a byte after which a request is quiet; longer where much is under way. */
  patience(name: string): number {
    const most = usual(this.of(name).answer, this.#answer)?.most ?? ANSWER_PATIENCE;
    return Math.min(Math.max(most, LEAST_PATIENCE), LONGEST_PATIENCE) + this.#queueSeconds();
  }

  #queueSeconds(): number {
    return (this.underWay * MAX_PIECE) / (this.rate || FIRST_RATE);
  }

  /** Seconds that a piece would take that is asked for now, somewhere. */
  expected(): number {
    const rate = this.rate || SLOW_RATE;
    return (this.#answer.mean || ANSWER_PATIENCE) + ((this.underWay + 1) * MAX_PIECE) / rate;
  }

  /** How `name` ranks among endpoints of one standing: less is better. */
  cost(name: string): number {
    const facts = this.of(name);
    const took = facts.took.mean || facts.answer.mean || this.#answer.mean;
    return took * (1 + facts.underWay / 4);
  }

  // --- connections ---------------------------------------------------------------------------

  /** A new connection to `name`; its number. */
  openLine(name: string): number {
    const number = ++this.#nextLine;
    this.lines.set(number, { endpoint: name, carried: this.of(name).opening, isBusy: false });
    return number;
  }

  /**
   * An idle connection to `name` that can carry a piece; `null`: take a new one. `mayProbe` allows to send one
   * further than is safe, to learn what this network does.
   */
  idleLine(name: string, mayProbe: boolean): number | null {
    const idle = [...this.lines].filter(([, line]) => line.endpoint === name && !line.isBusy);
    if (this.curtain === "open") return idle.at(-1)?.[0] ?? null;
    const roomy = idle.find(([, line]) => this.#hasRoom(line));
    if (roomy) return roomy[0];
    if (!mayProbe || (this.curtain !== "unknown" && this.#sinceProbe < this.#probeAfter)) return null;
    const probe = idle.find(([number]) => this.#probe === null || this.#probe === number)?.[0] ?? null;
    if (probe !== null) this.#probe = probe;
    return probe;
  }

  /** True when a connection to `name` is there that can carry a piece without risk. */
  hasIdle(name: string): boolean {
    return [...this.lines.values()].some(
      (line) => line.endpoint === name && !line.isBusy && (this.curtain === "open" || this.#hasRoom(line)),
    );
  }

  /** True when an idle connection will not be used again, as far as is known. */
  isSpent(number: number): boolean {
    if (this.curtain !== "frozen" || number === this.#probe) return false;
    return !this.#hasRoom(this.line(number)) && this.#sinceProbe < this.#probeAfter;
  }

  /** An answer of `size` bytes came whole over a connection. */
  carried(number: number, size: number): void {
    const line = this.line(number);
    line.carried += size + ANSWER_HEAD;
    this.#sinceProbe += 1;
    if (line.carried >= OPEN_BYTES) {
      this.curtain = "open";
      this.#probeAfter = PROBE_AFTER;
    }
  }

  /** A connection went quiet or broke after `received` bytes of an answer; true: it is the curtain. */
  stopped(number: number, received: number): boolean {
    const line = this.line(number);
    const isKept = line.carried > this.of(line.endpoint).opening;
    if (!isKept || line.carried + received <= SAFE_BYTES - MAX_PIECE) return false;
    this.safe = Math.max(SAFE_BYTES, line.carried);
    if (number === this.#probe && this.curtain === "frozen") this.#probeAfter *= PROBE_GROWTH;
    this.curtain = "frozen";
    this.#sinceProbe = 0;
    return true;
  }

  #hasRoom(line: LineFacts): boolean {
    return line.carried + MAX_PIECE + ANSWER_HEAD <= this.safe;
  }

  /** Forget a connection. */
  closeLine(number: number): void {
    this.lines.delete(number);
    if (this.#probe === number) this.#probe = null;
  }
}

/** Wrong bytes are for ever. */
function did(facts: EndpointFacts, standing: Standing): void {
  if (facts.standing !== "out") facts.standing = standing;
}

function usual(own: Smoothed, all: Smoothed): Smoothed | null {
  return own.count > 1 ? own : all.count ? all : null;
}
