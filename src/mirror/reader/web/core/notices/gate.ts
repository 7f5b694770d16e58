/**
 * What a reader is shown before an act: ordered blocks of finished text, and the question (`notices/gate.py`).
 *
 * 1. The safer alternative comes first.
 * 2. Wording does not depend on whether a designation surely or maybe applies: the screen never says who the reader is.
 * 3. Every block is one finished text; nothing is put together, cut or filled in here.
 * 4. A text that may not stand alone is labelled, and the same blocks follow in a good language.
 * 5. The safe answer comes before the other one; nothing is agreed to in words.
 * 6. Sources are shown as text. An address is no link: opening it would be an act of its own.
 */

import { type Decision, decide, NO, type ReaderContext } from "./decide.ts";
import { keyOf, penaltiesOf, READ_ON, UNLISTED } from "./keys.ts";
import {
  ACTS,
  type Act,
  CONFIRM,
  HOLD,
  INLINE,
  isGeneric,
  type Level,
  NONE,
  type NoticeSet,
  named,
  OFF,
} from "./model.ts";
import { type Direction, type Found, find, type Shown, speaks } from "./text.ts";

/** What a block says; a shell may set each kind in its own way. */
export type Kind =
  | "label" // on the text itself: translation, language
  | "heading"
  | "safer"
  | "summary"
  | "what"
  | "who"
  | "standing"
  | "penalty"
  | "source"
  | "address" // of a source; plain text
  | "past"
  | "recipient"
  | "remark"
  | "info"
  | "question"
  | "button";

/** One finished text in one language, with its direction. */
export interface Block {
  readonly kind: Kind;
  readonly text: string;
  readonly language: string;
  readonly direction: Direction;
}

/**
 * What stands on any page of notices: show `title`, `labels`, `blocks`, then `beside` (the same in a good language, or
 * empty; it holds the good texts of questions and buttons too, in the order of asking).
 */
export interface InfoPage {
  readonly title: Block;
  readonly labels: readonly Block[];
  readonly blocks: readonly Block[];
  readonly beside: readonly Block[];
}

/**
 * Everything to show before one act.
 *
 * `CONFIRM` asks `question`; `HOLD` asks `question` and then `again`; each with `back` first and as the default, then
 * `proceed`. `OFF` and `INLINE` ask nothing: what is not asked is `null`. `more` names the designations whose `infoPage`
 * can be opened. `memoryOnly`: nothing may be kept on disk, whatever was chosen before.
 */
export interface GateText extends InfoPage {
  readonly act: Act;
  readonly level: Level;
  readonly back: Block;
  readonly question: Block | null;
  readonly again: Block | null;
  readonly proceed: Block | null;
  readonly more: readonly string[];
  readonly memoryOnly: boolean;
}

/**
 * What to show before `act`: `decide` in words. `notices` is what `admit` gave, or `null` if it threw; `language` a BCP 47
 * tag. At `NONE` there are no blocks and the act goes on.
 */
export function gate(
  notices: NoticeSet | null,
  context: ReaderContext,
  act: Act,
  language: string,
  now: number,
): GateText {
  const decision = decide(notices, context, act, now);
  const { level, concerns } = decision;
  const { add, block, whole } = pageOf(notices, language);
  const title = block("heading", notices ? `act.${act}` : "builtin.title");
  if (notices) compose(add, notices, decision, act);
  else if (level === OFF) {
    add("heading", "ui.safer");
    add("safer", READ_ON);
    add("remark", "builtin.off");
  } else add("summary", "builtin.read");
  const asks = level === CONFIRM || level === HOLD;
  // In the order of asking, which `beside` keeps.
  const question = asks ? block("question", "ui.question") : null;
  const again = level === HOLD ? block("question", "ui.question-again") : null;
  const back = block("button", "ui.back");
  const proceed = asks ? block("button", "ui.proceed") : null;
  const more = concerns.map(({ designation }) => designation.id);
  return { act, level, back, question, again, proceed, more, memoryOnly: !notices, ...whole(title) };
}

/**
 * The page on one designation: what, whom, act by act, penalties, sources, how sure. `RangeError`: the set has no such
 * designation; take ids from `GateText.more`.
 */
