/**
 * Epochs: numbered spans of time, all of one length, counted from 1970 (`rotation/epochs.py`, ROTATION.md section 3).
 *
 * `seconds` is the length of a publication's epochs.
 */

import { MAX_EPOCH } from "../limits.ts";

const ACCEPTED_SKEW = 1; // how far a path's epoch may lie from the node's own (rule 3)

/** The number of the epoch that `instant` lies in. */
export const epochOf = (seconds: number, instant: number): number =>
  Math.min(Math.floor(Math.max(instant, 0) / seconds), MAX_EPOCH);

/**
 * The epoch whose slips a reader asks for: `now` by the device, held to what exists (rule 2). `issued` is the newest
 * signed instant that the reader knows of.
 */
export function toAsk(seconds: number, now: number, issued: number): number {
  const first = epochOf(seconds, issued);
  return Math.min(Math.max(epochOf(seconds, now), first), first + 1, MAX_EPOCH);
}

/**
 * The epochs whose paths to try at an endpoint, the likeliest first: the device's, and the one of the newest of the signed
 * `instants` known where the path of the first would not be accepted then.
 */
export function toEnter(seconds: number, now: number, instants: Iterable<number>): number[] {
  const device = epochOf(seconds, now);
  const signed = epochOf(seconds, Math.max(0, ...instants));
  // Time never lies before a signed instant, so here the device is wrong.
  if (signed > device) return signed - device <= ACCEPTED_SKEW ? [signed] : [signed, device];
  return device - signed <= ACCEPTED_SKEW || !signed ? [device] : [device, signed];
}
