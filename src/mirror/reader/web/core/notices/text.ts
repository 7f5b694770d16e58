/**
 * Which text a reader is shown: the walk from his language to one that is there (`notices/text.py`).
 *
 * Exact tag → shorter tags → the publisher's bridge languages → English → the text built in. It always ends at a text. One
 * that no one reviewed, or that follows an older English text, is shown only *beside* a good one, labelled.
 */

import { LAST_RESORT as ENGLISH } from "./builtin/en.ts";
import { KEYS, MISSING } from "./builtin/keys.ts";
import { partOf } from "./keys.ts";
import { COMMON, type NoticeSet, SOURCE_LANGUAGE, STATES, type State } from "./model.ts";

export type Direction = "ltr" | "rtl";

/** The texts of one language for when no notices verified, in the order of `builtin/keys.ts`. */
export interface Builtin {
  readonly language: string;
  readonly direction: Direction;
  readonly texts: readonly string[];
}

const BUILTIN = new Map([[ENGLISH.language, ENGLISH]]);

/**
 * From now on, these texts are among the built-in ones. English always is; a page brings its reader's language with its
 * own texts (`builtin/<language>.ts`), so that nobody fetches all of them.
 */
export function learn(texts: Builtin): void {
  BUILTIN.set(texts.language, texts);
}

/** One finished text; `language` is the one it is *in*, for the screen reader and the fonts. */
export interface Shown {
  readonly text: string;
  readonly language: string;
  readonly direction: Direction;
  readonly state: State;
  readonly isOutdated: boolean;
  /** Whether it may stand alone: the original, or a reviewed translation of the present original. */
  readonly isGood: boolean;
}

/** What the walk found, and a good text beside it where that may not stand alone. */
export interface Found {
  readonly shown: Shown;
  readonly beside: Shown | null;
}

/** The languages that are tried for a reader of `language`, the closest first. */
export function walk(notices: NoticeSet | null, language: string): string[] {
  const tags: string[] = [];
  for (let tag = language; tag; tag = tag.slice(0, Math.max(0, tag.lastIndexOf("-")))) tags.push(tag);
  const bridge = new Map(Array.from(notices?.bridge ?? [], ([tag, others]) => [tag.toLowerCase(), others]));
  const bridges = tags.flatMap((tag) => bridge.get(tag.toLowerCase()) ?? []);
  return [...new Set([...tags, ...bridges, SOURCE_LANGUAGE])];
}

/** The text of `key` for a reader of `language`. There always is one. */
export function find(notices: NoticeSet | null, key: string, language: string): Found {
  const tags = walk(notices, language);
  const among = (look: (tag: string) => Shown | null) => tags.map(look).filter((each) => each !== null);
  const carriedTexts = notices ? among((tag) => carried(notices, key, tag)) : [];
  const tried = carriedTexts.length ? carriedTexts : among((tag) => builtin(key, tag));
  const shown = tried[0]!; // the walk ends at English, which is built in
  if (shown.isGood) return { shown, beside: null };
  return { shown, beside: tried.find((each) => each.isGood) ?? builtin(key, SOURCE_LANGUAGE) };
}

/** Whether `shown` is in the reader's language, whatever the script or region. */
export const speaks = (shown: Shown, language: string): boolean => first(shown.language) === first(language);

const first = (tag: string): string => tag.split("-", 1)[0]!.toLowerCase();

/** The entry of a table by language, whatever the case of the tag. */
const entry = <T>(table: ReadonlyMap<string, T>, tag: string) =>
  [...table].find(([known]) => known.toLowerCase() === tag.toLowerCase());

function carried(notices: NoticeSet, key: string, tag: string): Shown | null {
  const [language, texts] = entry(notices.languages, tag) ?? [];
  const text = texts?.texts.get(key);
  if (!language || !texts || text === undefined) return null;
  const english = notices.languages.get(SOURCE_LANGUAGE)!;
  // A designation's sentences are built with the common ones: the weaker state counts.
  const parts = [COMMON, partOf(key)];
  const ranks = parts.map((part) => STATES.indexOf(texts.parts.get(part)!.state));
  const isOutdated = parts.some((part) => texts.parts.get(part)!.source !== english.parts.get(part)!.source);
  return judged(text, language, texts.direction, STATES[Math.min(...ranks)]!, isOutdated);
}

function builtin(key: string, tag: string): Shown | null {
  const [language, { texts, direction } = ENGLISH] = entry(BUILTIN, tag) ?? [];
  if (!language) return null;
  const text = texts[KEYS.indexOf(key)] ?? texts[KEYS.indexOf(MISSING)]!;
  return judged(text, language, direction, language === SOURCE_LANGUAGE ? "human" : "machine", false);
}

function judged(
  text: string,
  language: string,
  direction: Direction,
  state: State,
  isOutdated: boolean,
): Shown {
  const isReviewed = state === "native" || state === "counsel";
  const isGood = language === SOURCE_LANGUAGE || (isReviewed && !isOutdated);
  return { text, language, direction, state, isOutdated, isGood };
}
