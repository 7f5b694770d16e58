/**
 * The decision: how high the gate before one act is, for what is known about a reader (`notices/decide.py`).
 *
 * 1. An unanswered question is *maybe*; *maybe* gates like *yes*. So knowing less never lowers a gate.
 * 2. Designations add up: the level is the highest of all.
 * 3. An act that a designation does not list was checked by nobody: it is risky, not safe.
 * 4. Reading is never more than labelled.
 * 5. Where the receiver may be at risk, a line stays for readers whom no law reaches.
 * 6. Age adds a remark and changes nothing else; only `repealed` ends a warning.
 * 7. Without a set that verified every act but reading is off.
 *
 * Nothing here stores or sends what it was told about the reader.
 */

import { DAY } from "../model.ts";
import {
  type Act,
  type Catalogue,
  type Clause,
  CONFIRM,
  type Designation,
  HOLD,
  INLINE,
  isGeneric,
  type Level,
  NONE,
  type NoticeSet,
  named,
  OFF,
  PLACE,
  type Rule,
  type Standing,
} from "./model.ts";

// These make the reader a distributor, a correspondent or a donor, and cannot be undone.
const HELD: readonly Act[] = ["share_public", "contact", "donate", "embed", "relay"];
// Penalties that take freedom or life. One whose size is unknown counts as grave.
const GRAVE: readonly string[] = ["detention", "imprisonment", "death", "unverified"];

/** Three-valued logic: AND is the least, OR the greatest. */
export const NO = 0;
export const MAYBE = 1;
export const YES = 2;
export type Truth = 0 | 1 | 2;

declare const CHECKED: unique symbol;
/** What a reader chose to answer; for memory only: a stored citizenship is evidence. `readerContext` makes one. */
export interface ReaderContext {
  readonly located: string | null;
  readonly citizenships: readonly string[] | null;
  readonly statelessResidentOf: readonly string[] | null;
  readonly [CHECKED]: true;
}

/**
 * `null` is "not answered"; an empty list is "none". `located` is a country (`UA`) or a subdivision (`UA-43`), the others
 * are countries. `RangeError` for anything else: a code that no designation knows would lower a gate.
 */
export function readerContext(
  located: string | null,
  citizenships: readonly string[] | null,
  statelessResidentOf: readonly string[] | null,
): ReaderContext {
  const countries = [...(citizenships ?? []), ...(statelessResidentOf ?? [])];
  if (
    (located !== null && !isPlace(located)) ||
    countries.some((each) => !isPlace(each) || each.length > 2)
  ) {
    throw new RangeError();
  }
  return { located, citizenships, statelessResidentOf } as ReaderContext;
}

const isPlace = (text: string): boolean => new RegExp(`^${PLACE}$`).test(text);

/** What is said of one act; `standing` is `null` where nobody checked it (rule 3). */
export type Said = Omit<Rule, "standing"> & { readonly standing: Standing | null };

/** What one designation adds. `applies` is `NO` where only the receiver is at risk or no country is named. */
export interface Concern {
  readonly designation: Designation;
  readonly applies: Truth;
  readonly level: Level;
  readonly said: Said;
  readonly isOld: boolean;
}

/** The level of the gate and why, the highest concern first. */
export interface Decision {
  readonly level: Level;
  readonly concerns: readonly Concern[];
  /** Whether any of it may be out of date. */
  readonly isOld: boolean;
}

const NOTHING: Said = {
  standing: null,
  penalties: [],
  sources: [],
  instead: null,
  past_counts: false,
  recipient_risk: false,
};

/** The gate before `act`; `now` is an instant, `null` for `notices` is "no set that verified". */
export function decide(notices: NoticeSet | null, context: ReaderContext, act: Act, now: number): Decision {
  if (!notices) return { level: act === "read" ? INLINE : OFF, concerns: [], isOld: false }; // rule 7
  const { catalogue } = notices;
  // The generic notice last: what names a country says more.
  const order = [...catalogue.designations].sort(
    (one, other) => +isGeneric(one) - +isGeneric(other) || (one.id < other.id ? -1 : 1),
  );
  const concerns = order
    .map((each) => concern(catalogue, each, context, act, now))
    .filter((each) => each !== null)
    .sort((one, other) => other.level - one.level);
  const isOld = now > notices.issued + notices.stale_after_days * DAY;
  return {
    level: concerns[0]?.level ?? NONE, // rule 2
    concerns,
    isOld: concerns.some((each) => isOld || each.isOld),
  };
}

