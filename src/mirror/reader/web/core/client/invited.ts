/** What a run does for a reader who was invited. Everyone else does without: it is a part of the program of its own. */

import { type Bytes, hex, unhex } from "../bytes.ts";
import { epochOf } from "../rotation/epochs.ts";
import type { Seal } from "../rotation/hpke.ts";
import { asLink, check, type Invitation, invite, parse } from "../rotation/invitation.ts";
import { derive } from "../rotation/keys.ts";
import type { Entrance } from "../rotation/paths.ts";
import { seal } from "../rotation/reports.ts";
import { letters, line } from "../rotation/spelling.ts";
import type { Verified } from "../trust/state.ts";
import type { Pieces } from "./fetch.ts";
import type { Mirror } from "./net.ts";
import type { silencesIn } from "./silence.ts";
import {
  addresses,
  begin,
  type Finding,
  type Handed,
  handedAs,
  handedFrom,
  refreshSlips,
  settingsOf,
} from "./slips.ts";
import type { MirrorReport } from "./verdicts.ts";

/** What was handed out for the invitation with this mark, as JSON. */
export type Remembered = readonly [mark: string, handed: unknown];

/** Something to report: the endpoints in `names` did not answer. */
export interface Reportable {
  readonly names: readonly string[];
  /** The report as a line and in letters. `fresh`: 32 random bytes, never used before; `hpke`: see `reports.ts`. */
  report(fresh: Bytes, hpke: Seal): Promise<readonly [line: string, letters: string]>;
}

export class Invited {
  readonly invitation: Invitation;
  /** What was handed out last, and how looking for a slip went in this run. */
  handed: Handed;
  finding: Finding | null = null;
  readonly #mark: string;
  /** All addresses that were given out here, with the entrance that each of them is of. */
  readonly #doors = new Map<string, Entrance>();

  private constructor(invitation: Invitation, mark: string) {
    this.invitation = invitation;
    this.handed = begin(invitation);
    this.#mark = mark;
  }

  /** By the text of an invitation; throws as `parse`. */
  static async by(text: string): Promise<Invited> {
    const invitation = await parse(text);
    // A name of an invitation's place that reveals neither its keys nor the place (`rotation.keys.tag`).
    const mark = hex(await derive(invitation.keyring.branch, "tag", new Uint8Array(), 8));
    return new Invited(invitation, mark);
  }

  get channel(): string {
    return this.invitation.channel;
  }

  /** SHA-256 of the first root, hex. */
  get publication(): string {
    return hex(this.invitation.publication);
  }

  /** `TrustError`: `invitation-foreign`, `invitation-expired`. */
  check(root: string, now: number): void {
    check(this.invitation, unhex(root), now);
  }

  /** Go on from what an earlier run remembered, if that was of this invitation. `FormatError`: `stored-handed`. */
  resume(before: Remembered | null): void {
    if (before?.[0] === this.#mark) this.handed = handedFrom(before[1]);
  }

  get remembered(): Remembered {
    return [this.#mark, handedAs(this.handed)];
  }

  /** Where to knock for what was handed out last, the likeliest first. `asOf`: the newest signed instant that is known. */
  knock(now: number, asOf = 0): Promise<string[]> {
    return this.#addresses(this.handed, now, asOf);
  }

  /** Where the invitation itself says to knock. */
  knockAsNew(now: number): Promise<string[]> {
    return this.#addresses(begin(this.invitation), now, 0);
  }

  async #addresses({ entrances }: Handed, now: number, asOf: number): Promise<string[]> {
    const { created, seconds } = this.invitation;
    for (const each of entrances) {
      for (const text of await addresses([each], seconds, now, [created, asOf])) this.#doors.set(text, each);
    }
    return addresses(entrances, seconds, now, [created, asOf]);
  }

  /** Looks for this reader's slip, once; whether that was done now. */
  async look(verified: Verified, pieces: Pieces, now: number): Promise<boolean> {
    if (this.finding) return false;
    [this.handed, this.finding] = await refreshSlips(this.invitation, this.handed, verified, pieces, now);
    return true;
  }

  /**
   * What may be told of a run over `mirrors`, by `judge` and `reports` (see `Reader.reportable`); `null`: nothing was silent,
   * or no reports are taken. No country is said.
   */
  async reportable(
    verified: Verified,
    mirrors: readonly Mirror[],
    now: number,
    judge: typeof silencesIn,
    reports: readonly MirrorReport[],
  ): Promise<Reportable | null> {
    const { reportKey: key, seconds } = settingsOf(verified) ?? {};
    if (!key?.length) return null;
    const found = judge(this.#doors, mirrors, reports);
    if (!found.length) return null;
    const { keyring, publication } = this.invitation;
    const statement = { epoch: epochOf(seconds!, now), silent: found.map(([, each]) => each), country: "" };
    const report = async (fresh: Bytes, hpke: Seal) => {
      const data = await seal(keyring, publication, statement, key, fresh, hpke);
      return [line(data), letters(data)] as const;
    };
    return { names: found.map(([name]) => name), report };
  }

  /** The link for friend `number`; it leads to `page`. Throws as `invite`. */
  async link(number: number, now: number, page: string): Promise<string> {
    return asLink(await invite({ ...this.invitation, entrances: this.handed.entrances }, number, now), page);
  }
}
