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

import { type Concern, type Decision, decide, NO, type ReaderContext } from "./decide.ts";
import { keyOf, penaltiesOf, READ_ON, UNLISTED } from "./keys.ts";
import {
  ACTS,
  type Act,
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
  const { level } = decision;
  const page = pageOf(notices, language);
  const title = page.block("heading", notices ? `act.${act}` : "builtin.title");
  if (notices) compose(page, notices, decision);
  else if (level === OFF) {
    page.add("heading", "ui.safer");
    page.add("safer", READ_ON);
    page.add("remark", "builtin.off");
  } else page.add("summary", "builtin.read");
  const asks = level === CONFIRM || level === HOLD;
  // In the order of asking, which `beside` keeps.
  const question = asks ? page.block("question", "ui.question") : null;
  const again = level === HOLD ? page.block("question", "ui.question-again") : null;
  const back = page.block("button", "ui.back");
  const proceed = asks ? page.block("button", "ui.proceed") : null;
  const more = decision.concerns.map((concern) => concern.designation);
  return { act, level, back, question, again, proceed, more, memoryOnly: !notices, ...page.whole(title) };
}

/**
 * The page on one designation: what, whom, act by act, penalties, sources, how sure. `RangeError`: the set has no such
 * designation; take ids from `GateText.more`.
 */
export function infoPage(notices: NoticeSet, designation: string, language: string): InfoPage {
  const each = named(notices.catalogue.designations, designation);
  const own = `d.${each.id}.`;
  const page = pageOf(notices, language);
  const title = page.block("heading", `${own}label`);
  page.add("what", `${own}what`);
  if (each.status === "suspended" || each.status === "repealed") page.add("remark", `ui.${each.status}`);
  if (!isGeneric(each)) page.add("who", `${own}who`);
  page.add("info", `${own}info`);
  page.add("heading", "ui.acts");
  for (const act of ACTS) {
    const rule = each.acts.get(act);
    if (!rule) continue;
    page.add("info", `act.${act}`);
    page.add("standing", `standing.${rule.standing}`);
  }
  const penalties = penaltiesOf(each);
  if (penalties.length) page.add("heading", "ui.penalties");
  for (const id of penalties) page.add("penalty", `${own}p.${id}`);
  addSources(page, notices, each);
  if (!isGeneric(each)) page.add("remark", `ui.confidence-${each.confidence}`);
  page.add("remark", "ui.advice");
  return page.whole(title);
}

type Page = ReturnType<typeof pageOf>;

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
    add: (kind: Kind, key: string): void => void blocks.push(block(kind, key)),
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

function compose(page: Page, notices: NoticeSet, decision: Decision): void {
  const { act, level, concerns } = decision;
  if (level === NONE) return;
  const designations = notices.catalogue.designations;
  const isNamed = (concern: Concern) => !isGeneric(named(designations, concern.designation));
  const concerning = concerns.filter((each) => isNamed(each) && each.applies !== NO);
  const generic = concerns.find((each) => !isNamed(each));
  if (act !== "read") {
    page.add("heading", "ui.safer"); // rule 1; reading *is* the safer alternative
    const better = concerns.flatMap(({ instead }) => (instead ? [keyOf(instead)] : []));
    for (const key of new Set(better.length ? better : [READ_ON])) page.add("safer", key);
  }
  if (level === OFF) page.add("remark", "ui.off");
  if (concerning.length && level > INLINE) page.add("summary", "ui.summary");
  for (const concern of concerning) addConcern(page, notices, concern, decision);
  if (generic && !concerning.length) page.add("what", `d.${generic.designation}.what`);
  if (concerns.some((each) => each.pastCounts)) page.add("past", "ui.past");
  if (concerns.some((each) => each.recipientRisk)) page.add("recipient", "ui.recipient");
  if (level > INLINE) page.add("remark", "ui.checked");
  if (decision.mayBeOutOfDate) page.add("remark", "ui.old");
  if (level > INLINE) page.add("remark", "ui.advice");
  page.add("remark", "ui.more");
}

/** What, whom, what the sources say, penalties with their dates, sources (rule 2). */
function addConcern(page: Page, notices: NoticeSet, concern: Concern, decision: Decision): void {
  const own = `d.${concern.designation}.`;
  page.add("what", `${own}what`);
  page.add("who", `${own}who`);
  page.add("standing", concern.standing ? `standing.${concern.standing}` : UNLISTED);
  for (const id of concern.penalties) page.add("penalty", `${own}p.${id}`);
  const { designations, penalties } = notices.catalogue;
  const rule = named(designations, concern.designation).acts.get(decision.act);
  if (!rule || decision.level <= INLINE) return;
  const behind = rule.penalties.flatMap((id) => named(penalties, id).sources);
  for (const id of new Set([...rule.sources, ...behind])) page.add("source", `s.${id}`);
}

function addSources(page: Page, notices: NoticeSet, each: Designation): void {
  const { penalties, sources } = notices.catalogue;
  const rules = [...each.acts.values()].flatMap((rule) => rule.sources);
  const behind = penaltiesOf(each).flatMap((id) => named(penalties, id).sources);
  const ids = new Set([...each.sources, ...rules, ...behind]);
  if (ids.size) page.add("heading", "ui.sources");
  for (const id of ids) {
    page.add("source", `s.${id}`);
    const { url } = named(sources, id);
    if (url) page.addAddress(url);
  }
}
