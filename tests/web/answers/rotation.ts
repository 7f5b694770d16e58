import { type Bytes, concat, hex, unhex, utf8 } from "../../../src/mirror/reader/web/core/bytes.ts";
import { hmac } from "../../../src/mirror/reader/web/core/crypto.ts";
import { epochOf, toAsk, toEnter } from "../../../src/mirror/reader/web/core/rotation/epochs.ts";
import { seal as hpke } from "../../../src/mirror/reader/web/core/rotation/hpke.ts";
import {
  asLink,
  asText,
  check,
  decode,
  encode,
  type Invitation,
  invite,
  parse,
} from "../../../src/mirror/reader/web/core/rotation/invitation.ts";
import {
  child,
  derive,
  type Keyring,
  slipKeys,
  subtree,
} from "../../../src/mirror/reader/web/core/rotation/keys.ts";
import { lookNext } from "../../../src/mirror/reader/web/core/rotation/looking.ts";
import {
  findSlip,
  type Name,
  openPage,
  pagesOf,
  pathOf,
} from "../../../src/mirror/reader/web/core/rotation/pages.ts";
import {
  addressIn,
  type Entrance,
  isReachable,
  path,
} from "../../../src/mirror/reader/web/core/rotation/paths.ts";
import * as reports from "../../../src/mirror/reader/web/core/rotation/reports.ts";
import { bitsOf, settingsFrom } from "../../../src/mirror/reader/web/core/rotation/settings.ts";
import { opener, type Slip } from "../../../src/mirror/reader/web/core/rotation/slips.ts";
import { letters, line } from "../../../src/mirror/reader/web/core/rotation/spelling.ts";
import type { Answerers, Json } from "./answering.ts";

type RingJson = { branch: string; ancestors: string[] };
type EntranceJson = { text: string; key: string };
type Looking = RingJson & { look: number; epoch: number; bits: number; publication: string };

const ring = (given: RingJson): Keyring => ({
  branch: unhex(given.branch),
  ancestors: given.ancestors.map((key) => unhex(key)),
});
const ofRing = (given: Keyring) => ({ branch: hex(given.branch), ancestors: given.ancestors.map(hex) });
const entrance = (given: EntranceJson): Entrance => ({ text: given.text, key: unhex(given.key) });
const ofEntrances = (given: readonly Entrance[]): Json =>
  given.map(({ text, key }) => ({ text, key: hex(key) }));
const ofSlip = (slip: Slip | null): Json => slip && { ...slip, entrances: ofEntrances(slip.entrances) };
const ofInvitation = (found: Invitation): Json => ({
  ...ofRing(found.keyring),
  channel: found.channel,
  created: found.created,
  entrances: ofEntrances(found.entrances),
  "epoch-seconds": found.seconds,
  expires: found.expires,
  look: found.look,
  publication: hex(found.publication),
});

/** A node as the publisher makes it, from ROTATION.md section 2: the reader's core has no part in it. */
async function node(secret: Bytes, publication: Bytes, way: readonly number[]): Promise<Keyring> {
  let found: Keyring = { branch: await derive(secret, "root", publication), ancestors: [] };
  for (const index of way) found = await child(found, index);
  return found;
}

