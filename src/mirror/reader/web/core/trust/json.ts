/**
 * JSON as Python reads it, and the canonical form that is signed (as securesystemslib writes it).
 *
 * `JSON.parse` would lose what is signed: 1.0 and 1 are one number to it, large ones are rounded, and the names of an
 * object are reordered and may reach its prototype. Here objects are maps, and only whole numbers have a value.
 */

import { hex, utf8 } from "../bytes.ts";

/** NaN stands for every number that is not whole: it cannot be signed. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonMap;
export type JsonMap = ReadonlyMap<string, Json>;

const MAX_DEPTH = 500; // Python gives up a little above
const MAX_DIGITS = 4_300; // as in Python
const SPACE = "[ \\t\\n\\r]*";
// Only one way to match any text: a string that never ends must not take time that grows with each character.
const PLAIN = "[ !#-[\\]-\\uffff]*";
const TOKEN = new RegExp(
  `${SPACE}(?:([{}[\\],:])` +
    `|("${PLAIN}(?:\\\\(?:["\\\\/bfnrt]|u[\\da-fA-F]{4})${PLAIN})*")` +
    `|(-?(?:0|[1-9]\\d*))((?:\\.\\d+)?(?:[eE][-+]?\\d+)?)` +
    `|(true|false|null|NaN|-?Infinity))`,
  "y",
);
const WORDS: ReadonlyMap<string, Json> = new Map<string, Json>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

function wholeNumber(digits: string): number | bigint {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  if (digits.length > MAX_DIGITS) throw new SyntaxError();
  return BigInt(digits);
}

/** The value in `text`; `SyntaxError` when it is not JSON. The last of two equal names counts, as in Python. */
export function parseJson(text: string): Json {
  TOKEN.lastIndex = 0;
  const next = () => {
    const token = TOKEN.exec(text);
    if (!token) throw new SyntaxError();
    return token;
  };

  /** Calls `item` for each of a list's or an object's, whose beginning was read. */
  const each = (close: string, item: (token: RegExpExecArray) => void) => {
    let token = next();
    if (token[1] === close) return;
    for (;;) {
      item(token);
      const [, mark] = next();
      if (mark === close) return;
      if (mark !== ",") throw new SyntaxError();
      token = next();
    }
  };

  const value = (token: RegExpExecArray, depth: number): Json => {
    const [, mark, string, digits, rest, word] = token;
    if (string) return JSON.parse(string) as string;
    if (digits) return rest ? Number.NaN : wholeNumber(digits);
    if (word) return WORDS.get(word) ?? (word === "null" ? null : Number.NaN);
    if (depth === MAX_DEPTH) throw new SyntaxError();
    if (mark === "[") {
      const list: Json[] = [];
      each("]", (item) => list.push(value(item, depth + 1)));
      return list;
    }
    if (mark !== "{") throw new SyntaxError();
    const map = new Map<string, Json>();
    each("}", ([, , name]) => {
      if (!name || next()[1] !== ":") throw new SyntaxError();
      map.set(JSON.parse(name) as string, value(next(), depth + 1));
    });
    return map;
  };

  const whole = value(next(), 0);
  if (text.slice(TOKEN.lastIndex).replace(new RegExp(SPACE), "")) throw new SyntaxError();
  return whole;
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** The canonical form; `SyntaxError` for a number that is not whole, and for a text that is not Unicode. */
export function canonical(value: Json): string {
  if (typeof value === "string") {
    if (/[\ud800-\udfff]/u.test(value)) throw new SyntaxError(); // a half of a pair, alone
    return quoted(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Map) {
    // Python sorts by code points, as UTF-8 does; JavaScript would sort by halves of pairs.
    const names = [...value.keys()].map((name): [string, string] => [hex(utf8(name)), name]);
    names.sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${names.map(([, name]) => `${canonical(name)}:${canonical(value.get(name) as Json)}`).join()}}`;
  }
  if (Number.isNaN(value)) throw new SyntaxError();
  return String(value);
}
