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

/** What is known of one mirror. */
export type Heard = "answered" | "silent" | "unknown";

/** What a run tells of a mirror. */
export function heardOf({ verdict, bytes, evidence }: MirrorReport): Heard {
  if (verdict === "unasked") return "unknown";
  if (verdict === "lied") return "silent"; // or somebody on the way did
  return !bytes && evidence.some(({ code }) => !MISSING.has(code)) ? "silent" : "answered";
}

/** An endpoint that was handed out and did not answer, and what its mirror is called here. */
export type Silence = readonly [name: string, entrance: Entrance];

/** `doors`: the entrance that each address is of, which was handed out; `reports` are on `mirrors`. */
export function silencesIn(
  doors: ReadonlyMap<string, Entrance>,
  mirrors: readonly Mirror[],
  reports: readonly MirrorReport[],
): Silence[] {
  const heard = new Map(reports.map((each) => [each.name, heardOf(each)]));
  const own = new Map<string, readonly [Entrance, Mirror[]]>(); // one entrance may have several addresses
  for (const each of mirrors) {
    const entrance = doors.get(each.address);
    if (!entrance) continue;
    const key = `${entrance.text} ${hex(entrance.key)}`;
    own.set(key, [entrance, [...(own.get(key)?.[1] ?? []), each]]);
  }
  return [...own.values()]
    .filter(
      ([, found]) =>
        !found.some(({ name }) => heard.get(name) === "answered") &&
        found.some(({ name, address }) => heard.get(name) === "silent" && !UNTOLD.test(address)),
    )
    .map(([entrance, [first]]) => [first!.name, entrance]);
}
