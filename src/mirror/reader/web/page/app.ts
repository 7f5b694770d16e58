/** What the views share: the run, the reader's choices, going from view to view. All of it in memory only. */

import { MirrorError, StorageError, TrustError, UnreachableError } from "../core/errors.ts";
import type { ReaderContext } from "../core/notices/decide.ts";
import { type Child, h } from "./h.ts";
import type { Library } from "./library.ts";
import type { Edition, Session } from "./reading.ts";
import { direction } from "./script.ts";
import type { Channel, Shell } from "./shell.ts";
import { has, LANGUAGES, speak, spoken, t } from "./text.ts";

/** A page of the reader: gives its nodes, at once or later. */
export type View = () => Child | Promise<Child>;

/** The name of the database of a library (`library.ts`). */
export const LIBRARY = "library";

/** Whether this device has a library; asking makes none. */
export async function hasLibrary(): Promise<boolean> {
  try {
    return (await indexedDB.databases()).some(({ name }) => name === LIBRARY);
  } catch {
    return false; // a private window, or storage switched off
  }
}

export interface App {
  readonly shell: Shell;
  readonly choices: { size: number; theme: "auto" | "light" | "dark"; pictures: boolean };
  channel: Channel;
  session: Session | null;
  edition: Edition | null;
  library: Library | null;
  archive: Blob | null;
  invitation: string;
  /** Where somebody said to be, and to belong; `null` for nothing said. */
  answers: ReaderContext | null;
  /** What stands behind the headlines, once it is here. */
  read: typeof import("./read.ts") | null;
  /** Go to a view; `isFirst`: there is nothing to go back to. */
  go(view: View, isFirst?: boolean): void;
  back(): void;
  /** Show the present view again, as when the language changed. */
  again(): void;
  /** Say something that is read aloud and shown for a while. */
  say(text: string): void;
  /** The same, waited for. */
  reading(): Promise<typeof import("./read.ts")>;
  /** The views that are not needed to read. */
  more(): Promise<typeof import("./more.ts")>;
  /** Speak another language. */
  speak(language: string): Promise<void>;
  /** Apply `choices`, or what notices that have come say. */
  changed(): void;
  /** Called then, until the view changes. */
  onChange(act: () => void): void;
  /** Keys and clipboard of a document. */
  hear(document: Document): void;
  readonly exit: () => void;
}

/** What an error says to a person. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof MirrorError)) return t("error");
  for (const name of [error.code, error.code.split("-", 1)[0]]) {
    if (has(`error-${name}`)) return t(`error-${name}`);
  }
  if (error instanceof UnreachableError) return t("error-unreachable");
  if (error instanceof TrustError) return t("error-trust");
  return t(error instanceof StorageError ? "error-storage" : "error-format");
}

/** What looks otherwise when notices have come. */
export function changing(app: App, build: () => Child): HTMLElement {
  const holder = h("div");
  const put = () => holder.replaceChildren(h("div", {}, build()));
  app.onChange(put);
  put();
  return holder;
}

/** Do something that may fail, and then say why it did. */
export async function within(app: App, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    app.say(wordsOf(error));
  }
}

/** Speak `language` where there are texts of it, and turn the page into its direction. */
export async function turn(shell: Shell, language: string): Promise<void> {
  const known = LANGUAGES.some((each) => each === language) ? language : "en";
  try {
    if (known === "en") speak(known);
    else speak(known, await shell.texts(known));
  } catch {
    speak("en"); // no network for the words: English is inside
  }
  document.title = t("news"); // nothing that a glance at the window could tell
  document.documentElement.lang = spoken();
  document.documentElement.dir = direction(spoken());
}
