/**
 * Invitations: root of trust, a place in the tree of keys, and the first endpoints (`rotation/invitation.py`, ROTATION.md
 * section 5). Whoever hands a reader a first one decides what that reader trusts.
 */

import { type Bytes, bigEndian, concat, equal, isLonger, utf8 } from "../bytes.ts";
import { sha256 } from "../crypto.ts";
import { FormatError, LimitError, TrustError } from "../errors.ts";
import {
  MAX_DEPTH,
  MAX_EPOCH_SECONDS,
  MAX_FRIENDS,
  MAX_INVITATION,
  MAX_LINK_PREFIX,
  MIN_EPOCH_SECONDS,
} from "../limits.ts";
import { cursor, written } from "./binary.ts";
import { child, depthOf, KEY_SIZE, type Keyring, PUBLICATION_SIZE } from "./keys.ts";
import type { Entrance } from "./paths.ts";
import { fromLetters, fromLine, letters, line, SPACE } from "./spelling.ts";

const VERSION = 1;
const SCHEME = "mirror:";
const CHECK_SIZE = 4;
const MAX_INSTANT = 0xffffffff; // four bytes, to the year 2106
const TOO_LONG = "invitation-too-long";
const DAMAGED = "invitation-damaged";
const CHANNEL = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const PAGE = /^https?:\/\//;
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");

/**
 * What a newcomer gets. `look` is the depth under whose key to look for slips at first; `created` and `expires` are
 * instants (`expires` 0: never); `entrances` the first endpoints, one to three; `seconds` the length of an epoch.
 */
export interface Invitation {
  readonly publication: Bytes;
  readonly channel: string;
  readonly keyring: Keyring;
  readonly entrances: readonly Entrance[];
  readonly created: number;
  readonly expires: number;
  readonly seconds: number;
  readonly look: number;
}

/**
 * The invitation in a link, a `mirror:` address or the text form (rule 4).
 *
 * `LimitError`: `invitation-too-long`. `FormatError`: `invitation-damaged`; also `decode`'s.
 */
export async function parse(given: string): Promise<Invitation> {
  // Room for spaces, hyphens and line ends in a copy.
  if (isLonger(given, 4 * MAX_INVITATION)) throw new LimitError(TOO_LONG);
  const text = given.replace(AROUND, "");
  let data: Bytes | null;
  if (text.startsWith(SCHEME)) data = fromLine(text.slice(SCHEME.length));
  else if (PAGE.test(text)) {
    const page = text.split("#", 1)[0]!;
    const isPage = !isLonger(page, MAX_LINK_PREFIX - 1);
    data = isPage ? fromLine(text.slice(page.length + 1)) : null;
  } else data = fromLetters(text);
  if (!data?.length) throw new FormatError(DAMAGED);
  return decode(data);
}

/**
 * The invitation in `data`, which is exactly one. Order of refusal: size, version (which may have another checksum),
 * checksum, fields.
 *
 * `LimitError`: `invitation-too-long`. `FormatError`: `invitation-version`, `invitation-damaged`, `invitation-format`.
 */
export async function decode(data: Bytes): Promise<Invitation> {
  if (data.length > MAX_INVITATION) throw new LimitError(TOO_LONG);
  if (data.length <= CHECK_SIZE) throw new FormatError(DAMAGED);
  if (data[0] !== VERSION) throw new FormatError("invitation-version");
  const body = data.slice(0, -CHECK_SIZE);
  if (!equal(data.slice(-CHECK_SIZE), await checksum(body))) throw new FormatError(DAMAGED);
  const fields = cursor(body.slice(1), "invitation-format");
  const depth = fields.number(1);
  const look = fields.number(1);
  const publication = fields.take(PUBLICATION_SIZE);
  const created = fields.number(4);
  const expires = fields.number(4);
  const seconds = fields.number(4);
  const channel = fields.text(fields.number(1));
  const branch = fields.take(KEY_SIZE);
  const ancestors = Array.from({ length: depth }, () => fields.take(KEY_SIZE));
  const entrances = fields.entrances();
  fields.check(
    !fields.rest().length &&
      depth <= MAX_DEPTH &&
      look <= depth &&
      CHANNEL.test(channel) &&
      (!expires || expires > created) &&
      seconds >= MIN_EPOCH_SECONDS &&
      seconds <= MAX_EPOCH_SECONDS &&
      entrances.length > 0,
  );
  return { publication, channel, keyring: { branch, ancestors }, entrances, created, expires, seconds, look };
}

/** The invitation as bytes. `LimitError`, `invitation-too-long`: fewer or shorter addresses are needed. */
export async function encode(invitation: Invitation): Promise<Bytes> {
  const { keyring, channel } = invitation;
  const body = concat(
    Uint8Array.of(VERSION, depthOf(keyring), invitation.look),
    invitation.publication,
    bigEndian(invitation.created, 4),
    bigEndian(invitation.expires, 4),
    bigEndian(invitation.seconds, 4),
    bigEndian(channel.length, 1),
    utf8(channel),
    keyring.branch,
    ...keyring.ancestors,
    written(invitation.entrances),
  );
  if (body.length + CHECK_SIZE > MAX_INVITATION) throw new LimitError(TOO_LONG);
  return concat(body, await checksum(body));
}

/** For typing. */
export const asText = async (invitation: Invitation): Promise<string> => letters(await encode(invitation));

/**
 * `page` (the address of a browser's reader) with the invitation in its fragment, which is never sent; without a page a
 * `mirror:` address. `RangeError`: not a page.
 */
export async function asLink(invitation: Invitation, page = ""): Promise<string> {
  if (page && (!PAGE.test(page) || page.includes("#") || page.length >= MAX_LINK_PREFIX)) {
    throw new RangeError();
  }
  return (page ? `${page}#` : SCHEME) + line(await encode(invitation));
}

/**
 * An invitation for a friend, derived below this one without asking anyone (rule 5). Two friends with one `index` (0 to
 * `MAX_FRIENDS` - 1) hold the same keys. `entrances` are those of this reader's last slip, where it has any.
 *
 * `RangeError`: the index or the instant is out of bounds, or the invitation has expired. `LimitError`,
 * `invitation-too-deep`: this node may have no children.
 */
export async function invite(
  invitation: Invitation,
  index: number,
  created: number,
  entrances: readonly Entrance[] = [],
): Promise<Invitation> {
  const { expires } = invitation;
  if (!(index < MAX_FRIENDS)) throw new RangeError();
  if (depthOf(invitation.keyring) >= MAX_DEPTH) throw new LimitError("invitation-too-deep");
  if (!(created >= 0 && created <= (expires ? expires - 1 : MAX_INSTANT))) throw new RangeError();
  return {
    ...invitation,
    keyring: await child(invitation.keyring, index),
    created,
    entrances: entrances.length ? entrances : invitation.entrances,
  };
}

/**
 * Refuses an invitation that cannot be used. `publication` is the one this reader already holds, if any: an invitation
 * does not replace a root of trust in silence. `now` is the best instant known.
 *
 * `TrustError`: `invitation-foreign`, `invitation-expired`.
 */
export function check(invitation: Invitation, publication: Bytes | null, now: number): void {
  if (publication && !equal(publication, invitation.publication)) throw new TrustError("invitation-foreign");
  if (invitation.expires && now >= invitation.expires) throw new TrustError("invitation-expired");
}

const checksum = async (body: Bytes): Promise<Bytes> =>
  (await sha256(concat(utf8("mirror/1/invitation"), body))).slice(0, CHECK_SIZE);