/** Whether the designation concerns a reader who answered `context` (rule 1). */
function applies(catalogue: Catalogue, each: Designation, context: ReaderContext): Truth {
  if (!isGeneric(each)) return most(each.audience.map((clause) => holds(catalogue, clause, context)));
  const answers = [context.located, context.citizenships, context.statelessResidentOf];
  return answers.includes(null) ? MAYBE : NO;
}

/** The gate for someone a designation may concern; `null` is an act it does not list. */
function levelOf(act: Act, standing: Standing | null, kinds: readonly string[]): Level {
  if (act === "read" || standing === "reported-lawful") return INLINE; // rule 4
  if (!standing) return CONFIRM; // rule 3
  if (act === "donate" && standing === "punished") return OFF;
  return HELD.includes(act) || kinds.some((kind) => GRAVE.includes(kind)) ? HOLD : CONFIRM;
}

function concern(
  catalogue: Catalogue,
  each: Designation,
  context: ReaderContext,
  act: Act,
  now: number,
): Concern | null {
  if (each.status === "repealed") return null; // rule 6
  const truth = applies(catalogue, each, context);
  const rule = each.acts.get(act);
  const found = { designation: each, applies: truth, isOld: isOverdue(each, now) };
  if (truth !== NO) {
    const said = rule ?? NOTHING;
    const level = levelOf(
      act,
      said.standing,
      said.penalties.map((id) => named(catalogue.penalties, id).kind),
    );
    // The generic notice names no country and no penalty: one question is enough.
    return { ...found, said, level: isGeneric(each) && level > CONFIRM ? CONFIRM : level };
  }
  // What stays for a reader who is surely not concerned (rule 5).
  if (!isGeneric(each)) {
    return rule?.recipient_risk
      ? { ...found, level: INLINE, said: { ...NOTHING, recipient_risk: true } }
      : null;
  }
  // Every question was answered, but no list of checked countries is complete: one line stays.
  if (!rule || act === "read") return null;
  const { standing, instead } = rule;
  return { ...found, isOld: false, level: INLINE, said: { ...NOTHING, standing, instead } };
}

function holds(catalogue: Catalogue, clause: Clause, context: ReaderContext): Truth {
  const parts: Truth[] = [];
  if (clause.located) parts.push(isLocated(catalogue, clause.located, context.located));
  if (clause.citizen) parts.push(isAmong(clause.citizen, context.citizenships));
  if (clause.stateless_resident) parts.push(isAmong(clause.stateless_resident, context.statelessResidentOf));
  return parts.length ? (Math.min(...parts) as Truth) : MAYBE;
}

const most = (truths: readonly Truth[]): Truth => (truths.length ? (Math.max(...truths) as Truth) : MAYBE);

function isLocated(catalogue: Catalogue, id: string, place: string | null): Truth {
  if (!place) return MAYBE;
  const country = countryOf(place);
  if (country === id) return YES;
  // A controlled subdivision may be controlled in part; a country that has one was not told apart.
  const controls = catalogue.jurisdictions.find((each) => each.id === id)?.controls ?? [];
  const isNear = controls.some((each) => each === place || each === country || countryOf(each) === place);
  return isNear ? MAYBE : NO;
}

const countryOf = (place: string): string => place.split("-", 1)[0]!;

function isAmong(country: string, answer: readonly string[] | null): Truth {
  if (!answer) return MAYBE;
  return answer.includes(country) ? YES : NO;
}

/** Whether the day of the next review is over. */
const isOverdue = ({ next_review: due }: Designation, now: number): boolean =>
  due !== null && now >= Date.parse(due) / 1000 + DAY;
