/** Slips, and whole runs of the reader's program over real mirrors. */

import { hex, unhex } from "../../../src/mirror/reader/web/core/bytes.ts";
import { Invited } from "../../../src/mirror/reader/web/core/client/invited.ts";
import type { Mirror } from "../../../src/mirror/reader/web/core/client/net.ts";
import { fetchNotices } from "../../../src/mirror/reader/web/core/client/notices.ts";
import { newerProgram } from "../../../src/mirror/reader/web/core/client/program.ts";
import { heardOf, silencesIn } from "../../../src/mirror/reader/web/core/client/silence.ts";
import {
  addresses,
  asking,
  begin,
  handedAs,
  handedFrom,
  learnt,
  notBefore,
} from "../../../src/mirror/reader/web/core/client/slips.ts";
import { MemoryStore, packed, unpacked } from "../../../src/mirror/reader/web/core/client/store.ts";
import { fetchWhole, Stories } from "../../../src/mirror/reader/web/core/client/stories.ts";
import {
  type MirrorReport,
  report as reportOf,
} from "../../../src/mirror/reader/web/core/client/verdicts.ts";
import { type Deadlines, webTransport } from "../../../src/mirror/reader/web/core/client/web.ts";
import { Reader } from "../../../src/mirror/reader/web/core/reader.ts";
import { canSeal, seal } from "../../../src/mirror/reader/web/core/rotation/hpke.ts";
import { parse } from "../../../src/mirror/reader/web/core/rotation/invitation.ts";
import { openPage, type Page, pathOf } from "../../../src/mirror/reader/web/core/rotation/pages.ts";
import { settingsFrom } from "../../../src/mirror/reader/web/core/rotation/settings.ts";
import type { Answerers, Json } from "./answering.ts";
import { outcome } from "./fetching.ts";

interface Asked {
  readonly handed: unknown;
  readonly invitation: string;
  readonly settings: unknown;
  readonly now: number;
  readonly issued: number;
  readonly given: { readonly [path: string]: string };
}

/** What is asked for, and what is learnt of what is given. */
async function look(asked: Asked): Promise<Json> {
  const invitation = await parse(asked.invitation);
  const settings = settingsFrom(asked.settings);
  const handed = handedFrom(asked.handed);
  const asks = await asking(handed, invitation, settings, asked.now, asked.issued);
  const pages: Page[] = [];
  for (const name of asks.names) {
    const data = asked.given[pathOf(name)];
    if (data === undefined) continue;
    const before = notBefore(handed, name);
    pages.push(await openPage(unhex(data), name, invitation.publication, settings.keys, before));
  }
  const [kept, finding] = await learnt(handed, invitation, pages, asks);
  return { names: asks.names.map(pathOf), look: asks.look, kept: handedAs(kept) as Json, finding };
}

/** Stores of the tests, by name: what one run keeps, the next one finds. */
const stores = new Map<string, MemoryStore>();

interface Run {
  readonly root?: string;
  readonly channel?: string;
  readonly mirrors: readonly string[];
  readonly invitation?: string;
  readonly store?: string;
  readonly now: number;
  readonly built: number;
  readonly deadlines?: Deadlines;
  /** What to do after `refresh`, in order. */
  readonly steps: readonly string[];
}

