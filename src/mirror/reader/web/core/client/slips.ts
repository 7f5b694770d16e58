/**
 * A reader's way through slip pages: where to look, what was found, what to keep. Rules 1 to 5 stand in `slips.py`;
 * `refreshSlips` is the shell that asks (`handing.py`).
 */

import { type Bytes, hex, textOf, unhex } from "../bytes.ts";
import { FormatError, MirrorError } from "../errors.ts";
import { MAX_DEPTH, MAX_ENTRANCES, MAX_EPOCH, MAX_PIECE, SLIPS_SECONDS } from "../limits.ts";
import { toAsk, toEnter } from "../rotation/epochs.ts";
import type { Invitation } from "../rotation/invitation.ts";
import { depthOf } from "../rotation/keys.ts";
import { lookNext } from "../rotation/looking.ts";
import { findSlip, type Name, openPage, type Page, pagesOf, pathOf } from "../rotation/pages.ts";
import { addressIn, type Entrance, isAddress } from "../rotation/paths.ts";
import { bitsOf, type Settings, settingsFrom } from "../rotation/settings.ts";
import type { Slip } from "../rotation/slips.ts";
import type { Verified } from "../trust/state.ts";
import type { Pieces } from "./fetch.ts";
import type { Errand } from "./race.ts";

const ROTATION = "x-mirror-rotation";
const ACCEPTED_SKEW = 1;
/** Codes of what a mirror may have that is merely behind, or ahead of this program. */
const OLDER: ReadonlySet<string> = new Set(["slip-page-older", "slip-version"]);

/** How a refresh of slips ended; `slips.py` says what each means. */
export type Finding =
  | "moved"
  | "same"
  | "nothing-now"
  | "elsewhere"
  | "not-found"
  | "incomplete"
  | "unreadable"
  | "not-signed"
  | "not-asked";

/**
 * What one reader was handed last, and where it looks next; kept between refreshes.
 *
 * `entrances` are the last good endpoints, of epoch `since` (0: the invitation's). `look` is the depth to look at
 * in `epoch`, `nextLook` the one in later epochs. `seen` are the newest copies of pages: [epoch, number, instant it was
 * made].
 */
export interface Handed {
  readonly entrances: readonly Entrance[];
  readonly look: number;
  readonly nextLook: number;
  readonly epoch: number;
  readonly since: number;
  readonly seen: readonly (readonly [number, number, number])[];
}

/** What whoever was just invited has. */
export const begin = ({ entrances, look }: Invitation): Handed => ({
  entrances,
  look,
  nextLook: look,
  epoch: 0,
  since: 0,
  seen: [],
});

/** A value for JSON, as `handedFrom` reads it. */
export const handedAs = (handed: Handed): unknown => ({
  entrances: handed.entrances.map(({ text, key }) => [text, hex(key)]),
  look: [handed.look, handed.nextLook],
  epoch: [handed.epoch, handed.since],
  seen: handed.seen,
});

/** What `handedAs` gave; `FormatError` (`stored-handed`) for anything else. */
export function handedFrom(value: unknown): Handed {
  const check: (claim: boolean) => asserts claim = (claim) => {
    if (!claim) throw new FormatError("stored-handed");
  };
  const list = (given: unknown): unknown[] => {
    check(Array.isArray(given));
    return given;
  };
  const numbers = (given: unknown, count: number, most: number): number[] => {
    const found = list(given) as number[];
    check(
      found.length === count && found.every((each) => Number.isInteger(each) && each >= 0 && each <= most),
    );
    return found;
  };
  check(typeof value === "object" && value !== null);
  const { entrances, look, epoch, seen } = value as Record<string, unknown>;
  const [here, next] = numbers(look, 2, MAX_DEPTH) as [number, number];
  const [at, since] = numbers(epoch, 2, MAX_EPOCH) as [number, number];
  const found = list(entrances).map((each) => {
    const [text, key] = list(each);
    check(typeof text === "string" && typeof key === "string" && isAddress(text));
    return { text, key: unhex(key, "stored-handed") };
  });
  check(found.length > 0 && found.length <= MAX_ENTRANCES);
  return {
    entrances: found,
    look: here,
    nextLook: next,
    epoch: at,
    since,
    seen: list(seen).map((each) => numbers(each, 3, MAX_EPOCH) as [number, number, number]),
  };
}

/** What is signed about rotation; `null`: nothing, or nothing that this program understands. */
export function settingsOf(verified: Verified): Settings | null {
  const targets = verified.files.get("targets.json");
  const signed = targets && (JSON.parse(textOf(targets)) as { signed: Record<string, unknown> }).signed;
  try {
    return signed && Object.hasOwn(signed, ROTATION) ? settingsFrom(signed[ROTATION]) : null;
  } catch (error) {
    if (error instanceof FormatError) return null; // of a publisher newer than this program
    throw error;
  }
}

/** The two pages of one refresh, and at which depth they are looked for. */
export interface Asking {
  readonly names: readonly [Name, Name];
  readonly epoch: number;
  readonly look: number;
}

/** What to ask for (rule 1). `now` is the device's instant, `issued` the newest signed one. */
export async function asking(
  handed: Handed,
  { keyring }: Invitation,
  settings: Settings,
  now: number,
  issued: number,
): Promise<Asking> {
  const epoch = toAsk(settings.seconds, now, issued);
  const look = Math.min(epoch <= handed.epoch ? handed.look : handed.nextLook, depthOf(keyring));
  return { names: await pagesOf(keyring, look, epoch, bitsOf(settings, epoch)), epoch, look };
}

