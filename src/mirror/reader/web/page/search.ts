/** Search in what is here, as one types: every word must stand in the article, in any spelling of its letters. */

import type { Article } from "../core/model.ts";
import { plain } from "./plain.ts";

// Letters that people type for one another, beyond what Unicode's decomposition joins.
const ALIKE: Record<string, string> = {
  ٱ: "ا",
  ي: "ی",
  ى: "ی",
  ك: "ک",
  ة: "ه",
  ە: "ه",
  ھ: "ه",
  ۓ: "ے",
  ґ: "г",
  ı: "i",
  ł: "l",
  ø: "o",
  đ: "d",
  ß: "ss",
  æ: "ae",
  "’": "'",
  ʼ: "'",
  "‘": "'",
};
const UNLIKE = new RegExp(`[${Object.keys(ALIKE).join("")}]`, "g");
// Marks on letters, the tatweel, and what does not show (joiners, direction marks, soft hyphens).
const MARKS = /[\p{M}ـ\u00ad\u200b-\u200f\u2060-\u2069]/gu;

/** A text as it is compared. */
export function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replace(MARKS, "")
    .toLowerCase()
    .replace(MARKS, "") // İ gains a mark when it becomes small
    .replace(UNLIKE, (letter) => ALIKE[letter] ?? letter)
    .replace(/[٠-٩۰-۹]/g, (digit) => `${digit.charCodeAt(0) & 15}`);
}

/** What finds in `articles`: those with every word of what is asked, first those with all of them in the title. */
export function finder(articles: readonly Article[]): (asked: string) => Article[] {
  const texts = articles.map((each) => {
    const title = folded(each.title);
    const rest = [each.summary, each.byline, each.section, plain(each.body)].join("\n");
    return { each, title, all: `${title}\n${folded(rest)}` };
  });
  return (asked) => {
    const terms = termsOf(asked);
    const holds = (text: string) => terms.every((term) => text.includes(term));
    const found = terms.length ? texts.filter(({ all }) => holds(all)) : [];
    const isInTitle = found.map(({ title }) => holds(title));
    return [true, false].flatMap((wanted) =>
      found.filter((_, place) => isInTitle[place] === wanted).map(({ each }) => each),
    );
  };
}

const termsOf = (asked: string): string[] => folded(asked).split(/\s+/).filter(Boolean);

/** Some words around the first place in `text` that `asked` is found in; pairs of words and whether they are meant. */
export function excerpt(text: string, asked: string): [string, boolean][] {
  const all = termsOf(asked);
  const long = all.filter((term) => term.length > 1); // a single letter is in half of all words
  const terms = long.length ? long : all;
  const words = text.split(/\s+/);
  const isMeant = (word: string) => terms.some((term) => folded(word).includes(term));
  const first = words.findIndex(isMeant);
  return words
    .slice(Math.max(0, first - 8), Math.max(0, first - 8) + 28)
    .map((word) => [word, isMeant(word)]);
}
