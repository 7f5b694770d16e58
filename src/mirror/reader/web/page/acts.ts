/** What a reader can do with an article. Each passes the gate first; what is off is not offered. `doing.ts` does it. */

import type { Article } from "../core/model.ts";
import { type Act, INLINE, OFF } from "../core/notices/model.ts";
import { type App, within } from "./app.ts";
import { gateOf, highest, isOffered, may } from "./gates.ts";
import { button, type Child, h } from "./h.ts";
import { t } from "./text.ts";

/** The article on the screen; what the keyboard's and the browser's own acts are about. */
let present: Article | null = null;
export const setPresent = (article: Article | null): void => {
  present = article;
};

/** Copying the selected `text` with the keyboard or the browser's menu: the gate first, then the page copies. */
export async function copyAsked(app: App, text: string): Promise<void> {
  if (!text || !app.session) return;
  await within(app, async () => {
    if (await may(app, "copy_link")) await (await app.more()).copyText(app, text);
  });
}

/** Print the article. The style of the page prints nothing but what was let through here. */
export async function printAsked(app: App): Promise<void> {
  const article = present;
  if (!article || !app.session) return;
  await within(app, async () => {
    if (await may(app, "export")) (await app.more()).printed(article);
  });
}

interface Doing {
  readonly text: string;
  readonly acts: readonly Act[];
  readonly run: () => unknown;
}

/** The acts that can be done with `article` here and now, as buttons; below them what is to be known of each. */
export function actsBar(app: App, article: Article): HTMLElement {
  const doings: (Doing | false)[] = [
    "share" in navigator && {
      text: t("pass-on"),
      acts: ["share_public", "share_private"],
      run: async () => (await app.more()).passOn(app, article),
    },
    article.source !== "" && {
      text: t("copy-link"),
      acts: ["copy_link"],
      run: async () => (await app.more()).copyText(app, article.source),
    },
    {
      text: t("copy-text"),
      acts: ["copy_link"],
      run: async () => (await app.more()).copyWhole(app, article),
    },
    app.shell.keeps && { text: t("save"), acts: ["save"], run: async () => (await app.more()).keep(app) },
    {
      text: t("export"),
      acts: ["export", "save"],
      run: async () => (await app.more()).download(app, article),
    },
  ];
  const print = isOffered(app, "export") && button(t("print"), () => printAsked(app));
  const site = isOffered(app, "react") && article.source !== "";
  return h(
    "section",
    { class: "acts" },
    h("h2", {}, t("acts")),
    h(
      "div",
      { class: "buttons" },
      offered(app, doings),
      print,
      site && button(t("site"), () => outside(app, article.source)),
    ),
    lines(app, ["share_public", "copy_link", "save", "export", "react"]),
  );
}

/** Ask before an address outside is opened. */
export const outside = (app: App, address: string): Promise<void> =>
  within(app, async () => (await app.more()).openOutside(app, address));

/** Buttons for those of `doings` that are not off. */
export function offered(app: App, doings: readonly (Doing | false | null)[]): Child[] {
  return doings.map((each) => {
    if (!each || highest(app, each.acts).level >= OFF) return false;
    return button(each.text, () =>
      within(app, async () => {
        if (await may(app, ...each.acts)) await each.run();
      }),
    );
  });
}

/** What stands beside acts without a question, each sentence once; or that all are closed. */
function lines(app: App, acts: readonly Act[]): Child {
  const texts = acts.map((act) => gateOf(app, act));
  if (texts.every(({ level }) => level >= OFF)) return h("p", { class: "closed" }, t("acts-closed"));
  const inline = texts.filter(({ level }) => level === INLINE).flatMap(({ blocks }) => blocks);
  const unique = new Map(inline.map((block) => [block.text, block]));
  return [...unique.values()].map((each) => h("p", { lang: each.language, dir: each.direction }, each.text));
}
