/**
 * The kept reader's own code: how it comes to be kept, and how a newer one takes its place.
 *
 * 1. Nothing is kept before the reader chose it; a reader that is not kept asks nobody for newer code.
 * 2. A newer program is one that the `reader` role signed under a higher version. What the mirror's own page says, or
 *    any page that it gives, is never looked at again.
 * 3. It is taken whole, with its parts, or not at all (`offline.ts`); until the next start the one before runs on.
 */

import { indexPage, readParts, TEMPLATE, withTemplate } from "../core/bundle/program.ts";
import { equal } from "../core/bytes.ts";
import { MirrorError } from "../core/errors.ts";
import type { App } from "./app.ts";
import type { Context } from "./context.ts";
import { installable, type Offline, offlineAt } from "./offline.ts";
import type { Session } from "./reading.ts";
import type { Keeping } from "./shell.ts";
import { t } from "./text.ts";

/** Ask for newer code, where the reader is kept, and say when there is some. */
export async function update(app: App, session: Session): Promise<void> {
  const keeping = await app.shell.offline?.();
  if (await keeping?.update(session)) app.say(t("newer"));
}

/** For the page that came from the mirror at `origin`; null where the browser keeps nothing. */
export function keepingAt(origin: string, context: Context): Keeping | null {
  const offline = offlineAt(origin);
  return offline && keepingOf(offline, context, () => installable(origin));
}

function keepingOf(offline: Offline, context: Context, install: () => void): Keeping {
  const { files, list, pieces } = context;
  // Also what was not needed until now: a tab may want it after the newer program has taken its place.
  const running = [list.pieces, ...Array.from(readParts(files).values(), ({ digests }) => digests)].flat();

  async function updated(session: Session): Promise<boolean> {
    try {
      const kept = await offline.kept();
      const newer = kept && (await session.program(kept.version));
      if (!newer) return false;
      await offline.keep(newer, running);
      return !equal(newer.index, kept.index);
    } catch (error) {
      if (error instanceof MirrorError) return false; // not to be had today: what is kept goes on
      throw error;
    }
  }

  return {
    isKept: async () => (await offline.kept()) !== null,
    async keep(session) {
      for (const name of readParts(files).keys()) await context.part(name);
      const whole = withTemplate(files, await context.part(TEMPLATE));
      const index = indexPage(whole, { rawLength: list.raw, digests: list.pieces, lastSize: list.last });
      await offline.keep({ version: 0, index, pieces });
      await updated(session);
    },
    update: updated,
    install,
  };
}
