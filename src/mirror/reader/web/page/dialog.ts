/** Something that must be answered first. */

import { type Child, h } from "./h.ts";

/**
 * Show a dialog; `settle` closes it with an answer, and everything else closes it with `null`. There is one at a time:
 * whoever pressed a button again, while a part was fetched, is asked once.
 */
export function dialog<Answer>(build: (settle: (answer: Answer) => void) => Child[]): Promise<Answer | null> {
  return new Promise((resolve) => {
    if (document.querySelector("dialog[open]")) return resolve(null);
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
