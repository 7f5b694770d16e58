import { declaredLength, decodeFrame, frameEnd } from "../../../src/mirror/reader/web/core/bundle/frame.ts";
import { type Bytes, hex, unhex } from "../../../src/mirror/reader/web/core/bytes.ts";
import { MirrorError } from "../../../src/mirror/reader/web/core/errors.ts";
import { unpackHead } from "../../../src/mirror/reader/web/core/trust/heads.ts";
import { canonical, parseJson } from "../../../src/mirror/reader/web/core/trust/json.ts";
import { MetadataSession } from "../../../src/mirror/reader/web/core/trust/session.ts";
import {
  type Files,
  fileOf,
  fromFiles,
  type SessionLimits,
  toFiles,
  type Verified,
} from "../../../src/mirror/reader/web/core/trust/state.ts";
import { matches } from "../../../src/mirror/reader/web/core/trust/verified.ts";
import type { Answerers, Json } from "./answering.ts";

type Frame = { padded: string; length?: number; history?: string; fixed?: number };
type Hexed = { readonly [name: string]: string };
type Event =
  | { readonly do: "received" | "may-be-genuine"; readonly ask: number; readonly body: string }
  | { readonly do: "failed"; readonly ask: number; readonly code: string };
type Play = {
  readonly stored: Hexed;
  readonly sources: readonly string[];
  readonly now: number;
  readonly wanted: readonly string[];
  readonly head: string | null;
  readonly candidates: { readonly [source: string]: Hexed };
  readonly limits: SessionLimits;
  readonly isStrict: boolean;
  readonly events: readonly Event[];
};

const filesOf = (hexed: Hexed): Files =>
  new Map(Object.entries(hexed).map(([name, data]): [string, Bytes] => [name, unhex(data)]));
const hexed = (files: Files): Json => Object.fromEntries([...files].map(([name, data]) => [name, hex(data)]));

/** Drives a session as a Python one was driven, and tells what it asked before each event and how it ended. */
async function play({ stored, sources, events, candidates, head, ...options }: Play): Promise<Json> {
  const session = await MetadataSession.begin(fromFiles(filesOf(stored)), sources, {
    ...options,
    ...(head !== null && { head }),
    candidates: new Map(Object.entries(candidates).map(([name, files]) => [name, filesOf(files)])),
  });
  const told: Json[] = [];
  const asked = () => session.requests().map(({ source, path, limit }) => [source, path, limit]);
  for (const event of events) {
    told.push(asked());
    const ask = session.requests()[event.ask];
    if (!ask) break;
    if (event.do === "failed") await session.failed(ask, event.code);
    else if (event.do === "received") await session.received(ask, unhex(event.body));
    else told.push(await session.mayBeGenuine(ask, unhex(event.body)));
  }
  told.push(asked());
  const observations = session.observations.map(({ source, kind, file }) => [source, kind, file]);
  return {
    told,
    observations,
    accepted: hexed(session.accepted),
    outcome: await ended(session, options.wanted),
  };
}

async function ended(session: MetadataSession, wanted: readonly string[]): Promise<Json> {
  if (session.requests().length) return "open";
  try {
    return await verdict(session.result(), wanted);
  } catch (error) {
    if (error instanceof MirrorError) return error.code;
    throw error;
  }
}

async function verdict(verified: Verified, wanted: readonly string[]): Promise<Json> {
  const { freshness, isConsistent } = verified;
  const target = async (path: string): Promise<Json> => {
    try {
      const found = await verified.target(path);
      return found && [found.length, Object.fromEntries(found.hashes)];
    } catch (error) {
      if (error instanceof MirrorError) return error.code;
      throw error;
    }
  };
  return {
    files: hexed(verified.files),
    versions: Object.fromEntries(verified.versions),
    signers: Object.fromEntries(
      [...verified.signers].map(([role, { keyids, threshold, holders }]) => [
        role,
        [...keyids, threshold, holders],
      ]),
    ),
    freshness: { ...freshness },
    showed: Object.fromEntries(verified.showed),
    stored: hexed(toFiles(verified.stored)),
    isConsistent,
    targets: await Promise.all(wanted.map(target)),
  };
}

/** What `step` gives, or nothing when what it read is not JSON. */
function unlessSyntax(step: () => string): string | null {
  try {
    return step();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export const trust: Answerers = {
  "frame-outline": (input: string) => [declaredLength(unhex(input)), frameEnd(unhex(input))],
  frame: ({ padded, length, history, fixed }: Frame) => {
    const data = unhex(padded);
    return hex(decodeFrame(data, length ?? declaredLength(data), unhex(history ?? ""), fixed));
  },
  head: (input: string) => hexed(unpackHead(unhex(input))),
  canonical: (input: string) => unlessSyntax(() => canonical(parseJson(input))),
  matches: ([pattern, text]: [string, string]) => matches(pattern, text),
  "file-of": (role: string) => fileOf(role),
  stored: (files: Hexed) => hexed(toFiles(fromFiles(filesOf(files)))),
  session: play,
};
