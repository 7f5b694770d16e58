/** What the loader calls: puts the core under the page, in whichever shell this is. */

import { indexPage } from "../core/bundle/program.ts";
import { textOf } from "../core/bytes.ts";
import type { Context } from "./context.ts";
import { offlineAt } from "./offline.ts";
import { show } from "./page.ts";
import { sessionOf } from "./session.ts";
import type { Messages } from "./text.ts";

/** The day before which no clock is believed: 2026-11-22, as in `reader/session.py`. */
const BUILT = 1_795_305_600;
/** Where leaving leads. */
const EXIT = "about:blank";

/** Start the reader in `root`. */
export async function start(root: HTMLElement, context: Context): Promise<void> {
  const { facts, files, origin, shell } = context;
  const mirrors = shell === "loopback" ? [] : facts.mirrors;
  const setting = {
    root: facts.root,
    mirrors: origin ? [origin, ...mirrors] : mirrors,
    built: BUILT,
    page: origin && shell === "page" ? new URL("r/", origin).href : "",
  };
  const { raw, last, pieces } = context.list;
  const carried = { rawLength: raw, digests: pieces, lastSize: last };
  const offline = shell === "page" && origin ? offlineAt(origin) : null;
  await show(root, {
    kind: shell,
    publication: facts,
    exit: EXIT,
    version: pieces[0]?.slice(0, 8) ?? "",
    archive: context.archive,
    invitation: context.fragment,
    session: (channel, begin) => sessionOf(setting, channel, begin),
    async texts(language) {
      return JSON.parse(textOf(await context.part(`text.${language.toLowerCase()}.json`))) as Messages;
    },
    offline: offline && (() => offline.keep(indexPage(files, carried), context.pieces)),
  });
}
