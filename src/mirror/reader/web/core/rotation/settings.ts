/** What the publisher signs offline about rotation (`rotation/settings.py`, ROTATION.md section 9). */

import { type Bytes, unhex } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_EPOCH, MAX_EPOCH_SECONDS, MAX_PAGE_BITS, MIN_EPOCH_SECONDS, MIN_PAGE_BITS } from "../limits.ts";

const MAX_KEYS = 3;
const MAX_STEPS = 4;

/**
 * `keys`: any of these may sign a page. `pages`: from which epoch on, how many there are, as a power of two. `reportKey`:
 * whom reports are sealed for; empty where none are taken.
 */
export interface Settings {
  readonly keys: readonly Bytes[];
  readonly pages: readonly (readonly [number, number])[];
  readonly seconds: number;
  readonly reportKey: Bytes;
}

/** The settings in the JSON value of signed metadata; `FormatError`, `rotation-settings`. */
export function settingsFrom(value: unknown): Settings {
  const check: (claim: boolean) => asserts claim = (claim) => {
    if (!claim) throw new FormatError("rotation-settings");
  };
  const whole = (number: unknown, least: number, most: number): number => {
    check(Number.isInteger(number) && (number as number) >= least && (number as number) <= most);
    return number as number;
  };
  check(typeof value === "object" && value !== null && !Array.isArray(value));
  const {
    keys,
    pages,
    "epoch-seconds": seconds,
    "report-key": report,
    ...others
  } = value as Record<string, unknown>;
  const isKey = (key: unknown): boolean => typeof key === "string" && /^[0-9a-f]{64}$/.test(key);
  check(!Object.keys(others).length && (report === undefined || isKey(report)));
  check(Array.isArray(keys) && keys.length > 0 && keys.length <= MAX_KEYS && keys.every(isKey));
  check(new Set(keys).size === keys.length);
  check(Array.isArray(pages) && pages.length > 0 && pages.length <= MAX_STEPS);
  let next = 0;
  return {
    keys: keys.map((key: string) => unhex(key)),
    pages: pages.map((step: unknown) => {
      check(Array.isArray(step) && step.length === 2);
      const from = whole(step[0], next, MAX_EPOCH);
      next = from + 1;
      return [from, whole(step[1], MIN_PAGE_BITS, MAX_PAGE_BITS)] as const;
    }),
    seconds: whole(seconds, MIN_EPOCH_SECONDS, MAX_EPOCH_SECONDS),
    reportKey: unhex((report ?? "") as string),
  };
}

/** The number of pages of `epoch`, as a power of two; of the first known one before that. */
export const bitsOf = (settings: Settings, epoch: number): number =>
  (settings.pages.findLast(([from]) => from <= epoch) ?? settings.pages[0]!)[1];