/** The instant of the newest copy of page `name` that was seen; 0: none was. */
export const notBefore = (handed: Handed, name: Name): number =>
  Math.max(
    0,
    ...handed.seen
      .filter(([at, number]) => at === name.epoch && number === name.number)
      .map(([, , at]) => at),
  );

/** What to keep after `pages` came, of the two that were asked for, and what was found. */
export async function learnt(
  handed: Handed,
  invitation: Invitation,
  pages: readonly Page[],
  { epoch, look }: Asking,
): Promise<[Handed, Finding]> {
  const known: Handed = { ...handed, seen: seenWith(handed, pages, epoch) };
  const depth = depthOf(invitation.keyring);
  let slip: Slip | null;
  try {
    slip = await findSlip(pages, invitation.keyring, invitation.publication);
  } catch (error) {
    if (error instanceof FormatError) return [known, "unreadable"];
    throw error;
  }
  if (slip?.entrances.length) {
    const moved = looking(known, epoch, look, slip.look);
    if (epoch < moved.since || isSame(slip.entrances, moved.entrances)) {
      return [{ ...moved, since: Math.max(moved.since, epoch) }, "same"];
    }
    return [{ ...moved, entrances: slip.entrances, since: epoch }, "moved"];
  }
  if (pages.length < 2) return [known, "incomplete"]; // rule 4
  if (!slip) {
    const next = lookNext(null, look, depth);
    return [looking(known, epoch, next, next), "not-found"];
  }
  const isHere = Math.min(slip.look, depth) === look; // else rule 3
  return [looking(known, epoch, slip.look, slip.look), isHere ? "nothing-now" : "elsewhere"];
}

/**
 * Where to knock, the likeliest first, as `net.address` reads it. `seconds` is the length of an epoch, `now` the
 * device's instant, `instants` are signed ones that are known.
 */
export async function addresses(
  entrances: readonly Entrance[],
  seconds: number,
  now: number,
  instants: readonly number[],
): Promise<string[]> {
  const found = new Set<string>();
  for (const epoch of toEnter(seconds, now, instants)) {
    for (const entrance of entrances) found.add(await addressIn(entrance, epoch));
  }
  return [...found];
}

/**
 * What this reader is handed now, and how it went; `now` is the device's instant. Without a slip, what was handed
 * before stays. Takes at most `SLIPS_SECONDS`.
 */
export async function refreshSlips(
  invitation: Invitation,
  handed: Handed,
  verified: Verified,
  pieces: Pieces,
  now: number,
): Promise<[Handed, Finding]> {
  const settings = settingsOf(verified);
  if (!settings) return [handed, "not-signed"];
  const { asOf, isChecked } = verified.freshness;
  if (!isChecked) return [handed, "not-asked"];
  const asked = await asking(handed, invitation, settings, now, asOf);
  const { names } = asked;
  const pages = new Map<string, Page>();
  const errands = new Map(names.map((name) => [pathOf(name), errandFor(name)]));
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(controller), SLIPS_SECONDS * 1000);
  try {
    await pieces.files(errands, (path, page) => void pages.set(path, page), controller.signal);
  } catch (error) {
    if (error !== controller) throw error;
  } finally {
    clearTimeout(timer);
  }
  // In the order of their names, whichever came first.
  const came = names.map((name) => pages.get(pathOf(name))).filter((page) => page !== undefined);
  return learnt(handed, invitation, came, asked);

  function errandFor(name: Name): Errand<Page> {
    const { publication } = invitation;
    const before = notBefore(handed, name);
    const judge = (data: Bytes) => openPage(data, name, publication, settings!.keys, before);
    const refusal = async (data: Bytes): Promise<string> =>
      judge(data).then(
        () => "",
        (error) => (error as MirrorError).code,
      );
    return {
      path: pathOf(name),
      limit: MAX_PIECE,
      part: "slips",
      judge: (data) =>
        judge(data).catch((error) => {
          if (error instanceof MirrorError) return null;
          throw error;
        }),
      isHonest: async (data) => OLDER.has(await refusal(data)),
    };
  }
}

const isSame = (one: readonly Entrance[], other: readonly Entrance[]): boolean =>
  one.length === other.length &&
  one.every(({ text, key }, place) => text === other[place]!.text && hex(key) === hex(other[place]!.key));

function looking(handed: Handed, epoch: number, look: number, nextLook: number): Handed {
  // When the clock was set back, what is known is of later.
  return epoch < handed.epoch ? handed : { ...handed, look, nextLook, epoch };
}

/** Rule 5. At most two pages of each depth and epoch are ever asked for, so this stays small. */
function seenWith(handed: Handed, pages: readonly Page[], epoch: number): Handed["seen"] {
  const newest = new Map<string, readonly [number, number, number]>();
  for (const each of handed.seen)
    if (each[0] >= epoch - ACCEPTED_SKEW) newest.set(`${each[0]} ${each[1]}`, each);
  for (const { name, issued } of pages) {
    newest.set(`${name.epoch} ${name.number}`, [name.epoch, name.number, issued]);
  }
  return [...newest.values()].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
}
