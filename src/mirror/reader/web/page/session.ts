/** One run as the views see it: the core's `Reader`, over the shell's mirrors or over an edition in a file. */

import type { RemoteEdition } from "../core/client/edition.ts";
import { webTransport } from "../core/client/web.ts";
import { TrustError } from "../core/errors.ts";
import { gate, infoPage } from "../core/notices/gate.ts";
import { WORLD } from "../core/notices/model.ts";
import { Reader } from "../core/reader.ts";
import type { Edition, Session } from "./reading.ts";
import type { Beginning } from "./shell.ts";

const now = (): number => Math.floor(Date.now() / 1000);

/** What a shell knows for all runs. */
export interface Setting {
  readonly root: string;
  readonly mirrors: readonly string[];
  /** When the program was built. */
  readonly built: number;
  /** The mirror that the page came from; empty for none. */
  readonly origin: string;
  /** Told where mirrors of an invited reader are, for parts of the program. */
  met(addresses: readonly string[]): void;
  /** See `Shell.more`. */
  more(): Promise<typeof import("./more.ts")>;
  /** The part for invited readers; throws as `more`. */
  invited(): Promise<typeof import("./invited.ts")>;
  /** The page that an invitation for a friend opens. */
  readonly page: string;
}

/** Begin a run over `channel`; nobody is asked before `open`. */
export function sessionOf(setting: Setting, channel: string, begin: Beginning): Session {
  let reader: Reader | null = null;
  const there = (): Reader => {
    if (!reader) throw new TrustError("not-open");
    return reader;
  };
  return {
    async open(told) {
      const web = webTransport();
      const file = begin.archive && (await (await setting.more()).mirrorIn(begin.archive, web));
      const mirrors = [...(file ? [file.address] : []), ...(begin.isOnline ? setting.mirrors : [])];
      const { invitation, isOnline } = begin;
      const invited = invitation && isOnline && (await (await setting.invited()).Invited.by(invitation));
      reader = await Reader.open({
        root: setting.root,
        channel,
        mirrors,
        transport: file?.transport ?? web,
        now,
        built: setting.built,
        ...(setting.origin ? { origin: setting.origin } : {}),
        ...(invited ? { invited } : {}),
        ...(begin.library ? { store: begin.library } : {}),
      });
      await reader.refresh({ told: (done, total) => told("metadata", done, total) });
      const edition = await reader.edition({ told: (done, total) => told("front", done, total) });
      return editionOf(edition, !begin.isOnline);
    },
    async takeNotices() {
      const run = there();
      await run.takeNotices();
      await run.takeSlips();
      if (begin.library) await run.remember();
      setting.met((await run.invited?.knock(now(), run.freshness.asOf)) ?? []);
    },
    get freshness() {
      return there().freshness;
    },
    get signers() {
      return there().verified.signers;
    },
    get savedAsOf() {
      return there().saved?.asOf ?? null;
    },
    get places() {
      const { designations, jurisdictions } = there().notices?.catalogue ?? {
        designations: [],
        jurisdictions: [],
      };
      const named = new Set(designations.map((each) => each.jurisdiction));
      named.delete(WORLD);
      return { jurisdictions: [...named], controlled: jurisdictions.flatMap((each) => each.controls) };
    },
    program: async (version) => (await setting.more()).newerProgram(there(), version),
    report: () => there().report(),
    fetchedBytes() {
      const { fetched, wasted } = there().cost();
      return [...fetched.values()].reduce((sum, size) => sum + size, wasted);
    },
    gate: (act, answers, language) => gate(reader?.notices ?? null, answers, act, language, there().now),
    infoPage(designation, language) {
      const { notices } = there();
      if (!notices) throw new TrustError("notices-missing");
      return infoPage(notices, designation, language);
    },
    async keep(library, told) {
      await library.tidy(await there().save(library, false, { told }));
    },
    close: () => reader?.close(),
    get invite() {
      const { invited } = reader ?? {};
      return invited ? (number: number) => invited.link(number, there().now, setting.page) : null;
    },
  };
}

function editionOf(remote: RemoteEdition, isLocal: boolean): Edition {
  const { name, number, front } = remote.manifest;
  return {
    name,
    number,
    front: front.listed.map((each, place) => ({ ...each, summary: front.summaries[place] ?? "" })),
    isLocal,
    listed: (told) => remote.listed({ told }),
    article: (id, told) => remote.article(id, { told }),
    everything: async (told) => [...(await remote.everything({ told })).articles.values()],
    image: (tier) => remote.image(tier),
  };
}
