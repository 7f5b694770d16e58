/** The keys of the finished texts: which sentences a set must have in every language (`notices/keys.py`). */

import { ACTS, type Catalogue, COMMON, type Designation, isGeneric, STANDINGS } from "./model.ts";

export const UNLISTED = "standing.unlisted";
export const READ_ON = "alt.read-on"; // the alternative where nobody wrote a better one
const UI =
  "safer summary checked past recipient old advice more question question-again back proceed off sources acts penalties \
confidence-high confidence-medium confidence-low suspended repealed machine human outdated beside other-language";

/** The key under which the Fluent message `message` (`alt-no-money`) is carried. */
export const keyOf = (message: string): string => message.replace("-", ".");

/** The part whose translation state goes with `key`: a designation's id, or `common`. */
export const partOf = (key: string): string => (key.startsWith("d.") ? key.split(".", 2)[1]! : COMMON);

/** The ids of the penalties that a designation's acts name, sorted. */
export const penaltiesOf = (each: Designation): string[] =>
  [...new Set([...each.acts.values()].flatMap((rule) => rule.penalties))].sort();

/** Every key that each language of a set with this catalogue has a sentence or a gap for, sorted. */
export function requiredKeys({ designations, sources }: Catalogue): string[] {
  const rules = designations.flatMap((each) => [...each.acts.values()]);
  const own = designations.flatMap((each) =>
    [
      ...(isGeneric(each) ? [] : ["who"]),
      ...["label", "what", "info"],
      ...penaltiesOf(each).map((id) => `p.${id}`),
    ].map((name) => `d.${each.id}.${name}`),
  );
  const keys = [
    ...ACTS.map((act) => `act.${act}`),
    ...STANDINGS.map((standing) => `standing.${standing}`),
    UNLISTED,
    READ_ON,
    ...rules.flatMap((rule) => (rule.instead ? [keyOf(rule.instead)] : [])),
    ...UI.split(" ").map((name) => `ui.${name}`),
    ...own,
    ...sources.map((source) => `s.${source.id}`),
  ];
  return [...new Set(keys)].sort();
}
