/**
 * The command line that the TUF conformance suite drives, around the metadata session of the browser's core.
 *
 *   node tuf_client.mjs --metadata-dir D init ROOT
 *   node tuf_client.mjs --metadata-url U --metadata-dir D refresh
 *   node tuf_client.mjs --metadata-url U --metadata-dir D --target-name T [--target-name T2 …]
 *                       --target-dir TD --target-base-url B download
 *
 * As `tests/conformance/tuf_client.py`: exit status 0, or 1 when any part failed. What was verified stands in D, byte for
 * byte as it came, under names without versions, also when a later step failed.
 */

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bytes, concat } from "../../../src/mirror/reader/web/core/bytes.ts";
import { EndpointError, MirrorError, TrustError } from "../../../src/mirror/reader/web/core/errors.ts";
import { isAsSigned } from "../../../src/mirror/reader/web/core/trust/keys.ts";
import { MetadataSession } from "../../../src/mirror/reader/web/core/trust/session.ts";
import {
  ABSENT,
  fileOf,
  newcomer,
  type SessionLimits,
  type TargetInfo,
  type Verified,
} from "../../../src/mirror/reader/web/core/trust/state.ts";

const ROOT = "root.json";

// What generic TUF clients allow.
const STANDARD_LIMITS: SessionLimits = {
  root: 512_000,
  timestamp: 16_384,
  snapshot: 2_000_000,
  targets: 5_000_000,
  rotations: 256,
  delegations: 32,
};

const read = async (path: string): Promise<Bytes> => Uint8Array.from(await readFile(path));

/** Replace `path` in one step. */
async function write(path: string, data: Bytes): Promise<void> {
  await writeFile(`${path}.tmp`, data);
  await rename(`${path}.tmp`, path);
}

/** The body at `path` below `base`, at most `limit` bytes; `EndpointError` for anything else. */
async function get(base: string, path: string, limit: number): Promise<Bytes> {
  const url = `${base.replace(/\/?$/, "/")}${path}`;
  const parts: Uint8Array[] = [];
  let left = limit;
  try {
    const answer = await fetch(url, { redirect: "manual", headers: { "accept-encoding": "identity" } });
    if (answer.status === 404) throw new EndpointError(ABSENT);
    if (answer.status !== 200) throw new EndpointError("refused");
    for await (const part of answer.body ?? []) {
      left -= part.length;
      if (left < 0) throw new EndpointError("too-long");
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof EndpointError ? error : new EndpointError("unreachable");
  }
  return concat(...parts);
}

async function openSession(folder: string, wanted: readonly string[]): Promise<MetadataSession> {
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(".json")) : [];
  const files = new Map<string, Bytes>();
  for (const name of names) files.set(name, await read(join(folder, name)));
  const root = files.get(ROOT);
  if (!root) throw new TrustError("no-root");
  files.delete(ROOT);
  const now = Math.floor(Date.now() / 1_000);
  const options = { now, wanted, limits: STANDARD_LIMITS, isStrict: true };
  return MetadataSession.begin({ ...newcomer(root), files }, ["repository"], options);
}

async function refresh(session: MetadataSession, folder: string, url: string): Promise<Verified> {
  try {
    for (let asks = session.requests(); asks.length; asks = session.requests()) {
      for (const ask of asks) {
        const answer = await get(url, ask.path, ask.limit).catch((error: EndpointError) => error);
        if (answer instanceof EndpointError) await session.failed(ask, answer.code);
        else await session.received(ask, answer);
      }
    }
    return session.result();
  } finally {
    for (const [name, data] of session.accepted) await write(join(folder, name), data);
  }
}

/** Where a target lies below the base; a target path is a URL's path by definition, almost. */
function targetUrlPath(path: string, { hashes }: TargetInfo, hasPrefix: boolean): string {
  const place = path.lastIndexOf("/") + 1;
  const digest = hashes.get("sha256") ?? [...hashes.values()][0];
  const named = hasPrefix ? `${path.slice(0, place)}${digest}.${path.slice(place)}` : path;
  const escaped = named.replace(/%(?![0-9A-Fa-f]{2})/g, "%25");
  return escaped.split("%").map(encodeURI).join("%");
}

async function download(verified: Verified, path: string, base: string, folder: string): Promise<void> {
  const target = await verified.target(path);
  if (!target) throw new TrustError("no-target");
  const kept = join(folder, fileOf(path).replace(/\.json$/, ""));
  if (existsSync(kept) && (await isAsSigned(target, await read(kept)))) return;
  const data = await get(base, targetUrlPath(path, target, verified.isConsistent), target.length);
  if (!(await isAsSigned(target, data))) throw new TrustError("target-hash");
  await mkdir(folder, { recursive: true });
  await write(kept, data);
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "metadata-dir": { type: "string" },
      "metadata-url": { type: "string", default: "" },
      "target-name": { type: "string", multiple: true, default: [] },
      "target-dir": { type: "string", default: "" },
      "target-base-url": { type: "string", default: "" },
    },
  });
  const [command, root] = positionals;
  const folder = values["metadata-dir"];
  if (!folder || !/^(?:init|refresh|download)$/.test(command ?? ""))
    throw new TypeError("see the first comment");
  if (command === "init") {
    await mkdir(folder, { recursive: true });
    return write(join(folder, ROOT), await read(root ?? ""));
  }
  const wanted = command === "download" ? values["target-name"] : [];
  const verified = await refresh(await openSession(folder, wanted), folder, values["metadata-url"]);
  for (const path of wanted) {
    await download(verified, path, values["target-base-url"], values["target-dir"]);
  }
}

try {
  await run();
} catch (error) {
  if (!(error instanceof MirrorError || (error instanceof Error && "code" in error))) throw error;
  process.stderr.write(`${error.code}\n`);
  process.exitCode = 1;
}