async function steps(reader: Reader, run: Run, store: MemoryStore): Promise<Json> {
  const done: { [step: string]: Json } = {};
  let stories: Stories | null = null;
  const opened = async () => {
    stories ??= new Stories(await reader.edition());
    return stories;
  };
  for (const step of run.steps) {
    const [what, given] = step.split(" ") as [string, string];
    const works: { readonly [what: string]: () => Promise<Json> } = {
      refresh: async () => {
        await reader.refresh({ everyone: given === "everyone" });
        const { signers, versions } = reader.verified;
        return {
          freshness: { ...reader.freshness },
          versions: Object.fromEntries(versions),
          signers: Object.fromEntries([...signers].map(([role, each]) => [role, each.keyids.length])),
        };
      },
      headlines: async () => (await reader.edition()).manifest.front.listed.map((article) => article.title),
      listed: async () => (await (await opened()).listed()).map((article) => article.id),
      article: async () => ({ ...(await (await opened()).article(given)) }) as unknown as Json,
      everything: async () => {
        const { articles, names } = await (await opened()).everything();
        return { bodies: Object.fromEntries([...articles].map(([id, { body }]) => [id, body])), names };
      },
      image: async () => {
        const article = await (await opened()).article(given);
        return hex(await (await opened()).image(article!.images[0]!.thumbnail));
      },
      notices: async () => {
        await reader.takeNotices(fetchNotices);
        return { edition: reader.notices?.edition ?? null, error: reader.noticesError?.code ?? null };
      },
      slips: async () => {
        await reader.takeSlips();
        return {
          finding: reader.invited?.finding ?? null,
          entrances: (reader.invited?.handed.entrances ?? []).map(({ text }) => text),
        };
      },
      remember: async () => {
        await reader.remember();
        return (await store.load())?.length ?? null;
      },
      save: async () => reader.save(store, (edition) => fetchWhole(edition, given === "pictures")),
      saved: async () => reader.saved && { ...reader.saved },
      program: async () => {
        const found = await newerProgram(reader, Number(given));
        const pieces =
          found && Object.fromEntries([...found.pieces].map(([name, data]) => [name, hex(data)]));
        return found && { version: found.version, index: hex(found.index), pieces: pieces ?? {} };
      },
      report: async () =>
        reportOf(reader.accounts).map(({ name, verdict, evidence }) => [
          name,
          verdict,
          evidence.map(({ code, about }) => [code, about]),
        ]),
      reportable: async () => {
        const found = (await canSeal()) && (await reader.reportable(silencesIn, reportOf(reader.accounts)));
        if (!found) return null;
        return { names: found.names, report: await found.report(unhex(given), seal) };
      },
      waste: async () => reader.cost().wasted,
      cost: async () => Object.fromEntries(reader.cost().fetched),
      close: async () => {
        reader.close();
        return null;
      },
    };
    done[step] = await outcome(works[what]!());
  }
  return done;
}

async function read(run: Run): Promise<Json> {
  const store = stores.get(run.store ?? "") ?? new MemoryStore();
  if (run.store) stores.set(run.store, store);
  const { root, channel, invitation } = run;
  const reader = await Reader.open({
    ...(root === undefined ? {} : { root: root.length === 64 ? root : unhex(root) }),
    ...(channel === undefined ? {} : { channel }),
    ...(invitation === undefined ? {} : { invited: await Invited.by(invitation) }),
    mirrors: run.mirrors,
    transport: webTransport(run.deadlines ?? { first: 3, next: 3 }),
    store,
    now: () => run.now,
    built: run.built,
  });
  return steps(reader, run, store);
}

/** What a run tells of each mirror, and which of the endpoints that were handed out are to be reported. */
function silence(given: {
  reports: MirrorReport[];
  mirrors: { name: string; address: string }[];
  doors: { address: string; text: string; key: string }[];
}): Json {
  const doors = new Map(given.doors.map(({ address, text, key }) => [address, { text, key: unhex(key) }]));
  const silent = silencesIn(doors, given.mirrors as Mirror[], given.reports);
  const heard = Object.fromEntries(given.reports.map((each) => [each.name, heardOf(each)]));
  return { heard, silent: silent.map(([name, { text, key }]) => [name, text, hex(key)]) };
}

export const reading: Answerers = {
  look,
  silence,
  begin: async (text: string) => handedAs(begin(await parse(text))) as Json,
  handed: (value: unknown) => handedAs(handedFrom(value)) as Json,
  addresses: async ([handed, seconds, now, instants]: [unknown, number, number, number[]]) =>
    addresses(handedFrom(handed).entrances, seconds, now, instants),
  repacked: (data: string) => hex(packed(unpacked(unhex(data)))),
  packed: (files: { readonly [name: string]: string }) =>
    hex(packed(new Map(Object.entries(files).map(([name, data]) => [name, unhex(data)])))),
  /** Put `data` in the place of what a store holds. */
  tamper: async ([name, data]: [string, string]) => {
    await stores.get(name)!.commit(unhex(data));
    return null;
  },
  loaded: async (name: string) => hex((await stores.get(name)!.load())!),
  read,
};
