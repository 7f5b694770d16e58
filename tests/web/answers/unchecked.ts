/** What the types refuse: bytes that nobody checked are no piece. `npm run check` fails where they let it through. */

import { parseHead } from "../../../src/mirror/reader/web/core/bundle/manifest.ts";
import { openSingle } from "../../../src/mirror/reader/web/core/bundle/piece.ts";
import type { Bytes } from "../../../src/mirror/reader/web/core/bytes.ts";

export function unchecked(name: string, data: Bytes): void {
  // @ts-expect-error: only `check` makes a piece
  openSingle({ name, data }, 1);
  // @ts-expect-error: only `check` makes a piece
  parseHead({ name, data });
}
