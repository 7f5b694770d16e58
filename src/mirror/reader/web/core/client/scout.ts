/**
 * Which metadata requests to send, when, and how long to wait for them. Pure, in virtual time.
 *
 * A metadata session names in each round all that it could ask, of every source. A `Scout` sends as few of these as
 * make a good start: the *lead* (the head, or the only request of its round) and, at the same time, the requests to
 * a few *witnesses*. What is not sent is answered `UNASKED`. Rules S1 to S6 stand in `scout.py`, of which this is
 * the twin.
 */

import { MAX_CONNECTIONS } from "../limits.ts";
import { SILENT, UNASKED } from "./net.ts";
import type { Network } from "./network.ts";

const WITNESSES = 2;
const GRACE_SECONDS = 1;
const NEXT_GRACE_SECONDS = 0.25;
const FULL_GRACE_SECONDS = 3;
const LEAST_LEAD_SECONDS = 0.5;
const ABANDONED_AFTER = 3;
const LONE_LEAD_SECONDS = 3;
const ORDER = { proven: 0, new: 1, slow: 2, out: 3 };

/** Send request `number`; or, with a `code`, answer it with that and end it if it was sent. */
export interface Order {
  readonly number: number;
  readonly code: string | null;
}

interface Errand {
  readonly number: number;
  readonly source: string;
  readonly isLead: boolean;
  begun: number | null;
  connected: boolean;
  lastAt: number;
  received: number;
}

/**
 * One round: requests to `sources` (one each, a source may have several), `leads` among them. `vouched` are the
 * sources that have answered in this session.
 */
export class Scout {
  readonly #network: Network;
  readonly #open = new Map<number, Errand>();
  readonly #vouched: ReadonlySet<string>;
  readonly #everyone: boolean;
  /** Who answered in this round, and after how long. */
  readonly #witnesses = new Map<string, number>();
  /** Who gave nothing good. */
  readonly #vain = new Set<string>();
  /** When the lead was answered; and whether the answer is a good one. */
  #leadAt: number | null = null;
  #isLed = false;
  /** When anybody answered. */
  #firstAt: number | null = null;

