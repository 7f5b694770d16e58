/**
 * A set of files fetched as `plan` decides: the shell that obeys it. Rules, as in `race.py`:
 *
 * 1. When the race ends, by success, failure or abortion, nothing is left running.
 * 2. Every wait ends: the plan says when to look again, and each transport has its deadlines.
 * 3. What comes is judged here before anybody sees it. What is right is handed on at once and counted once; what
 *    comes after it is thrown away unseen.
 */

import type { Bytes } from "../bytes.ts";
import { Bell, type Lines, loop, Tasks } from "./lines.ts";
import { ABSENT, SILENT } from "./net.ts";
import { type Action, Plan, type Start } from "./plan.ts";
import { type Ledger, type Part, STALE } from "./report.ts";

/** One file to fetch: its path on every mirror, the most bytes it has, and what it is for. */
export interface Errand<Value> {
  readonly path: string;
  readonly limit: number;
  readonly part: Part;
  /** What the bytes are, verified; `null` when they are something else. */
  judge(data: Bytes): Promise<Value | null>;
  /** What an honest mirror may give in its place: counts as if it had no such file. */
  isHonest?(data: Bytes): Promise<boolean>;
}

/**
 * Fetches `errands` (by any name); `take` gets each as it is verified. Gives `null` when everything came; otherwise
 * what the endpoints did instead, by code. What `take` throws comes out, with nothing under way any more.
 */
export async function race<Value>(
  lines: Lines,
  ledger: Ledger,
  errands: ReadonlyMap<string, Errand<Value>>,
  take: (name: string, value: Value) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number> | null> {
  const plan = new Plan(lines.network, errands.keys());
  const bell = new Bell();
  const tasks = new Tasks(bell);
  let failures: Map<string, number> | null = null;

  async function attempt(start: Start, ended: AbortSignal): Promise<void> {
    const { number, endpoint, line } = start;
    const errand = errands.get(start.piece)!;
    const watch = (size: number) => {
      if (plan.received(number, size, bell.now())) bell.ring();
    };
    const answer = await lines.ask(endpoint, errand.path, errand.limit, ended, watch, line);
    const data = typeof answer === "string" ? null : answer;
    const value = data && (await errand.judge(data));
    const isHonest = data && value === null && (await errand.isHonest?.(data));
    if (!tasks.free(number)) return; // ended meanwhile: its bytes are counted as thrown away
    lines.ring();
    if (!data) {
      ledger.failed(endpoint, errand.part, answer as string);
      plan.failed(number, answer as string, bell.now());
    } else if (isHonest) {
      ledger.threwAway(data.length);
      ledger.failed(endpoint, errand.part, STALE);
      plan.failed(number, ABSENT, bell.now());
    } else if (value === null) {
      ledger.lied(endpoint, errand.part, data.length);
      plan.wrong(number);
    } else if (plan.verified(number, bell.now())) {
      ledger.gave(endpoint, errand.part, data.length);
      lines.network.closeLine(line);
      await take(start.piece, value);
    } else ledger.threwAway(data.length);
    lines.network.closeLine(line);
  }

  function obey(action: Action): void {
    if (action.kind === "start") {
      tasks.begin(action.number, (ended) => attempt(action, ended));
      plan.connected(action.number, bell.now());
    } else if (action.kind === "stop") {
      tasks.end(action.number);
      ledger.threwAway(action.received);
      if (action.isLate) ledger.failed(action.endpoint, errands.get(action.piece)!.part, SILENT);
    } else if (action.kind === "give up") {
      failures ??= new Map();
      for (const [code, count] of action.failures) {
        failures.set(code, Math.max(failures.get(code) ?? 0, count));
      }
    }
  }

  const step = () => {
    plan.decide(bell.now()).forEach(obey);
    return plan.isDone;
  };
  lines.bells.add(bell);
  try {
    await loop(bell, tasks, signal, step, () => plan.wake(bell.now()));
  } finally {
    lines.bells.delete(bell);
    plan.cancel();
    await tasks.close();
    lines.ring();
  }
  if (tasks.fault) throw tasks.fault.error;
  return failures;
}
