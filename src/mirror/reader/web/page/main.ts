/** What the loader calls: puts the core under the page, in whichever shell this is. */

import { indexPage } from "../core/bundle/program.ts";
import * as bytes from "../core/bytes.ts";
import * as crypt from "../core/crypto.ts";
import * as errors from "../core/errors.ts";
import * as decide from "../core/notices/decide.ts";
import * as acts from "./acts.ts";
import * as app from "./app.ts";
import type { Context } from "./context.ts";
import * as gate from "./gate.ts";
import * as elements from "./h.ts";
import { offlineAt } from "./offline.ts";
import { show } from "./page.ts";
import * as plain from "./plain.ts";
import { sessionOf } from "./session.ts";
import type { Messages } from "./text.ts";
import * as text from "./text.ts";
import * as front from "./views/front.ts";
import * as opening from "./views/opening.ts";

/** The day before which no clock is believed: 2026-11-22, as in `reader/session.py`. */
const BUILT = 1_795_305_600;
/** Where leaving leads. */
const EXIT = "about:blank";

/** What `more.ts` borrows rather than brings again (`parts.mjs`), by the modules' places. */
const LENT = {
  "core/bytes.ts": bytes,
  "core/crypto.ts": crypt,
  "core/errors.ts": errors,
  "core/notices/decide.ts": decide,
  "page/acts.ts": acts,
  "page/app.ts": app,
  "page/gate.ts": gate,
  "page/h.ts": elements,
  "page/plain.ts": plain,
  "page/text.ts": text,
  "page/views/front.ts": front,
  "page/views/opening.ts": opening,
};

type More = typeof import("./more.ts");

/** Run a part of the program. */
async function run(code: bytes.Bytes): Promise<More> {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Start the reader in `root`. */
export async function start(root: HTMLElement, context: Context): Promise<void> {
  const { facts, files, origin, shell } = context;
  const mirrors = shell === "loopback" ? [] : facts.mirrors;
  const { raw, last, pieces } = context.list;
  const carried = { rawLength: raw, digests: pieces, lastSize: last };
  const offline = shell === "page" && origin ? offlineAt(origin) : null;
  Object.assign(globalThis, { lent: LENT });
  let fetched: Promise<More> | null = null;
  const more = (): Promise<More> => {
    fetched ??= context.part("more.js").then(run);
    fetched.catch(() => {
      fetched = null; // another try may find another mirror
    });
    return fetched;
  };
  const setting = {
    root: facts.root,
    mirrors: origin ? [origin, ...mirrors] : mirrors,
    built: BUILT,
    more,
    met: (found: readonly string[]) => {
      context.sources.push(...found.filter((each) => !context.sources.includes(each)));
    },
    page: origin && shell === "page" ? new URL("r/index.html", origin).href : "",
  };
  await show(root, {
    kind: shell,
    publication: facts,
    exit: EXIT,
    version: pieces[0]?.slice(0, 8) ?? "",
    archive: context.archive,
    invitation: context.fragment && `mirror:${context.fragment}`,
    session: (channel, begin) => sessionOf(setting, channel, begin),
    async texts(language) {
      return JSON.parse(bytes.textOf(await context.part(`text.${language.toLowerCase()}.json`))) as Messages;
    },
    more,
    offline: offline && (() => offline.keep(indexPage(files, carried), context.pieces)),
  });
}