export function infoPage(notices: NoticeSet, designation: string, language: string): InfoPage {
  const { designations, penalties, sources } = notices.catalogue;
  const each = named(designations, designation);
  const own = `d.${each.id}.`;
  const { add, addAddress, block, whole } = pageOf(notices, language);
  const title = block("heading", `${own}label`);
  add("what", `${own}what`);
  if (each.status === "suspended" || each.status === "repealed") add("remark", `ui.${each.status}`);
  if (!isGeneric(each)) add("who", `${own}who`);
  add("info", `${own}info`);
  add("heading", "ui.acts");
  for (const act of ACTS) {
    const rule = each.acts.get(act);
    if (!rule) continue;
    add("info", `act.${act}`);
    add("standing", `standing.${rule.standing}`);
  }
  const threatened = penaltiesOf(each);
  if (threatened.length) add("heading", "ui.penalties");
  for (const id of threatened) add("penalty", `${own}p.${id}`);
  const cited = [each, ...each.acts.values(), ...threatened.map((id) => named(penalties, id))];
  const ids = new Set(cited.flatMap((entry) => entry.sources));
  if (ids.size) add("heading", "ui.sources");
  for (const id of ids) {
    add("source", `s.${id}`);
    const { url } = named(sources, id);
    if (url) addAddress(url);
  }
  if (!isGeneric(each)) add("remark", `ui.confidence-${each.confidence}`);
  add("remark", "ui.advice");
  return whole(title);
}

type Add = (kind: Kind, key: string) => void;

/** Collects blocks, and remembers what must be said of the texts in them. */
function pageOf(notices: NoticeSet | null, language: string) {
  const used = new Map<string, Found>();
  const blocks: Block[] = [];
  const good: Block[] = [];
  const block = (kind: Kind, key: string): Block => {
    const found = find(notices, key, language);
    used.set(`${kind} ${key}`, found);
    if (found.beside) good.push(blockOf(kind, found.beside));
    return blockOf(kind, found.shown);
  };
  /** What must be said of the texts used: their language, who checked them, their age. */
  const labels = (): Block[] => {
    const said = new Map<string, Block>();
    for (const { shown } of used.values()) {
      const keys = speaks(shown, language) ? [] : ["other-language"];
      if (!shown.isGood) keys.push(shown.state === "human" ? "human" : "machine");
      if (!shown.isGood && shown.isOutdated) keys.push("outdated");
      for (const key of keys) {
        const label = find(notices, `ui.${key}`, shown.language).shown;
        said.set(`${shown.language} ${key}`, blockOf("label", label));
      }
    }
    return [...said.values()];
  };
  return {
    /** A block that stands apart (a title, a button); its good text is among the others. */
    block,
    add: ((kind, key) => blocks.push(block(kind, key))) satisfies Add,
    /** An address as it is: it has no language. */
    addAddress: (text: string): void =>
      void blocks.push({ kind: "address", text, language: "und", direction: "ltr" }),
    whole: (title: Block): InfoPage => ({
      title,
      labels: labels(),
      blocks,
      beside: good.length ? [blockOf("heading", find(notices, "ui.beside", language).shown), ...good] : [],
    }),
  };
}

const blockOf = (kind: Kind, { text, language, direction }: Shown): Block => ({
  kind,
  text,
  language,
  direction,
});

function compose(add: Add, notices: NoticeSet, { level, concerns, isOld }: Decision, act: Act): void {
  if (level === NONE) return;
  const isAsked = level > INLINE;
  const concerning = concerns.filter((each) => !isGeneric(each.designation) && each.applies !== NO);
  const generic = concerns.find((each) => isGeneric(each.designation));
  if (act !== "read") {
    add("heading", "ui.safer"); // rule 1; reading *is* the safer alternative
    const better = concerns.flatMap(({ said }) => (said.instead ? [keyOf(said.instead)] : []));
    for (const key of new Set(better.length ? better : [READ_ON])) add("safer", key);
  }
  if (level === OFF) add("remark", "ui.off");
  if (concerning.length && isAsked) add("summary", "ui.summary");
  for (const { designation, said } of concerning) {
    // What, whom, what the sources say, penalties with their dates, sources (rule 2).
    const own = `d.${designation.id}.`;
    add("what", `${own}what`);
    add("who", `${own}who`);
    add("standing", said.standing ? `standing.${said.standing}` : UNLISTED);
    for (const id of said.penalties) add("penalty", `${own}p.${id}`);
    const behind = said.penalties.flatMap((id) => named(notices.catalogue.penalties, id).sources);
    for (const id of new Set(isAsked ? [...said.sources, ...behind] : [])) add("source", `s.${id}`);
  }
  if (generic && !concerning.length) add("what", `d.${generic.designation.id}.what`);
  if (concerns.some(({ said }) => said.past_counts)) add("past", "ui.past");
  if (concerns.some(({ said }) => said.recipient_risk)) add("recipient", "ui.recipient");
  if (isAsked) add("remark", "ui.checked");
  if (isOld) add("remark", "ui.old");
  if (isAsked) add("remark", "ui.advice");
  add("remark", "ui.more");
}