  constructor(
    network: Network,
    sources: readonly string[],
    leads: ReadonlySet<number>,
    vouched: Iterable<string>,
    everyone: boolean,
  ) {
    this.#network = network;
    sources.forEach((source, number) => {
      const isLead = leads.has(number);
      this.#open.set(number, {
        number,
        source,
        isLead,
        begun: null,
        connected: false,
        lastAt: 0,
        received: 0,
      });
    });
    this.#vouched = new Set(vouched);
    this.#everyone = everyone;
  }

  /** True when every request was answered or abandoned. */
  get isDone(): boolean {
    return !this.#open.size;
  }

  /** Request `number` has its connection. */
  connected(number: number, now: number): void {
    const errand = this.#open.get(number);
    if (!errand) return;
    errand.connected = true;
    errand.lastAt = now;
  }

  /** Request `number` has `size` bytes so far. */
  received(number: number, size: number, now: number): void {
    this.connected(number, now);
    const errand = this.#open.get(number);
    if (errand) errand.received = size;
  }

  /**
   * Request `number` has its answer; `isGood`: what was asked, or a clean "no such file". `vouches`: a good one
   * makes its source a witness.
   */
  answered(number: number, now: number, isGood: boolean, vouches: boolean): void {
    const errand = this.#open.get(number);
    if (!errand) return;
    this.#open.delete(number);
    if (errand.isLead) {
      this.#leadAt = now;
      this.#isLed = isGood;
    }
    if (!isGood) this.#vain.add(errand.source);
    else if (errand.isLead || vouches) {
      this.#firstAt ??= now;
      if (!errand.isLead && errand.begun !== null) this.#witnesses.set(errand.source, now - errand.begun);
    }
  }

  /** What to do now; to be called after each answer, and when `wake` is due. */
  decide(now: number): Order[] {
    const lost = this.#sent().filter((errand) => errand.isLead && now >= this.#leadDue(errand));
    const orders = [...lost, ...this.#crowding(now)].map((errand) => this.#abandon(errand, now));
    const rest = () => [...orders, ...[...this.#open.values()].map((errand) => this.#abandon(errand, now))];
    if (this.#isOver(now)) return rest(); // perhaps because the lead is lost
    for (const errand of this.#next(now)) {
      errand.begun = errand.lastAt = now;
      orders.push({ number: errand.number, code: null });
    }
    return this.#sent().length ? orders : rest(); // nobody is worth asking in this round
  }

  /** When to `decide` again if nothing happens before. */
  wake(now: number): number {
    const times: number[] = [];
    for (const errand of this.#sent()) {
      times.push(this.#due(errand), errand.lastAt + ABANDONED_AFTER);
      if (errand.isLead) times.push(this.#leadDue(errand));
    }
    const end = this.#end();
    if (end !== null) times.push(end);
    const later = times.filter((time) => time > now);
    return later.length ? Math.min(...later) : now + GRACE_SECONDS;
  }

  // --- when it ends --------------------------------------------------------------------------

  #all(): Errand[] {
    return [...this.#open.values()];
  }

  #sent(): Errand[] {
    return this.#all().filter((errand) => errand.begun !== null);
  }

  /** When the round ends at the latest; `null`: not yet known. */
  #end(): number | null {
    if (this.#everyone) return this.#firstAt === null ? null : this.#firstAt + FULL_GRACE_SECONDS;
    const hasLead = this.#leadAt !== null || this.#all().some((errand) => errand.isLead);
    const since = hasLead ? this.#leadAt : this.#firstAt;
    // While nobody has answered, whoever is left is waited for.
    if (since === null || (hasLead && this.#firstAt === null)) return null;
    const count = this.#witnesses.size;
    if (hasLead && !this.#isLed && count) return since;
    if (count >= WITNESSES && !this.#all().some((errand) => this.#witnesses.has(errand.source))) return since;
    return since + (count ? NEXT_GRACE_SECONDS : GRACE_SECONDS);
  }

  #isOver(now: number): boolean {
    if (this.#everyone && this.#all().some((errand) => errand.isLead)) return false;
    const end = this.#end();
    return end !== null && now >= end;
  }

  /** What makes room for others: requests without an answer for long, while others wait to be sent. */
  #crowding(now: number): Errand[] {
    const sent = this.#sent();
    if (sent.length < MAX_CONNECTIONS || sent.length === this.#open.size) return [];
    return sent.filter((errand) => !errand.isLead && now - errand.lastAt >= ABANDONED_AFTER);
  }

  /** When a lead is given up (S4). */
  #leadDue(errand: Errand): number {
    const patience = this.#network.patience(errand.source);
    if (this.#witnesses.size) {
      if (!errand.connected) return errand.lastAt + this.#network.connectPatience(errand.source);
      const waited = Math.max(LEAST_LEAD_SECONDS, 2 * Math.max(...this.#witnesses.values()));
      return errand.lastAt + (errand.received ? Math.max(waited, patience) : waited);
    }
    for (const [name, facts] of this.#network.endpoints) {
      if (name !== errand.source && facts.hasGiven && facts.standing !== "out") {
        return errand.lastAt + Math.max(LONE_LEAD_SECONDS, patience);
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  // --- whom to ask ---------------------------------------------------------------------------

  #due(errand: Errand): number {
    if (!errand.connected) return errand.lastAt + this.#network.connectPatience(errand.source);
    let last = Math.max(errand.lastAt, 0);
    // Behind the lead's own bytes on a narrow link, a witness is not late.
    for (const each of this.#open.values()) {
      if (each.isLead && each.received) last = Math.max(last, each.lastAt);
    }
    return last + this.#network.patience(errand.source);
  }

  /** Whose requests to send now (S1, S2, S5). */
  #next(now: number): Errand[] {
    const unsent = this.#all().filter((errand) => errand.begun === null);
    const sent = this.#sent();
    if (this.#everyone) return unsent.slice(0, Math.max(0, MAX_CONNECTIONS - sent.length));
    const isKnown = (errand: Errand) => this.#witnesses.has(errand.source);
    const chosen = [
      ...unsent.filter((errand) => errand.isLead),
      ...unsent.filter((errand) => !errand.isLead && isKnown(errand)),
    ];
    // Those who are connected get the grace, and nobody else is troubled.
    if (this.#isLed && sent.some((errand) => errand.connected)) return chosen;
    const begun = new Set(sent.map((errand) => errand.source));
    const bySource = new Map<string, Errand[]>();
    for (const errand of unsent) {
      const { source } = errand;
      if (errand.isLead || isKnown(errand) || begun.has(source)) continue;
      if (this.#vouched.size && !this.#vouched.has(source)) continue;
      bySource.set(source, [...(bySource.get(source) ?? []), errand]);
    }
    const going = new Set<string>();
    const late = new Set(this.#vain);
    for (const errand of sent) {
      if (now >= this.#due(errand)) late.add(errand.source);
      else if (!errand.isLead) going.add(errand.source);
    }
    let lacking = WITNESSES - this.#witnesses.size - going.size;
    if (lacking > 0 && late.size) lacking = Math.max(lacking, late.size);
    let room = MAX_CONNECTIONS - sent.length - chosen.length;
    const rank = (name: string) => this.#network.of(name);
    const names = [...bySource.keys()].sort(
      (one, other) =>
        ORDER[rank(one).standing] - ORDER[rank(other).standing] || rank(one).place - rank(other).place,
    );
    for (const name of names.slice(0, Math.max(0, lacking))) {
      const isDear = late.size || this.#network.of(name).opening > 0;
      const asked = (bySource.get(name) ?? []).slice(0, isDear ? 1 : undefined);
      if (asked.length > room) break;
      room -= asked.length;
      chosen.push(...asked);
    }
    return chosen;
  }

  #abandon(errand: Errand, now: number): Order {
    this.#open.delete(errand.number);
    if (errand.isLead) this.#leadAt = now;
    const isLate = errand.begun !== null && (errand.isLead || now >= this.#due(errand));
    return { number: errand.number, code: isLate ? SILENT : UNASKED };
  }
}
