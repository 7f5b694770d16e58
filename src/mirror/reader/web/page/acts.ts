/** What a reader can do with an article. Each passes the gate first; what is off is not offered. */

import type { Article } from "../core/model.ts";
import { type Act, INLINE, OFF } from "../core/notices/model.ts";
import { type App, highest, openOutside, within } from "./app.ts";
import { button, type Child, h } from "./h.ts";
import { plain } from "./plain.ts";
import { day, t } from "./text.ts";

/** What is passed on of an article; never an address of a mirror. */
export function sharedText(article: Article, publication: string): string {
  return [article.title, article.summary, `${publication}, ${day(article.published)}`]
    .filter(Boolean)
    .join("\n");
}

function wholeText(article: Article, publication: string): string {
  const text = plain(article.body).trim().replace(/\n\s*/g, "\n\n");
  const corrections = article.corrections.map((each) => `${t("corrections")}, ${day(each.at)}: ${each.text}`);
  return [sharedText(article, publication), article.byline, text, ...corrections]
    .filter(Boolean)
    .join("\n\n");
}

/** Give a file to the browser, which keeps it where it keeps files. */
export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The article on the screen; what the keyboard's and the browser's own acts are about. */
let present: Article | null = null;
export const setPresent = (article: Article | null): void => {
  present = article;
};

/** Copying a selection with the keyboard or the browser's menu: the gate first, then the page copies. */
export function copyAsked(app: App, event: Event, where: Document): void {
  if ((event.target as Element | null)?.closest?.("input, textarea")) return;
  event.preventDefault();
  const text = `${where.getSelection() ?? ""}`;
  if (!text || !app.session) return;
  void within(app, async () => {
    if (await app.may("copy_link")) await copyText(app, text);
  });
}

async function copyText(app: App, text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  app.say(t("done-copied"));
}

/** Print the article. The style of the page prints nothing but what was let through here. */
export async function printAsked(app: App): Promise<void> {
  if (!present || !app.session || !(await app.may("export"))) return;
  const { title, body, byline, language } = present;
  const paper = h(
    "div",
    { class: "paper", lang: language, dir: "auto" },
    h("h1", {}, title),
    h("p", {}, byline),
  );
  for (const part of plain(body).split("\n")) if (part.trim()) paper.append(h("p", {}, part.trim()));
  document.body.append(paper);
  print();
  paper.remove();
}

interface Doing {
  readonly text: string;
  readonly acts: readonly Act[];
  readonly run: () => unknown;
}

/** The acts that can be done with `article` here and now, as buttons; below them what is to be known of each. */
export function actsBar(app: App, article: Article): HTMLElement {
  const name = app.edition?.name ?? app.shell.publication.name;
  const doings: (Doing | false)[] = [
    "share" in navigator && {
      text: t("pass-on"),
      acts: ["share_public", "share_private"],
      run: () => navigator.share({ text: sharedText(article, name) }).catch(() => {}), // closing it is no error
    },
    article.source !== "" && {
      text: t("copy-link"),
      acts: ["copy_link"],
      run: () => copyText(app, article.source),
    },
    {
      text: t("copy-text"),
      acts: ["copy_link"],
      run: () => copyText(app, wholeText(article, name)),
    },
    { text: t("save"), acts: ["save"], run: async () => (await app.more()).keep(app) },
    {
      text: t("export"),
      acts: ["export", "save"],
      run: () => download(new Blob([wholeText(article, name)], { type: "text/plain" }), "text.txt"),
    },
  ];
  const print = app.gate("export").level < OFF && button(t("print"), () => printAsked(app));
  const site = app.gate("react").level < OFF && article.source !== "";
  return h(
    "section",
    { class: "acts" },
    h("h2", {}, t("acts")),
    h(
      "div",
      { class: "buttons" },
      offered(app, doings),
      print,
      site && button(t("site"), () => openOutside(app, article.source)),
    ),
    lines(app, ["share_public", "copy_link", "save", "export", "react"]),
  );
}

/** Buttons for those of `doings` that are not off. */
export function offered(app: App, doings: readonly (Doing | false | null)[]): Child[] {
  return doings.map((each) => {
    if (!each || highest(app, each.acts).level >= OFF) return false;
    return button(each.text, () =>
      within(app, async () => {
        if (await app.may(...each.acts)) await each.run();
      }),
    );
  });
}

/** What stands beside acts without a question, each sentence once; or that all are closed. */
function lines(app: App, acts: readonly Act[]): Child {
  const texts = acts.map((act) => app.gate(act));
  if (texts.every(({ level }) => level >= OFF)) return h("p", { class: "closed" }, t("acts-closed"));
  const inline = texts.filter(({ level }) => level === INLINE).flatMap(({ blocks }) => blocks);
  const unique = new Map(inline.map((block) => [block.text, block]));
  return [...unique.values()].map((each) => h("p", { lang: each.language, dir: each.direction }, each.text));
}
