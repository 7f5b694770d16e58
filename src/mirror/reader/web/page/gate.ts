/**
 * The dialog before an act. What it says comes signed, through the core's `gate`; this only asks.
 *
 * 1. The safer alternative stands first. The safe answer is the first button, has the focus, and is what Enter and
 *    Escape and everything unforeseen mean.
 * 2. Where an act is held, a second question follows. A double click answers only the first.
 * 3. What is off is shown and cannot be gone on with.
 * 4. What was answered is not kept: it would be evidence.
 */

import type { Block, GateText, InfoPage } from "../core/notices/gate.ts";
import { INLINE, NONE } from "../core/notices/model.ts";
import { button, type Child, h } from "./h.ts";

const LISTED = new Set(["penalty", "source", "address"]);

function shown(block: Block, heading: "h2" | "h3" = "h3"): HTMLElement {
  const tag = block.kind === "heading" ? heading : "p";
  const direction = block.kind === "address" ? "ltr" : block.direction;
  const kind = LISTED.has(block.kind) ? "listed" : block.kind;
  return h(tag, { lang: block.language, dir: direction, class: kind }, block.text);
}

/** Title, labels, blocks, and the same in a good language; the questions and buttons are left to whoever asks. */
export function noticeNodes(page: InfoPage, level: "h1" | "h2" = "h2"): Child[] {
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

/** Show a dialog; `settle` closes it with an answer, and everything else closes it with `null`. */
export function dialog<Answer>(build: (settle: (answer: Answer) => void) => Child[]): Promise<Answer | null> {
  return new Promise((resolve) => {
    let answer: Answer | null = null;
    const box = h("dialog", {
      onclose: () => {
        box.remove();
        resolve(answer);
      },
    });
    const settle = (given: Answer) => {
      answer = given;
      box.close();
    };
    box.append(h("div", {}, build(settle)));
    // A screen reader begins with the title and all that stands before the question.
    const text = box.querySelector(".scrolled");
    if (text) {
      text.id = "asked-of";
      box.setAttribute("aria-describedby", text.id);
    }
    const title = box.querySelector("h2");
    if (title) {
      title.id = "asked";
      box.setAttribute("aria-labelledby", title.id);
    }
    document.body.append(box);
    box.showModal();
    box.querySelector<HTMLElement>("[data-first]")?.focus();
  });
}

const answering = (block: Block, act: (event: MouseEvent) => unknown, kind: string): HTMLButtonElement => {
  const made = button(block.text, (event) => act(event as MouseEvent), kind);
  made.lang = block.language;
  return made;
};

/** Whether the act may go on. `info` gives the page behind a notice, and `open` shows it in the place of the question. */
export async function ask(
  text: GateText,
  info: (designation: string) => InfoPage,
  open: (page: InfoPage) => void,
): Promise<boolean> {
  if (text.level === NONE || text.level === INLINE) return true; // a line stands beside the act already
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
    const links = text.more.map(info).map((page) => {
      const leave = () => {
        settle(false);
        open(page);
      };
      return answering(page.title, leave, "link");
    });
    return [h("div", { class: "scrolled", tabindex: 0 }, noticeNodes(text), links), foot];
  });
  return answer === true;
}
