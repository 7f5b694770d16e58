/** The page's own words: one language at a time, English where that one has a gap. Safety texts come signed, not from here. */

import ENGLISH from "./text/en.ftl";

/** Words, variables `[name]`, and choices by a number `[name, variants, default]`: what the build makes of Fluent. */
export type Pattern =
  | string
  | readonly (
      | string
      | readonly [name: string]
      | readonly [name: string, variants: Readonly<Record<string, Pattern>>, star: string]
    )[];
export type Messages = Readonly<Record<string, Pattern>>;
export type Values = Readonly<Record<string, string | number>>;

/** Languages that the page has words in, and what each calls itself; all but English are machine translations. */
const NAMES: Readonly<Record<string, string>> = {
  en: "English",
  ru: "Русский",
  fa: "فارسی",
  uk: "Українська",
  be: "Беларуская",
  tr: "Türkçe",
  "zh-Hans": "简体中文",
};
export const LANGUAGES: readonly string[] = Object.keys(NAMES);

let language = "en";
let english: Messages = ENGLISH;
let spokenTexts: Messages = english;

/** Speak `tag` from now on; `messages` are its texts. */
export function speak(tag: string, messages: Messages = english): void {
  language = tag;
  spokenTexts = messages;
}

/** Know more English. */
export function learn(messages: Messages): void {
  english = { ...english, ...messages };
  if (language === "en") spokenTexts = english;
}

/** `pattern` with `values` in it, each held apart from the direction of the text around it. */
export function formatted(pattern: Pattern, values: Values, tag = language): string {
  if (typeof pattern === "string") return pattern;
  const parts = pattern.map((part) => {
    if (typeof part === "string") return part;
    const [name, variants, star = ""] = part;
    const value = values[name] ?? "";
    let text = typeof value === "number" ? new Intl.NumberFormat(tag).format(value) : value;
    if (variants) {
      const key = new Intl.PluralRules(tag).select(Number(value));
      text = formatted(variants[value] ?? variants[key] ?? variants[star] ?? "", values, tag);
    }
    return pattern.length > 1 ? `\u2068${text}\u2069` : text;
  });
  return parts.join("");
}

/** The language that is spoken. */
export const spoken = (): string => language;

/** The text `id`. The tests know that English has each. */
export const t = (id: string, values: Values = {}): string =>
  formatted(spokenTexts[id] ?? english[id] ?? id, values);

/** Whether there is a text `id`. */
export const has = (id: string): boolean => Object.hasOwn(english, id);

/** The closest of `LANGUAGES` to what a person reads, in order of liking. */
export function closest(liked: readonly string[]): string {
  for (const tag of liked) {
    const base = tag.split("-", 1)[0];
    const found = LANGUAGES.find((each) => each === tag || each.split("-", 1)[0] === base);
    if (found) return found;
  }
  return "en";
}

const format = (at: number, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(language, options).format(at * 1000);

/** The day of an instant, where the device is. */
export const day = (at: number): string => format(at, { dateStyle: "long" });

/** The minute of an instant, where the device is. */
export const moment = (at: number): string => format(at, { dateStyle: "long", timeStyle: "short" });

/** How long something is, in its largest unit that fits. */
export function age(seconds: number): string {
  for (const [unit, size] of [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ] as const) {
    if (seconds >= size) {
      const options = { style: "unit", unit, unitDisplay: "long" } as const;
      return new Intl.NumberFormat(language, options).format(Math.floor(seconds / size));
    }
  }
  return t("moments");
}

/** A language's name in itself. */
export function nameOf(tag: string): string {
  try {
    return NAMES[tag] ?? new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
