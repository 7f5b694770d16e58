/** One run as the views see it: the core's `Reader`, over the shell's mirrors or over an edition in a file. */

import type { RemoteEdition } from "../core/client/edition.ts";
import { MemoryStore } from "../core/client/store.ts";
import type { Stories } from "../core/client/stories.ts";
import { webTransport } from "../core/client/web.ts";
import { TrustError } from "../core/errors.ts";
import { Reader } from "../core/reader.ts";
import type { Edition, Session } from "./reading.ts";
import type { Beginning } from "./shell.ts";

const now = (): number => Math.floor(Date.now() / 1000);

/**
 * What was verified since the page was opened: no later run takes less from mirrors, also where nothing is kept. A file
 * that somebody opens is judged by itself, and says how old it is.
 */
const memory = new MemoryStore();

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
  /** See `Shell.read` and `Shell.more`. */
  read(): Promise<typeof import("./read.ts")>;
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
        store: begin.library ?? (isOnline ? memory : new MemoryStore()),
      });
      await reader.refresh({ told: (done, total) => told("metadata", done, total) });
      const edition = await reader.edition({ told: (done, total) => told("front", done, total) });
      return editionOf(edition, !begin.isOnline, setting.read);
    },
    async takeNotices() {
      const run = there();
      const read = await setting.read().catch(() => null);
      if (read) await run.takeNotices(read.fetchNotices);
      await run.takeSlips();
      await run.remember();
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
    get notices() {
      return reader?.notices ?? null;
    },
    get now() {
      return there().now;
    },
    program: async (version) => (await setting.more()).newerProgram(there(), version),
    get accounts() {
      return there().accounts;
    },
    fetchedBytes() {
      const { fetched, wasted } = there().cost();
      return [...fetched.values()].reduce((sum, size) => sum + size, wasted);
    },
    async keep(library, told) {
      const { fetchWhole } = await setting.read();
      await library.tidy(
        await there().save(library, (edition) => fetchWhole(edition, false, { told }), { told }),
      );
    },
    close: () => reader?.close(),
    reportable: (judge, reports) => there().reportable(judge, reports),
    get invite() {
      const { invited } = reader ?? {};
      return invited ? (number: number) => invited.link(number, there().now, setting.page) : null;
    },
  };
}

function editionOf(remote: RemoteEdition, isLocal: boolean, read: Setting["read"]): Edition {
  const { name, number, front } = remote.manifest;
  let made: Stories | null = null;
  const stories = async () => {
    const { Stories } = await read();
    made ??= new Stories(remote);
    return made;
  };
  return {
    name,
    number,
    front: front.listed.map((each, place) => ({ ...each, summary: front.summaries[place] ?? "" })),
    isLocal,
    listed: async (told) => (await stories()).listed({ told }),
    article: async (id, told) => (await stories()).article(id, { told }),
    everything: async (told) => [...(await (await stories()).everything({ told })).articles.values()],
    image: async (tier) => (await stories()).image(tier),
  };
}
