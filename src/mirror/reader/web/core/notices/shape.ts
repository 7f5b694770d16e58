/**
 * One strict reader for the notice data, made of small ones (`notices/shape.py`).
 *
 * A key that a record does not have is refused, so is one without default that is absent; a value has exactly its type
 * and bounds; a list or a table has at most `MAX_NOTICE_ITEMS` entries. What equals its default is to be left out: it is
 * read all the same, and said to `oddity`, because one value has one spelling.
 */

import { isLonger } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_NOTICE_ITEMS } from "../limits.ts";

/** Takes a value as JSON gives it, or refuses it. */
export type Shape<T> = (value: unknown, oddity: () => void) => T;

/** A field of a record that may be absent, and what it is then. */
interface Optional<T> {
  readonly shape: Shape<T>;
  readonly fallback: T;
}
type Fields = { readonly [name: string]: Shape<unknown> | Optional<unknown> };
type Taken<F> = F extends Shape<infer T> ? T : F extends Optional<infer T> ? T : never;
export type Of<S> = S extends Shape<infer T> ? T : never;

function check(claim: boolean): asserts claim {
  if (!claim) throw new FormatError("notices-malformed");
}

export const optional = <T>(shape: Shape<T>, fallback: T): Optional<T> => ({ shape, fallback });
/** A field without default: absent is `null`, which JSON cannot say here. */
export const maybe = <T>(shape: Shape<T>): Optional<T | null> => optional<T | null>(shape, null);
export const flag = optional<boolean>((value) => {
  check(typeof value === "boolean");
  return value;
}, false);

/** A text for which `claim` holds. */
const claimed =
  (claim: (text: string) => boolean): Shape<string> =>
  (value) => {
    check(typeof value === "string" && claim(value));
    return value;
  };

/** A text that the whole `pattern` (without anchors) matches. */
export function matching(pattern: string): Shape<string> {
  const whole = new RegExp(`^(?:${pattern})$`);
  return claimed((text) => whole.test(text));
}

export const oneOf =
  <const T extends string>(names: readonly T[]): Shape<T> =>
  (value) => {
    check(names.includes(value as T));
    return value as T;
  };

export const within =
  (least: number, most: number): Shape<number> =>
  (value) => {
    check(Number.isInteger(value) && (value as number) >= least && (value as number) <= most);
    return value as number;
  };

/** A day of the calendar, as it is written. */
export const DATE: Shape<string> = claimed(
  (text) => /^\d{4}-\d\d-\d\d$/.test(text) && text >= "0001" && isDay(text),
);
/** `YYYY`, `YYYY-MM` or a day, of the years 1000 to 2999. */
export const PARTIAL_DATE: Shape<string> = claimed(
  (text) => /^[12]\d{3}(?:-\d\d){0,2}$/.test(text) && isDay(`${text}-01-01`.slice(0, 10)),
);

function isDay(text: string): boolean {
  const instant = Date.parse(`${text}T00:00Z`);
  // Some engines take the 30th of February for the 1st of March.
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

/**
 * A text of at most `most` characters that can be shown as it is: not blank, no controls, no lone surrogates, no
 * direction overrides, bidi isolates balanced, no braces (a place that was not filled).
 */
export const finished = (most: number, forbidden = ""): Shape<string> => {
  const wrong = new RegExp(
    `[\\0-\\t\\v-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\u202a-\\u202e\\u2028\\u2029\\ufeff{}${forbidden}]`,
    "u",
  );
  return claimed((text) => {
    if (isLonger(text, most) || wrong.test(text)) return false;
    let depth = 0;
    for (const [mark] of text.matchAll(/[\u2066-\u2069]/g)) {
      depth += mark === "\u2069" ? -1 : 1;
      if (depth < 0) return false;
    }
    return !depth && /[^\n \xa0\u200b-\u200f\u2066-\u2069]/.test(text);
  });
};

export const list =
  <T>(shape: Shape<T>): Shape<readonly T[]> =>
  (value, oddity) => {
    check(Array.isArray(value) && value.length <= MAX_NOTICE_ITEMS);
    return value.map((item) => shape(item, oddity));
  };

/** The keys and values of a JSON object, `__proto__` a key like any. */
function entries(value: unknown): [string, unknown][] {
  check(typeof value === "object" && value !== null && !Array.isArray(value));
  const found = Object.entries(value);
  check(found.length <= MAX_NOTICE_ITEMS);
  return found;
}

export const table =
  <K extends string, T>(key: Shape<K>, shape: Shape<T>): Shape<ReadonlyMap<K, T>> =>
  (value, oddity) =>
    new Map(entries(value).map(([name, item]) => [key(name, oddity), shape(item, oddity)]));

export const record =
  <F extends Fields>(fields: F): Shape<{ readonly [N in keyof F]: Taken<F[N]> }> =>
  (value, oddity) => {
    const given = new Map(entries(value));
    const taken: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const item = given.get(name);
      const isThere = given.delete(name);
      // No shape takes what is absent.
      if (typeof field === "function") taken[name] = field(item, oddity);
      else {
        taken[name] = isThere ? field.shape(item, oddity) : field.fallback;
        if (isThere && isEmpty(taken[name])) oddity();
      }
    }
    check(!given.size);
    return taken as { [N in keyof F]: Taken<F[N]> };
  };

/** Whether a value is a default: each is nothing, false, or without entries. */
const isEmpty = (value: unknown): boolean =>
  value === false || (Array.isArray(value) && !value.length) || (value instanceof Map && !value.size);
