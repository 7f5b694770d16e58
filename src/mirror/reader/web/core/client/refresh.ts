/**
 * Refreshing the metadata: a shell around a metadata session and `scout`. It decides nothing (`refresh.py`).
 *
 * Every request has a deadline, in the transport; when to ask and how long to wait is the scout's.
 */

import { MAX_PIECE } from "../limits.ts";
import type { Ask, Session, Verified } from "../trust/state.ts";
import { askAgain, Bell, type Lines, loop, Tasks } from "./lines.ts";
import { ABSENT, UNASKED } from "./net.ts";
import type { Ledger } from "./report.ts";
import { Scout } from "./scout.ts";

const TIMESTAMP = "timestamp.json";
/** What several are asked for; the rest is one's to give. */
const WITNESSED = /(?:timestamp|\.root)\.json$/;

export interface Refreshing {
  /** Ask all mirrors and wait longer for the slow ones, so that each is judged. */
  readonly everyone: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told how many requests of this refresh were answered, and how many were sent. */
  readonly told?: ((answered: number, sent: number) => void) | undefined;
}

/** Drives `session` over `lines` (whose mirrors are its sources) until it ends, and gives its result. */
export async function refresh(
  session: Session,
  lines: Lines,
  ledger: Ledger,
  how: Refreshing,
): Promise<Verified> {
  const vouched = new Set<string>();
  let [answered, sent] = [0, 0];
  const count = (answers: number, requests: number) => {
    answered += answers;
    sent += requests;
    how.told?.(answered, sent);
  };
  for (let asks = session.requests(); asks.length; asks = session.requests()) {
    await round(session, asks, lines, ledger, vouched, how, count);
  }
  return session.result();
}

/** One round of a session: every ask is answered to the session before it ends. */
async function round(
  session: Session,
  asks: readonly Ask[],
  lines: Lines,
  ledger: Ledger,
  vouched: Set<string>,
  { everyone, signal }: Refreshing,
  count: (answers: number, requests: number) => void,
): Promise<void> {
  const { network } = lines;
  const leads = new Set<number>();
  asks.forEach(({ path }, number) => {
    if (!WITNESSED.test(path)) leads.add(number);
  });
  const sources = asks.map((ask) => ask.source);
  const scout = new Scout(network, sources, leads, vouched, everyone);
  const hasTimestamps = asks.some((ask) => ask.path === TIMESTAMP);
  const bell = new Bell();
  const tasks = new Tasks(bell);
  const said: Promise<void>[] = [];

  async function request(number: number, ended: AbortSignal): Promise<void> {
    const ask = asks[number]!;
    const asked = bell.now();
    let first: number | null = null;
    let received = 0;
    let answer: Awaited<ReturnType<Lines["ask"]>>;
    try {
      answer = await askAgain(lines, ask.source, `m/${ask.path}`, ask.limit, ended, (size) => {
        const now = bell.now();
        first ??= now;
        if (!size && received) {
          network.streams(-1, now); // sent again
          received = 0;
        }
        if (!size) return;
        if (received) network.flowed(size - received, now);
        else network.streams(1, now);
        received = size;
        scout.received(number, size, now);
      });
    } finally {
      if (received) network.streams(-1, bell.now());
    }
    const now = bell.now();
    const isBody = typeof answer !== "string";
    const isGood = isBody ? await session.mayBeGenuine(ask, answer as never) : answer === ABSENT;
    if (!tasks.free(number)) return; // given up meanwhile, and the session was told
    scout.answered(number, now, isGood, ask.path === TIMESTAMP || !hasTimestamps);
    count(1, 0);
    if (typeof answer === "string") {
      if (!isGood) network.failed(ask.source, now);
      said.push(session.failed(ask, answer));
      return;
    }
    if (isGood) {
      const size = Math.min(answer.length, MAX_PIECE);
      const answered = (first ?? now) - asked;
      network.gave({ endpoint: ask.source, connect: 0, answer: answered, took: now - asked, size });
      vouched.add(ask.source);
    } else network.failed(ask.source, now);
    ledger.gave(ask.source, "metadata", answer.length);
    said.push(session.received(ask, answer));
  }

  const step = () => {
    for (const { number, code } of scout.decide(bell.now())) {
      if (code === null) {
        count(0, 1);
        tasks.begin(number, (ended) => request(number, ended));
        scout.connected(number, bell.now());
      } else {
        const ask = asks[number]!;
        if (tasks.end(number) && code !== UNASKED) network.failed(ask.source, bell.now());
        said.push(session.failed(ask, code));
      }
    }
    return scout.isDone;
  };
  try {
    await loop(bell, tasks, signal, step, () => scout.wake(bell.now()));
  } finally {
    await tasks.close();
  }
  if (tasks.fault) throw tasks.fault.error;
  await Promise.all(said);
}
