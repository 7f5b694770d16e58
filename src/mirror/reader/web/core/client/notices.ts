/** The notices in force, from verified metadata to a set that may be shown (`edition.py`, `session.py`). */

import { unseal } from "../bundle/edition.ts";
import { parseList } from "../bundle/parcel.ts";
import { TrustError } from "../errors.ts";
import { MAX_NOTICE_SET } from "../limits.ts";
import { admit, decode } from "../notices/encode.ts";
import type { NoticeSet } from "../notices/model.ts";
import type { Verified } from "../trust/state.ts";
import { NOTICES_TARGET, targetPiece } from "./edition.ts";
import type { How, Pieces } from "./fetch.ts";

/** The publisher's id in his notices, and the highest edition of them that was seen. */
export type Seen = readonly [publisher: string, edition: number];

/** A set that may be shown, and the names of its pieces. */
export interface Taken {
  readonly notices: NoticeSet;
  readonly names: readonly string[];
}

/**
 * Fetches and admits the set; `seen` is by earlier runs, `null` for none. `UnreachableError`: its pieces are not to be
 * had. `TrustError` (`notices-missing`): none was signed; else as `admit`.
 */
export async function fetchNotices(
  verified: Verified,
  pieces: Pieces,
  seen: Seen | null,
  how: How,
): Promise<Taken> {
  const head = await targetPiece(verified, NOTICES_TARGET, pieces, "notices", how);
  if (!head) throw new TrustError("notices-missing");
  const list = parseList(head, MAX_NOTICE_SET);
  const raw = unseal(list, await pieces.get(list.digests, "notices", how));
  const [publisher, floor] = seen ?? [decode(raw).publisher, 0];
  return { notices: admit(raw, publisher, floor), names: [head.name, ...list.digests] };
}
