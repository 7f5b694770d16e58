/** What a run does for a reader who was invited. Everyone else does without: it is a part of the program of its own. */

import { hex, unhex } from "../bytes.ts";
import { asLink, check, type Invitation, invite, parse } from "../rotation/invitation.ts";
import { derive } from "../rotation/keys.ts";
import type { Verified } from "../trust/state.ts";
import type { Pieces } from "./fetch.ts";
import { addresses, begin, type Finding, type Handed, handedAs, handedFrom, refreshSlips } from "./slips.ts";

/** What was handed out for the invitation with this mark, as JSON. */
export type Remembered = readonly [mark: string, handed: unknown];

export class Invited {
  readonly invitation: Invitation;
  /** What was handed out last, and how looking for a slip went in this run. */
  handed: Handed;
  finding: Finding | null = null;
  readonly #mark: string;

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

  #addresses({ entrances }: Handed, now: number, asOf: number): Promise<string[]> {
    const { created, seconds } = this.invitation;
    return addresses(entrances, seconds, now, [created, asOf]);
  }

  /** Looks for this reader's slip, once; whether that was done now. */
  async look(verified: Verified, pieces: Pieces, now: number): Promise<boolean> {
    if (this.finding) return false;
    [this.handed, this.finding] = await refreshSlips(this.invitation, this.handed, verified, pieces, now);
    return true;
  }

  /** The link for friend `number`; it leads to `page`. Throws as `invite`. */
  async link(number: number, now: number, page: string): Promise<string> {
    return asLink(await invite({ ...this.invitation, entrances: this.handed.entrances }, number, now), page);
  }
}
