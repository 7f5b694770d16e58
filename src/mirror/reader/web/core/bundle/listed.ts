/** Articles as a page or a front page lists them: columns of what a headline needs. FORMAT.md section 6. */

import { hex, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_INSTANT, MAX_LINE, MAX_PAGE_NAMES, MAX_TITLE } from "../limits.ts";
import type { Article, State } from "../model.ts";
import { type Cursor, times } from "./wire.ts";

const STATES: readonly State[] = ["live", "corrected", "withdrawn", "removed"]; // in the format's order
const MAX_ID = 128;
const ID = /^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/;
const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}$/;

/** At most `most` articles at `cursor`, without body, summary, credits and images. */
export function parseListed(cursor: Cursor, channel: string, most: number): Article[] {
  const count = cursor.number(most);
  const languages = names(cursor);
  const sections = names(cursor);
  if (!languages.every((language) => LANGUAGE.test(language))) throw impossible();
  const ids = times(count, () => cursor.line(MAX_ID));
  const titles = times(count, () => cursor.line(MAX_TITLE));
  let before = 0;
  const published = times(count, () => {
    before += cursor.signed();
    return before;
  });
  const updated = published.map((instant) => instant + cursor.number());
  if (updated.some((instant) => instant > MAX_INSTANT)) throw impossible();
  const ofLanguage = column(cursor, count, languages);
  const ofSection = column(cursor, count, sections);
  const ofState = times(count, () => STATES[cursor.number(STATES.length - 1)]);
  if (new Set(ofLanguage).size < languages.length || new Set(ofSection).size < sections.length) {
    throw impossible();
  }
  return ids.map((id, place) => {
    const title = titles[place] as string;
    const instant = published[place] as number;
    if (!ID.test(id) || !/\P{White_Space}/u.test(title) || instant < 0) throw impossible();
    return {
      id,
      channel,
      language: ofLanguage[place] as string,
      title,
      body: "",
      published: instant,
      updated: updated[place] as number,
      summary: "",
      byline: "",
      section: ofSection[place] as string,
      source: "",
      credits: [],
      images: [],
      corrections: [],
      state: ofState[place] as State,
    };
  });
}

const impossible = (): FormatError => new FormatError("page");

/** `count` of `table`, by their places in it. */
const column = (cursor: Cursor, count: number, table: readonly string[]): string[] =>
  times(count, () => table[cursor.number(table.length - 1)] as string);

function names(cursor: Cursor): string[] {
  const table = cursor.many(MAX_PAGE_NAMES, () => cursor.line(MAX_LINE));
  // By bytes: JavaScript's own order of strings puts the characters above U+FFFF before some others.
  const spelled = table.map((name) => hex(utf8(name)));
  if (spelled.some((name, place) => place && name <= (spelled[place - 1] as string))) throw impossible();
  return table;
}
