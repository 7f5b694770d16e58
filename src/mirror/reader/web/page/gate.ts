/**
 * The dialog before an act. What it says comes signed, through the core's `gate`; this only asks.
 *
 * 1. The safer alternative stands first. The safe answer is the first button, has the focus, and is what Enter and
 *    Escape and everything unforeseen mean.
 * 2. Where an act is held, a second question follows. A double click answers only the first.
 * 3. What is off is shown and cannot be gone on with.
 * 4. What was answered is not kept: it would be evidence.
 */

import { type Block, type InfoPage, infoPage } from "../core/notices/gate.ts";
import type { Act } from "../core/notices/model.ts";
import type { App, View } from "./app.ts";
import { dialog } from "./dialog.ts";
import { highest, may } from "./gates.ts";
import { button, type Child, h } from "./h.ts";
import { spoken, t } from "./text.ts";

const LISTED = new Set(["penalty", "source", "address"]);

function shown(block: Block, heading: "h2" | "h3" = "h3"): HTMLElement {
  const tag = block.kind === "heading" ? heading : "p";
  const direction = block.kind === "address" ? "ltr" : block.direction;
  const kind = LISTED.has(block.kind) ? "listed" : block.kind;
  return h(tag, { lang: block.language, dir: direction, class: kind }, block.text);
}

/** Title, labels, blocks, and the same in a good language; the questions and buttons are left to whoever asks. */
function noticeNodes(page: InfoPage, level: "h1" | "h2" = "h2"): Child[] {
  const asked = (block: Block) => block.kind === "question" || block.kind === "button";
  const under = (block: Block) => shown(block, level === "h1" ? "h2" : "h3");
  const beside = page.beside.filter((block) => !asked(block)).map(under);
  return [
    h(level, { lang: page.title.language, dir: page.title.direction, tabindex: -1 }, page.title.text),
    page.labels.map(under),
    page.blocks.map(under),
    beside.length > 1 && h("div", { class: "beside" }, beside),
  ];
}

const answering = (block: Block, act: (event: MouseEvent) => unknown, kind: string): HTMLButtonElement => {
  const made = button(block.text, (event) => act(event as MouseEvent), kind);
  made.lang = block.language;
  return made;
};

/** The page on one notice. */
const noticeView =
  (page: InfoPage): View =>
  () =>
    h("article", { class: "read" }, noticeNodes(page, "h1"));

/** Whether `acts` may go on. A notice that is looked up is shown in the place of the question. */
export async function ask(app: App, acts: readonly Act[]): Promise<boolean> {
  const text = highest(app, acts);
  const answer = await dialog<boolean>((settle) => {
    const foot = h("div", { class: "answers" });
    const put = (question: Block | null, next: () => void) => {
      const back = answering(text.back, () => settle(false), "primary");
      back.dataset.first = "";
      // Rule 2: `detail` counts the clicks that follow each other.
      const go =
        text.proceed &&
        answering(text.proceed, ({ detail }) => (detail < 2 ? next() : back.focus()), "quiet");
      const buttons = h("div", { class: "buttons", dir: text.back.direction }, back, question && go); // rule 3
      foot.replaceChildren(...(question ? [shown(question), buttons] : [buttons]));
      back.focus();
    };
    put(text.question, () => (text.again ? put(text.again, () => settle(true)) : settle(true)));
    const links = text.more.map((id) => {
      const notices = app.session?.notices;
      const page = notices ? infoPage(notices, id, spoken()) : text;
      const leave = () => {
        settle(false);
        app.go(noticeView(page));
      };
      return answering(page.title, leave, "link");
    });
    return [h("div", { class: "scrolled", tabindex: 0 }, noticeNodes(text), links), foot];
  });
  return answer === true;
}

/** Ask before an address outside is opened; nothing is opened without it. */
export async function openOutside(app: App, address: string): Promise<void> {
  const act = address.startsWith("mailto:") ? "contact" : "react";
  if (!(await may(app, act))) return;
  const host = act === "contact" ? address.slice(7) : new URL(address).host;
  const isMeant = await dialog<boolean>((settle) => {
    const stay = button(t("cancel"), () => settle(false), "primary");
    stay.dataset.first = "";
    return [
      h("h2", {}, t("outside")),
      h("p", {}, t("outside-why", { host })),
      h("p", { class: "listed", dir: "ltr" }, address),
      h(
        "div",
        { class: "buttons" },
        stay,
        button(t("outside-go", { host }), () => settle(true), "quiet"),
      ),
    ];
  });
  if (isMeant) window.open(address, "_blank", "noopener,noreferrer");
}