export const rotation: Answerers = {
  "rotation-node": async (given: { secret: string; publication: string; path: number[] }) => {
    const found = await node(unhex(given.secret), unhex(given.publication), given.path);
    const [own] = await slipKeys(found);
    return {
      ...ofRing(found),
      own: hex(own!),
      subtree: hex(await subtree(found, given.path.length)),
      tag: hex(await derive(found.branch, "tag", new Uint8Array(), 8)),
    };
  },
  "rotation-child": async (given: RingJson & { index: number }) =>
    ofRing(await child(ring(given), given.index)),
  "rotation-keys": async (given: RingJson) => (await slipKeys(ring(given))).map(hex),
  "rotation-path": async (given: { secret: string; seat: number; text: string; epoch: number }) => {
    const seat = concat(utf8("mirror/1/seat"), Uint8Array.of(given.seat));
    const key = (await hmac(unhex(given.secret), seat)).slice(0, 16);
    const address = await addressIn({ text: given.text, key }, given.epoch);
    return { address, key: hex(key), path: await path(key, given.epoch) };
  },
  "rotation-address": (given: EntranceJson & { epoch: number }) => addressIn(entrance(given), given.epoch),
  "rotation-reachable": (given: EntranceJson) => isReachable(entrance(given)),
  "rotation-calendar": (given: { seconds: number; now: number; issued: number }) => ({
    ask: toAsk(given.seconds, given.now, given.issued),
    enter: toEnter(given.seconds, given.now, [given.issued]),
    epoch: epochOf(given.seconds, given.now),
  }),
  "rotation-invitation": async (given: { text: string }) => ofInvitation(await parse(given.text)),
  "rotation-decoded": async (given: string) => ofInvitation(await decode(unhex(given))),
  "rotation-spelled": async (given: { text: string; page: string }) => {
    const found = await parse(given.text);
    return [
      hex(await encode(found)),
      await asText(found),
      await asLink(found),
      await asLink(found, given.page),
    ];
  },
  "rotation-invite": async (given: {
    text: string;
    index: number;
    created: number;
    entrances: EntranceJson[];
  }) => {
    const found = await parse(given.text);
    return asLink(await invite(found, given.index, given.created, given.entrances.map(entrance)));
  },
  "rotation-check": async (given: { text: string; publication: string; now: number }) => {
    const held = given.publication ? unhex(given.publication) : null;
    check(await parse(given.text), held, given.now);
    return null;
  },
  "rotation-slip": async (given: { key: string; publication: string; epoch: number; record: string }) => {
    const open = await opener(unhex(given.key), unhex(given.publication), given.epoch);
    return ofSlip(await open(unhex(given.record)));
  },
  "rotation-look": async (given: Looking) =>
    (await pagesOf(ring(given), given.look, given.epoch, given.bits)).map(pathOf),
  "rotation-look-next": (given: { told: number | null; looked: number; depth: number }) =>
    lookNext(given.told, given.looked, given.depth),
  "rotation-page": async (
    given: Name & { data: string; publication: string; keys: string[]; notBefore: number },
  ) => {
    const keys = given.keys.map((key) => unhex(key));
    const page = await openPage(unhex(given.data), given, unhex(given.publication), keys, given.notBefore);
    return { issued: page.issued };
  },
  "rotation-find": async (given: Looking & { key: string; files: { [path: string]: string } }) => {
    const publication = unhex(given.publication);
    const names = await pagesOf(ring(given), given.look, given.epoch, given.bits);
    const open = (name: Name) =>
      openPage(unhex(given.files[pathOf(name)]!), name, publication, [unhex(given.key)]);
    return ofSlip(await findSlip(await Promise.all(names.map(open)), ring(given), publication));
  },
  "rotation-settings": (given: { value: Json; epochs: number[] }) => {
    const settings = settingsFrom(given.value);
    return given.epochs.map((epoch) => bitsOf(settings, epoch));
  },
  "rotation-report-made": async (
    given: RingJson & {
      publication: string;
      epoch: number;
      silent: EntranceJson[];
      country: string;
      fresh: string;
      "report-key": string;
    },
  ) => {
    const statement = { epoch: given.epoch, silent: given.silent.map(entrance), country: given.country };
    const [publication, key, fresh] = [given.publication, given["report-key"], given.fresh].map((each) =>
      unhex(each),
    );
    const data = await reports.seal(ring(given), publication!, statement, key!, fresh!, hpke);
    return { data: hex(data), letters: letters(data), line: line(data) };
  },
  "rotation-report-text": (given: { text: string }) => ({ data: hex(reports.parse(given.text)) }),
  "rotation-report-key": (given: { value: Json }) => hex(settingsFrom(given.value).reportKey),
  "rotation-sealed": async (given: { message: string; key: string; info: string; fresh: string }) => {
    const [message, key, info, fresh] = [given.message, given.key, given.info, given.fresh].map((each) =>
      unhex(each),
    );
    const sealed = await hpke(message!, key!, info!, fresh!);
    return sealed && hex(sealed);
  },
};
