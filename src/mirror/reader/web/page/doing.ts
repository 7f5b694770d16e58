/** The acts themselves, after the gate. */

import type { Article } from "../core/model.ts";
import type { App } from "./app.ts";
import { h } from "./h.ts";
import { plain } from "./plain.ts";
import { day, t } from "./text.ts";

/** What is passed on of an article; never an address of a mirror. */
function sharedText(app: App, article: Article): string {
  const publication = app.edition?.name ?? app.shell.publication.name;
  return [article.title, article.summary, `${publication}, ${day(article.published)}`]
    .filter(Boolean)
    .join("\n");
}

function wholeText(app: App, article: Article): string {
  const text = plain(article.body).trim().replace(/\n\s*/g, "\n\n");
  const corrections = article.corrections.map((each) => `${t("corrections")}, ${day(each.at)}: ${each.text}`);
  return [sharedText(app, article), article.byline, text, ...corrections].filter(Boolean).join("\n\n");
}

/** The browser's own sheet for sharing. */
export async function passOn(app: App, article: Article): Promise<void> {
  try {
    await navigator.share({ text: sharedText(app, article) });
  } catch (error) {
    if ((error as Error).name !== "AbortError") throw error; // closing it is no error
  }
}

/** Give the article as a file to the browser, which keeps it where it keeps files. */
export function download(app: App, article: Article): void {
  const content = new Blob([wholeText(app, article)], { type: "text/plain" });
  const address = URL.createObjectURL(content);
  h("a", { href: address, download: "text.txt" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Copy `text`, and say so. */
export async function copyText(app: App, text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  app.say(t("done-copied"));
}

export const copyWhole = (app: App, article: Article): Promise<void> =>
  copyText(app, wholeText(app, article));

/** Print it on a sheet of its own; nothing else of the page is printed. */
export function printed({ title, body, byline, language }: Article): void {
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
