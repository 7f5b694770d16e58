/** What the loader calls: puts the core under the page, in whichever shell this is. */

import { textOf } from "../core/bytes.ts";
import { UnreachableError } from "../core/errors.ts";
import type { Context } from "./context.ts";
import { show } from "./page.ts";
import { sessionOf } from "./session.ts";
import type { Messages } from "./text.ts";

/** The day before which no clock is believed: 2026-11-22, as in `reader/session.py`. */
const BUILT = 1_795_305_600;
/** Where leaving leads. */
const EXIT = "about:blank";

/** Start the reader in `root`. */
export async function start(root: HTMLElement, context: Context): Promise<void> {
  const { facts, origin, shell } = context;
  const mirrors = shell === "loopback" ? [] : facts.mirrors;
  const part = async (name: string): Promise<unknown> => {
    try {
      return await context.code(name);
    } catch {
      throw new UnreachableError("program-part"); // another try may find another mirror
    }
  };
  const read = () => part("read.js") as Promise<typeof import("./read.ts")>;
  const more = () => part("more.js") as Promise<typeof import("./more.ts")>;
  const setting = {
    root: facts.root,
    mirrors: origin ? [origin, ...mirrors] : mirrors,
    built: BUILT,
    origin: origin ?? "",
    invited: () => part("invited.js") as Promise<typeof import("./invited.ts")>,
    read,
    more,
    met: (found: readonly string[]) => {
      context.sources.push(...found.filter((each) => !context.sources.includes(each)));
    },
    page: origin && shell === "page" ? new URL("r/index.html", origin).href : "",
  };
  if (context.fragment) setting.invited().catch(() => {}); // beside the words of another language
  // A kept reader may have a library, whose field is in there: it is at hand (`loader.ts`).
  if (navigator.serviceWorker?.controller) more().catch(() => {});
  const here = shell === "page" ? origin : null;
  await show(root, {
    kind: shell,
    publication: facts,
    exit: EXIT,
    version: context.list.pieces[0]?.slice(0, 8) ?? "",
    archive: context.archive,
    invitation: context.fragment && `mirror:${context.fragment}`,
    session: (channel, begin) => sessionOf(setting, channel, begin),
    async texts(language) {
      return JSON.parse(textOf(await context.part(`text.${language.toLowerCase()}.json`))) as Messages;
    },
    read,
    more,
    keeps: shell !== "loopback",
    offline: here === null ? null : async () => (await more()).keepingAt(here, context),
  });
}
