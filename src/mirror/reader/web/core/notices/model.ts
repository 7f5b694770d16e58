/**
 * The data of notices: what a state declared, whom it concerns, what each act risks (`notices/model.py`, NOTICES.md).
 *
 * The names of fields are those of the signed set. Dates are texts; tables are maps.
 */

import { MAX_NOTICE_TEXT } from "../limits.ts";
import {
  DATE,
  finished,
  flag,
  list,
  matching,
  maybe,
  type Of,
  oneOf,
  optional,
  PARTIAL_DATE,
  record,
  table,
  within,
} from "./shape.ts";

export const COMMON = "common"; // the part of the texts that every designation uses
export const SOURCE_LANGUAGE = "en";
export const WORLD = "001"; // the jurisdiction of a notice that names no country

/** What a reader may be about to do. Each passes the gate before anything happens. */
export const ACTS = [
  "read",
  "search",
  "share_public",
  "share_private",
  "copy_link",
  "react",
  "comment",
  "save",
  "export",
  "subscribe",
  "contact",
  "donate",
  "embed",
  "relay",
  "invite",
] as const;
export type Act = (typeof ACTS)[number];

/** What the sources say of an act; the gravest first. */
export const STANDINGS = ["punished", "claimed", "unclear", "reported-lawful"] as const;
export type Standing = (typeof STANDINGS)[number];

/** How far a translation was checked, in rising order. */
export const STATES = ["missing", "machine", "human", "native", "counsel"] as const;
export type State = (typeof STATES)[number];

/** How high the gate is. */
export const NONE = 0;
export const INLINE = 1; // a line beside the act
export const CONFIRM = 2; // a question; the safe answer is the large one
export const HOLD = 3; // two steps, and only for this session
export const OFF = 4; // not offered
export type Level = 0 | 1 | 2 | 3 | 4;

const COUNTRY = "[A-Z]{2}";
/** A country, or one of its subdivisions. */
export const PLACE = `${COUNTRY}(?:-[A-Z0-9]{1,3})?`;
const id = matching("[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?");
const PART = "[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?";
const part = matching(PART);
const country = matching(COUNTRY);
const language = matching("[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}");
const reviewer = matching("(?:editor|native|counsel):[a-z0-9-]{1,40}");
const textKey = matching("[a-z]+\\.[A-Za-z0-9._-]{1,160}");
const line = finished(300, "\\n");
const amount = within(0, 1e12);
const instant = within(0, 2 ** 40);
const ids = optional(list(id), []);

const source = record({
  id,
  kind: oneOf(["official", "state-press", "press", "publisher", "rights-group"]),
  title: line,
  seen: DATE,
  published: maybe(PARTIAL_DATE),
  url: maybe(matching("https?://[!-~]{1,500}")),
});

const jurisdiction = record({
  id: country,
  effective_control: flag,
  controls: optional(list(matching(PLACE)), []),
});

const penalty = record({
  id,
  kind: oneOf(["fine", "labour", "detention", "imprisonment", "confiscation", "death", "unverified"]),
  step: oneOf(["first", "repeat", "any"]),
  statute: matching("[a-z][a-z0-9_-]{0,62}"),
  as_of: PARTIAL_DATE,
  sources: ids,
  article: maybe(finished(30)),
  min: maybe(amount),
  max: maybe(amount),
  currency: maybe(matching("[A-Z]{3}")),
  unit: maybe(oneOf(["hour", "day", "month", "year", "base-unit"])),
});

const clause = record({
  located: maybe(country),
  citizen: maybe(country),
  stateless_resident: maybe(country),
});

const rule = record({
  standing: oneOf(STANDINGS),
  penalties: ids,
  sources: ids,
  instead: maybe(matching("alt-[a-z0-9-]{1,40}")),
  past_counts: flag,
  recipient_risk: flag,
});

const designation = record({
  id: matching(`(?!${COMMON}$)${PART}`),
  jurisdiction: matching(`${WORLD}|${COUNTRY}`),
  subject: oneOf(["publisher", "service", "listed-outlet", "content-class", "tool"]),
  status: oneOf(["in-force", "announced", "suspended", "repealed"]),
  confidence: oneOf(["high", "medium", "low"]),
  acts: table(oneOf(ACTS), rule),
  sources: ids,
  audience: optional(list(clause), []),
  decided: maybe(DATE),
  registered: maybe(DATE),
  upheld: maybe(DATE),
  reviewed: maybe(DATE),
  reviewed_by: optional(list(reviewer), []),
  next_review: maybe(DATE),
});

const catalogue = record({
  designations: optional(list(designation), []),
  jurisdictions: optional(list(jurisdiction), []),
  penalties: optional(list(penalty), []),
  sources: optional(list(source), []),
});

const texts = record({
  direction: oneOf(["ltr", "rtl"]),
  parts: table(
    part,
    record({
      state: oneOf(STATES),
      source: matching("[0-9a-f]{64}"),
      reviewer: maybe(reviewer),
      reviewed: maybe(DATE),
    }),
  ),
  texts: table(textKey, finished(MAX_NOTICE_TEXT)),
  gaps: optional(list(textKey), []),
});

/** All that an edition carries of notices: the data, and every text in every language. */
export const noticeSet = record({
  schema: within(1, 1),
  publisher: id,
  edition: within(1, 2 ** 40),
  issued: instant,
  stale_after_days: within(1, 3650),
  catalogue,
  languages: table(language, texts),
  bridge: optional(table(language, list(language)), new Map()),
  responsible: maybe(line),
});

export type Jurisdiction = Of<typeof jurisdiction>;
export type Penalty = Of<typeof penalty>;
export type Clause = Of<typeof clause>;
export type Rule = Of<typeof rule>;
export type Designation = Of<typeof designation>;
export type Catalogue = Of<typeof catalogue>;
export type Source = Of<typeof source>;
export type Texts = Of<typeof texts>;

declare const DECODED: unique symbol;
/** A set that `decode` made: whole, consistent, in its one spelling. */
export type NoticeSet = Of<typeof noticeSet> & { readonly [DECODED]: true };

/** Whether a designation is the notice that names no country. */
export const isGeneric = (each: Designation): boolean => each.jurisdiction === WORLD;

/** The entry of that id, which a decoded set has wherever it names one. */
export function named<T extends { readonly id: string }>(entries: readonly T[], id: string): T {
  const found = entries.find((each) => each.id === id);
  if (!found) throw new RangeError();
  return found;
}
