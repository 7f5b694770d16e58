/**
 * The signed set, read: canonical JSON, one spelling for one value (`notices/encode.py`).
 *
 * That it is authentic is checked before it comes here: it is a target of its own signed role.
 */

import { type Bytes, textOf } from "../bytes.ts";
import { FormatError, LimitError, TrustError } from "../errors.ts";
import { MAX_NOTICE_SET } from "../limits.ts";
import { requiredKeys } from "./keys.ts";
import { type Catalogue, COMMON, isGeneric, type NoticeSet, noticeSet, SOURCE_LANGUAGE } from "./model.ts";
import type { Of } from "./shape.ts";

const MALFORMED = "notices-malformed";

/**
 * The set that `data` encodes. Does not say that it is authentic or recent.
 *
 * `LimitError`: `notices-too-large`, before anything is parsed. `FormatError`: `notices-malformed`,
 * `notices-inconsistent`, `notices-not-canonical`.
 */
export function decode(data: Bytes): NoticeSet {
  if (data.length > MAX_NOTICE_SET) throw new LimitError("notices-too-large");
  const text = textOf(data, MALFORMED);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError(MALFORMED);
  }
  let isPlain = true;
  const notices = noticeSet(value, () => {
    isPlain = false;
  });
  // A number with a fraction or an exponent is none of ours, though JSON.parse may make one of ours of it.
  if (/\d[.eE]/.test(text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, ""))) throw new FormatError(MALFORMED);
  if (!isConsistent(notices)) throw new FormatError("notices-inconsistent");
  // JSON.parse takes white space, other orders, a key twice, escapes: what comes out is spelled another way (rule 4).
  if (!isPlain || spelled(value) !== text) throw new FormatError("notices-not-canonical");
  return notices as NoticeSet;
}

/**
 * The set in `data`, if it is this publisher's and no older than one seen before.
 *
 * `floor` is the highest edition of notices this reader has seen, 0 at first. When this throws, the caller goes on with
 * no set (`null`): built-in text, memory only, every act but reading off.
 *
 * Errors as `decode`; `TrustError`: `notices-other-publisher`, `notices-older`.
 */
export function admit(data: Bytes, publisher: string, floor: number): NoticeSet {
  const notices = decode(data);
  if (notices.publisher !== publisher) throw new TrustError("notices-other-publisher");
  if (notices.edition < floor) throw new TrustError("notices-older");
  return notices;
}

/** JSON without white space, keys in order, no escape that is not needed. */
function spelled(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spelled)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // Built by hand: an object that is made in order still gives keys like "7" first.
  const given = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${given.map(([key, item]) => `${JSON.stringify(key)}:${spelled(item)}`)}}`;
}

/** Rule 3: every language has a sentence for each required key, or says that it has a gap; English has all. */
function isConsistent({ catalogue, languages }: Of<typeof noticeSet>): boolean {
  const required = requiredKeys(catalogue);
  const parts = [COMMON, ...catalogue.designations.map((each) => each.id)];
  return (
    isWhole(catalogue) &&
    !languages.get(SOURCE_LANGUAGE)?.gaps.length &&
    languages.has(SOURCE_LANGUAGE) &&
    [...languages.values()].every((each) => {
      const gaps = required.filter((key) => !each.texts.has(key));
      return (
        each.parts.size === parts.length &&
        parts.every((part) => each.parts.has(part)) &&
        each.texts.size === required.length - gaps.length &&
        each.gaps.join() === gaps.join()
      );
    })
  );
}

/** Whether no id stands twice, and each that is named is there. */
function isWhole({ designations, jurisdictions, penalties, sources }: Catalogue): boolean {
  const idsOf = (entries: readonly { readonly id: string }[]) => new Set(entries.map(({ id }) => id));
  const lists = [designations, jurisdictions, penalties, sources];
  const has = (known: ReadonlySet<string>, wanted: readonly string[]) => wanted.every((id) => known.has(id));
  const known = { jurisdictions: idsOf(jurisdictions), penalties: idsOf(penalties), sources: idsOf(sources) };
  return (
    lists.every((entries) => idsOf(entries).size === entries.length) &&
    penalties.every((each) => has(known.sources, each.sources)) &&
    designations.every(
      (each) =>
        has(known.sources, each.sources) &&
        (isGeneric(each) || known.jurisdictions.has(each.jurisdiction)) &&
        [...each.acts.values()].every(
          (rule) => has(known.sources, rule.sources) && has(known.penalties, rule.penalties),
        ),
    )
  );
}
