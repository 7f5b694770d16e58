/**
 * Which of the endpoints that were handed to a reader did not answer: what a report may say. Rules 1 to 3 stand in
 * `reader/silence.py`; here there is one more:
 *
 * 4. What a browser refuses by itself, or reaches only as Tor Browser, is unknown: plain http, but to this machine, and
 *    onion services.
 */

import { hex } from "../bytes.ts";
import type { Entrance } from "../rotation/paths.ts";
import { ABSENT, type Mirror } from "./net.ts";
import { MISSING_PIECE } from "./report.ts";
import type { MirrorReport } from "./verdicts.ts";

const MISSING: ReadonlySet<string> = new Set([ABSENT, MISSING_PIECE, "withheld"]);
const UNTOLD = /^http:\/\/(?!127\.)|^[^/]+\/\/[^/]+\.onion[:/]/i;
const ARCHIVE = /\.invalid\/$/; // an edition in a file answers under a name that does not exist

/** What is known of one mirror. */
export type Heard = "answered" | "silent" | "unknown";

/** What a run tells of a mirror. */
export function heardOf({ verdict, bytes, evidence }: MirrorReport): Heard {
  if (verdict === "unasked") return "unknown";
  if (verdict === "lied") return "silent"; // or somebody on the way did
  return !bytes && evidence.some(({ code }) => !MISSING.has(code)) ? "silent" : "answered";
}

/** Endpoints that were handed out and did not answer. `isAlone`: nothing on the network did. */
export interface Silences {
  readonly names: readonly string[];
  readonly entrances: readonly Entrance[];
  readonly isAlone: boolean;
}

/** `doors`: the entrance that each address is of, which was handed out; `reports` are on `mirrors`. */
export function silencesIn(
  doors: ReadonlyMap<string, Entrance>,
  mirrors: readonly Mirror[],
  reports: readonly MirrorReport[],
): Silences {
  const heard = new Map(reports.map((each) => [each.name, heardOf(each)]));
  const own = new Map<string, readonly [Entrance, Mirror[]]>(); // one entrance may have several addresses
  for (const each of mirrors) {
    const entrance = doors.get(each.address);
    if (!entrance) continue;
    const key = `${entrance.text} ${hex(entrance.key)}`;
    own.set(key, [entrance, [...(own.get(key)?.[1] ?? []), each]]);
  }
  const is = (heardAs: Heard) => (each: Mirror) => heard.get(each.name) === heardAs;
  const silent = [...own.values()].filter(
    ([, found]) =>
      !found.some(is("answered")) && found.some((each) => is("silent")(each) && !UNTOLD.test(each.address)),
  );
  return {
    names: silent.map(([, [first]]) => first!.name),
    entrances: silent.map(([entrance]) => entrance),
    isAlone: !mirrors.some((each) => is("answered")(each) && !ARCHIVE.test(each.address)),
  };
}
