/**
 * Whom to ask for which piece, when, and over which connection. Pure, in virtual time.
 *
 * A `Plan` serves one set of pieces. It is told what happened and asked what to do (`decide`, `wake`);
 * instants are seconds, given by the caller. What it learns goes to the `Network`, which outlives it. Rules P1 to
 * P9 stand in `plan.py`, of which this is the twin: the same events give the same actions.
 */

import { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_MIRROR, MAX_PIECE } from "../limits.ts";
import { type Attempt, type Event, isGoing, isServed, type Need, stepped } from "./attempt.ts";
import { ABSENT, SILENT, TOO_LONG } from "./net.ts";
import type { EndpointFacts, Network } from "./network.ts";

/** In `GiveUp.failures`, besides the codes of `net`. */
export const WRONG = "wrong";

const TRIES = 5;
const TRIES_SILENT = 2;
const ABANDONED_AFTER = 3;
const DESPAIR_SECONDS = 60;
const DESPAIR_EACH = 0.1;
const CRAWL = 3;
const EXPLORED_AT_ONCE = 2;
const MANY_WAITING = 4;
const LEAST_SHARE = 6;

/** Ask `endpoint` for `piece` over connection `line`, as attempt `number`. */
export interface Start {
  readonly kind: "start";
  readonly number: number;
  readonly endpoint: string;
  readonly piece: string;
  readonly line: number;
}

/**
 * End attempt `number` and close its connection; nothing more is told of it. `received` bytes of it are thrown
 * away; `isLate`: its endpoint had fallen silent.
 */
export interface Stop extends Omit<Start, "kind"> {
  readonly kind: "stop";
  readonly received: number;
  readonly isLate: boolean;
}

/** Close connection `line`, which is idle. */
export interface Close {
  readonly kind: "close";
  readonly line: number;
}

/** Nobody is left to ask for `piece` (P9). `failures`: how many endpoints did what, by code. */
export interface GiveUp {
  readonly kind: "give up";
  readonly piece: string;
  readonly failures: ReadonlyMap<string, number>;
}

export type Action = Start | Stop | Close | GiveUp;

/** The plan for `pieces`, the most urgent first, over the endpoints of `network`. */
export class Plan {
  readonly #network: Network;
  readonly #needs = new Map<string, Need>();
  /** Not asked of anybody yet. */
  readonly #fresh: Set<string>;
  /** Asked, and not served any more. */
  readonly #again = new Set<string>();
  readonly #attempts = new Map<number, Attempt>();
  /** The last failure of each endpoint, with any piece. */
  readonly #failures = new Map<string, string>();
  #next = 0;
  /** Set when the plan is first asked, and with every byte. */
  #hopeUntil: number | null = null;

  constructor(network: Network, pieces: Iterable<string>) {
    this.#network = network;
    this.#fresh = new Set(pieces);
    for (const piece of this.#fresh) {
      const need = { attempts: new Map(), tries: new Map(), lacking: new Set<string>(), failures: new Map() };
      this.#needs.set(piece, need);
    }
  }

  /** True when every piece was verified or given up, and nothing is under way. */
  get isDone(): boolean {
    return !this.#needs.size && !this.#attempts.size;
  }

  // --- what happened -------------------------------------------------------------------------

  /** Attempt `number` has its connection. */
  connected(number: number, now: number): void {
    const attempt = this.#attempts.get(number);
    if (attempt?.askedAt === null) {
      attempt.askedAt = attempt.lastAt = now;
      this.#step(attempt, "connected");
    }
  }

  /** Attempt `number` has `size` bytes so far. True when it is time to `decide`. */
  received(number: number, size: number, now: number): boolean {
    const attempt = this.#attempts.get(number);
    if (!attempt || size < attempt.received) return false;
    const before = attempt.step;
    this.connected(number, now); // where a transport did not say so
    if (attempt.firstAt === null) attempt.firstAt = now;
    else this.#network.flowed(size - attempt.received, now); // what comes first says nothing of a rate
    attempt.received = size;
    attempt.lastAt = now;
    this.#hope(now);
    this.#step(attempt, "bytes");
    return before !== attempt.step;
  }

