/** The life of one attempt to get one piece from one endpoint. Pure: `STEPS` is all of it (`attempt.py`). */

export type Step =
  | "connecting"
  | "asked"
  | "receiving"
  | "quiet"
  | "crawling"
  | "verified"
  | "wrong"
  | "failed"
  | "stopped";
export type Event = "connected" | "bytes" | "late" | "too slow" | "good" | "bad" | "error" | "stop";

const ENDINGS: { readonly [event: string]: Step } = {
  good: "verified",
  bad: "wrong",
  error: "failed",
  stop: "stopped",
};
const STEPS: { readonly [step: string]: { readonly [event: string]: Step } } = {
  connecting: { connected: "asked", late: "quiet" },
  asked: { bytes: "receiving", late: "quiet" },
  receiving: { bytes: "receiving", late: "quiet", "too slow": "crawling" },
  quiet: { connected: "asked", bytes: "receiving" },
  crawling: { bytes: "crawling" },
};

/** Where `event` leads from `step`. */
export function stepped(step: Step, event: Event): Step {
  const next = STEPS[step]?.[event] ?? (STEPS[step] && ENDINGS[event]);
  if (!next) throw new Error(`${event} while ${step}`);
  return next;
}

/** True while an attempt goes on as expected. */
export const isGoing = (step: Step): boolean =>
  step === "connecting" || step === "asked" || step === "receiving";

/** One request for one piece; instants in seconds. */
export interface Attempt {
  readonly number: number;
  readonly endpoint: string;
  readonly piece: string;
  readonly line: number;
  readonly started: number;
  readonly isNewLine: boolean;
  readonly isExploring: boolean;
  step: Step;
  askedAt: number | null;
  firstAt: number | null;
  /** When something last happened. */
  lastAt: number;
  received: number;
}

/** A piece that is not here yet: who is asked, how often each was, who lacks it, and how each failed last. */
export interface Need {
  readonly attempts: Map<number, Attempt>;
  readonly tries: Map<string, number>;
  readonly lacking: Set<string>;
  readonly failures: Map<string, string>;
}

/** True when an attempt for `need` goes on as expected. */
export const isServed = (need: Need): boolean =>
  [...need.attempts.values()].some((attempt) => isGoing(attempt.step));
