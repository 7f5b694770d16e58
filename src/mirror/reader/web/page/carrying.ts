/** Keeping the program that runs, with all of its parts. */

import { indexPage, readParts, TEMPLATE, withTemplate } from "../core/bundle/program.ts";
import type { Context } from "./context.ts";
import { offlineAt } from "./offline.ts";

/** Keep it for the page that came from the mirror at `origin`. `StorageError`: the browser does not let us. */
export async function keepProgram(origin: string, context: Context): Promise<void> {
  const { files, list, pieces } = context;
  for (const name of readParts(files).keys()) await context.part(name);
  const whole = withTemplate(files, await context.part(TEMPLATE));
  const index = indexPage(whole, { rawLength: list.raw, digests: list.pieces, lastSize: list.last });
  await offlineAt(origin)?.keep(index, pieces);
}