  /** Attempt `number` gave the piece. False when another did before, at the same instant. */
  verified(number: number, now: number): boolean {
    const attempt = this.#attempts.get(number);
    if (!attempt) return false;
    const isFirst = this.#needs.has(attempt.piece);
    const asked = attempt.askedAt ?? attempt.started;
    const first = attempt.firstAt ?? now;
    this.#network.gave({
      endpoint: attempt.endpoint,
      connect: attempt.isNewLine && attempt.askedAt !== null ? asked - attempt.started : null,
      answer: first - asked,
      took: now - asked,
      size: attempt.received,
    });
    this.#network.carried(attempt.line, attempt.received);
    this.#end(attempt, "good");
    this.#network.line(attempt.line).isBusy = false;
    return isFirst;
  }

  /** Attempt `number` gave other bytes than the piece's (P1). */
  wrong(number: number): void {
    const attempt = this.#attempts.get(number);
    if (!attempt) return;
    this.#network.lied(attempt.endpoint);
    this.#note(attempt, WRONG);
    this.#end(attempt, "bad");
    this.#network.closeLine(attempt.line);
  }

  /** Attempt `number` gave nothing; `code` is one of `net`. Its connection is gone, but for `ABSENT`. */
  failed(number: number, code: string, now: number): void {
    const attempt = this.#attempts.get(number);
    if (code === TOO_LONG) this.wrong(number);
    else if (attempt) {
      this.#blame(attempt, code, now);
      this.#end(attempt, "error");
      if (code === ABSENT) {
        this.#network.line(attempt.line).isBusy = false;
        this.#network.carried(attempt.line, 0);
      } else this.#network.closeLine(attempt.line);
    }
  }

  // --- what to do ----------------------------------------------------------------------------

  /** What to do now. To be called after each event that says so, and when `wake` is due. */
  decide(now: number): Action[] {
    if (this.#hopeUntil === null) this.#hope(now);
    const actions: Action[] = this.#judge(now);
    if (now >= (this.#hopeUntil || now)) this.#despair(actions);
    this.#stops(actions, now);
    this.#starts(actions, now);
    for (const [number, line] of this.#network.lines) {
      if (!line.isBusy && this.#network.isSpent(number)) this.#close(actions, number);
    }
    return actions;
  }

  /** When to `decide` again if nothing happens before; `null`: only when something happens. */
  wake(now: number): number | null {
    const times: number[] = [];
    for (const attempt of this.#attempts.values()) if (isGoing(attempt.step)) times.push(this.#due(attempt));
    if (this.#needs.size && this.#hopeUntil !== null) times.push(this.#hopeUntil);
    if (this.#fresh.size || this.#again.size) {
      for (const facts of this.#network.endpoints.values()) if (facts.freeAt > now) times.push(facts.freeAt);
      times.push(now + ABANDONED_AFTER);
    }
    return times.length ? Math.max(Math.min(...times), now) : null;
  }

  /** End everything: nobody wants the pieces any more. */
  cancel(): Stop[] {
    for (const pieces of [this.#needs, this.#fresh, this.#again]) pieces.clear();
    return [...this.#attempts.values()].map((attempt) => this.#stop(attempt));
  }

  // --- judging -------------------------------------------------------------------------------

  /** When `attempt` is late or to be looked at, if nothing happens before. */
  #due(attempt: Attempt): number {
    return attempt.step === "connecting"
      ? attempt.started + this.#network.connectPatience(attempt.endpoint)
      : attempt.lastAt + this.#network.patience(attempt.endpoint);
  }

  /** Find out who is late; what the curtain stopped will not come any more and ends here. */
  #judge(now: number): Stop[] {
    const stops: Stop[] = [];
    for (const attempt of [...this.#attempts.values()]) {
      if (isGoing(attempt.step) && now >= this.#due(attempt)) {
        if (attempt.step === "connecting") this.#step(attempt, "late");
        else if (this.#network.stopped(attempt.line, attempt.received)) stops.push(this.#stop(attempt));
        else {
          this.#network.failed(attempt.endpoint, now);
          this.#step(attempt, "late");
        }
      } else if (attempt.step === "receiving" && this.#isCrawling(attempt, now)) {
        this.#network.failed(attempt.endpoint, now);
        this.#step(attempt, "too slow");
      }
    }
    return stops;
  }

  #isCrawling(attempt: Attempt, now: number): boolean {
    if (attempt.firstAt === null || now - attempt.firstAt < this.#network.patience(attempt.endpoint)) {
      return false;
    }
    const rate = attempt.received / (now - attempt.firstAt);
    const rest = (MAX_PIECE - attempt.received) / Math.max(rate, 1);
    return rest > CRAWL * this.#network.expected() + 1;
  }

  #note(attempt: Attempt, code: string): void {
    const need = this.#needs.get(attempt.piece);
    if (!need) return;
    need.failures.set(attempt.endpoint, code);
    this.#failures.set(attempt.endpoint, code);
    if (code === ABSENT) need.lacking.add(attempt.endpoint);
  }

  #blame(attempt: Attempt, code: string, now: number): void {
    this.#note(attempt, code);
    if (code === ABSENT || attempt.step === "crawling") return;
    const wasSuspected = attempt.step === "quiet" && attempt.askedAt !== null;
    if (!wasSuspected && !this.#network.stopped(attempt.line, attempt.received)) {
      this.#network.failed(attempt.endpoint, now);
    }
  }

  // --- stopping ------------------------------------------------------------------------------

  /** End what came to nothing: of pieces that are here, of liars, and of races that are decided. */
  #stops(actions: Action[], now: number): void {
    for (const attempt of [...this.#attempts.values()]) {
      const need = this.#needs.get(attempt.piece);
      const isOut = this.#network.of(attempt.endpoint).standing === "out";
      const isBeaten =
        attempt.firstAt === null &&
        need &&
        [...need.attempts.values()].some((other) => other.step === "receiving");
      if (!need || isOut || isBeaten) {
        // Nobody connected in all that time.
        if (attempt.step === "quiet" && attempt.askedAt === null) this.#network.failed(attempt.endpoint, now);
        actions.push(this.#stop(attempt));
      }
    }
  }

  /** End an attempt without prejudice: it does not count as a try. */
  #stop(attempt: Attempt): Stop {
    count(this.#needs.get(attempt.piece)?.tries, attempt.endpoint, -1);
    return this.#ended(attempt);
  }

  #ended(attempt: Attempt): Stop {
    const { number, endpoint, piece, line, received } = attempt;
    const isLate = !isGoing(attempt.step);
    this.#end(attempt, "stop");
    this.#network.closeLine(line);
    return { kind: "stop", number, endpoint, piece, line, received, isLate };
  }

  #close(actions: Action[], line: number): void {
    this.#network.closeLine(line);
    actions.push({ kind: "close", line });
  }

  /** Close one idle connection where no more are allowed, so that `name` can have a new one. */
  #closeIdle(actions: Action[], name: string): void {
    if (this.#network.hasIdle(name)) return;
    const lines = [...this.#network.lines];
    const idle = lines.filter(([, line]) => !line.isBusy);
    const isOwn = ([, line]: (typeof lines)[number]) => line.endpoint === name;
    const isFull = lines.filter(isOwn).length >= MAX_CONNECTIONS_PER_MIRROR;
    const surplus = isFull ? idle.find(isOwn) : lines.length >= MAX_CONNECTIONS ? idle[0] : undefined;
    if (surplus) this.#close(actions, surplus[0]);
  }

  /** End the attempt that has been quiet longest (P8). */
  #makeRoom(now: number): Stop | null {
    let quietest: Attempt | null = null;
    for (const attempt of this.#attempts.values()) {
      if (isGoing(attempt.step) || now - attempt.lastAt < ABANDONED_AFTER) continue;
      if (!quietest || attempt.lastAt < quietest.lastAt) quietest = attempt;
    }
    if (!quietest) return null;
    this.#blame(quietest, SILENT, now);
    return this.#ended(quietest);
  }

  // --- starting ------------------------------------------------------------------------------

  #starts(actions: Action[], now: number): void {
    let going = [...this.#attempts.values()].filter((attempt) => isGoing(attempt.step)).length;
    const isAnswered = this.#facts().some((facts) => facts.hasGiven);
    const room = isAnswered ? this.#network.room : MAX_CONNECTIONS;
    let waiting = this.#waiting(isAnswered);
    while (waiting.length) {
      const isExploring = isAnswered && this.#isExploringTime(now);
      const piece = (isExploring ? [...this.#fresh].at(-1) : waiting.shift()) as string;
      const need = this.#needs.get(piece);
      if (!need || !(this.#fresh.has(piece) || this.#again.has(piece))) continue;
      // P6: as many as are waited for in vain, while nobody has answered.
      for (let left = isAnswered ? 1 : Math.max(1, need.attempts.size); left > 0; left--) {
        if (going >= room) return;
        const name = this.#choose(need, now, isExploring);
        if (name === null) {
          if (!need.attempts.size && !this.#hasHope(need)) {
            actions.push(this.#giveUp(piece, need));
            if (!waiting.length) waiting = this.#waiting(isAnswered);
          }
          break;
        }
        if (this.#attempts.size >= MAX_CONNECTIONS) {
          const stop = this.#makeRoom(now);
          if (!stop) return;
          actions.push(stop);
        }
        this.#closeIdle(actions, name);
        going += 1;
        actions.push(this.#start(piece, need, name, now, isExploring));
      }
    }
  }

  /** The pieces to find somebody for; until somebody has answered, one. */
  #waiting(isAnswered: boolean): string[] {
    // More than can start now need not be looked at.
    if (isAnswered) return [...this.#again, ...[...this.#fresh].slice(0, MAX_CONNECTIONS)];
    return [...(this.#attempts.size || this.#again.size ? this.#again : this.#fresh)].slice(0, 1);
  }

  #facts(): EndpointFacts[] {
    return [...this.#network.endpoints.values()];
  }

  /** P7. */
  #isExploringTime(now: number): boolean {
    if (this.#fresh.size < MANY_WAITING) return false;
    const exploring = [...this.#attempts.values()].filter((attempt) => attempt.isExploring).length;
    return (
      exploring < EXPLORED_AT_ONCE &&
      [...this.#network.endpoints].some(
        ([name, facts]) =>
          !facts.underWay &&
          (facts.standing === "new" || facts.standing === "slow") &&
          this.#network.mayAsk(name, now),
      )
    );
  }

  /** The endpoint to ask for a piece now; `null`: nobody may be asked at present. */
  #choose(need: Need, now: number, isExploring: boolean): string | null {
    const proven = this.#facts().filter((facts) => facts.standing === "proven").length;
    const share = Math.max(LEAST_SHARE, Math.trunc(MAX_CONNECTIONS_PER_MIRROR / Math.max(1, proven)));
    const asked = new Set([...need.attempts.values()].map((attempt) => attempt.endpoint));
    let best: string | null = null;
    let least: number[] = [];
    for (const [name, facts] of this.#network.endpoints) {
      if (
        !this.#mayTry(need, name, facts) ||
        !this.#network.mayAsk(name, now) ||
        facts.underWay >= share ||
        asked.has(name) ||
        (isExploring && (facts.standing === "proven" || facts.underWay))
      ) {
        continue;
      }
      const rank = this.#rank(need, name, facts);
      if (best === null || isLess(rank, least)) [best, least] = [name, rank];
    }
    return best;
  }

  #rank(need: Need, name: string, facts: EndpointFacts): number[] {
    const tier = facts.standing === "proven" ? 0 : facts.standing === "new" ? 1 : 2 + facts.strikes;
    const cost = tier ? facts.underWay : this.#network.cost(name);
    const tries = need.tries.get(name) ?? 0;
    return [tier, tries, this.#network.hasIdle(name) ? 0 : 1, cost, facts.place];
  }

  #mayTry(need: Need, name: string, facts: EndpointFacts): boolean {
    if (facts.standing === "out" || need.lacking.has(name)) return false;
    const isDead = !facts.hasGiven && need.failures.get(name) === SILENT;
    return (need.tries.get(name) ?? 0) < (isDead ? TRIES_SILENT : TRIES);
  }

  /** True when somebody may be asked later. */
  #hasHope(need: Need): boolean {
    return [...this.#network.endpoints].some(([name, facts]) => this.#mayTry(need, name, facts));
  }

  #start(piece: string, need: Need, endpoint: string, now: number, isExploring: boolean): Start {
    const idle = this.#network.idleLine(endpoint, this.#fresh.size >= MANY_WAITING);
    const isNewLine = idle === null;
    const line = idle ?? this.#network.openLine(endpoint);
    this.#network.line(line).isBusy = true;
    const number = ++this.#next;
    const attempt: Attempt = {
      number,
      endpoint,
      piece,
      line,
      started: now,
      isNewLine,
      isExploring,
      step: isNewLine ? "connecting" : "asked",
      askedAt: isNewLine ? null : now,
      firstAt: null,
      lastAt: now,
      received: 0,
    };
    this.#attempts.set(number, attempt);
    this.#fresh.delete(piece);
    this.#again.delete(piece);
    need.attempts.set(number, attempt);
    count(need.tries, endpoint, 1);
    this.#network.of(endpoint).underWay += 1;
    this.#network.underWay += 1;
    return { kind: "start", number, endpoint, piece, line };
  }

  #hope(now: number): void {
    this.#hopeUntil = now + DESPAIR_SECONDS + DESPAIR_EACH * this.#network.endpoints.size;
  }

  #despair(actions: Action[]): void {
    for (const { piece, endpoint } of this.#attempts.values()) {
      const failures = this.#needs.get(piece)?.failures;
      if (failures && !failures.has(endpoint)) failures.set(endpoint, SILENT);
    }
    for (const [piece, need] of this.#needs) actions.push(this.#giveUp(piece, need));
  }

  #giveUp(piece: string, need: Need): GiveUp {
    for (const pieces of [this.#needs, this.#fresh, this.#again]) pieces.delete(piece);
    const failures = new Map<string, number>();
    const known = need.failures.size ? need.failures : this.#failures;
    for (const code of known.values()) count(failures, code, 1);
    return { kind: "give up", piece, failures };
  }

  // --- steps ---------------------------------------------------------------------------------

  #step(attempt: Attempt, event: Event): void {
    const before = attempt.step;
    attempt.step = stepped(before, event);
    const change = Number(attempt.step === "receiving") - Number(before === "receiving");
    if (change) this.#network.streams(change, attempt.lastAt);
    if (isGoing(before) === isGoing(attempt.step)) return;
    const need = this.#needs.get(attempt.piece);
    if (isGoing(attempt.step)) {
      this.#network.underWay += 1;
      this.#again.delete(attempt.piece);
    } else {
      this.#network.underWay -= 1;
      if (need && !isServed(need)) this.#again.add(attempt.piece);
    }
  }

  #end(attempt: Attempt, event: Event): void {
    this.#step(attempt, event);
    this.#network.of(attempt.endpoint).underWay -= 1;
    this.#attempts.delete(attempt.number);
    const need = this.#needs.get(attempt.piece);
    if (!need) return;
    need.attempts.delete(attempt.number);
    if (event === "good") {
      this.#needs.delete(attempt.piece);
      this.#again.delete(attempt.piece);
    } else if (!isServed(need)) this.#again.add(attempt.piece);
  }
}

function count(counts: Map<string, number> | undefined, name: string, change: number): void {
  counts?.set(name, (counts.get(name) ?? 0) + change);
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  const place = one.findIndex((number, at) => number !== other[at]);
  return place >= 0 && (one[place] as number) < (other[place] as number);
}
