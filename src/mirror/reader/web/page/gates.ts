/** The gate, over whatever run is there: what stands beside an act, and whether it may go on. */

import { readerContext } from "../core/notices/decide.ts";
import { type GateText, gate } from "../core/notices/gate.ts";
import { type Act, INLINE, OFF } from "../core/notices/model.ts";
import type { App } from "./app.ts";
import { type Child, h } from "./h.ts";
import { spoken, t } from "./text.ts";

export const UNANSWERED = readerContext(null, null, null);

/** What stands before an act; there is a run. */
export function gateOf({ session, answers }: App, act: Act): GateText {
  return gate(session?.notices ?? null, answers ?? UNANSWERED, act, spoken(), session?.now ?? 0);
}

/** Whether an act is offered at all. */
export const isOffered = (app: App, act: Act): boolean => gateOf(app, act).level < OFF;

/** What the acts' gates are over: the highest asks. */
export function highest(app: App, acts: readonly Act[]): GateText {
  const texts = acts.map((act) => gateOf(app, act));
  return texts.reduce((one, other) => (other.level > one.level ? other : one));
}

/** Whether `acts` may go on, after asking. */
export async function may(app: App, ...acts: readonly Act[]): Promise<boolean> {
  // At most a line stands beside the act already.
  return highest(app, acts).level <= INLINE || (await app.more()).ask(app, acts);
}

/** What stands over reading itself: a line, and more behind it. */
export function notice(app: App): Child {
  const { blocks } = gateOf(app, "read");
  if (!blocks.length) return null;
  const lines = blocks.map((each) => h("p", { lang: each.language, dir: each.direction }, each.text));
  return h("details", { class: "note" }, h("summary", {}, t("read-note")), lines);
}
