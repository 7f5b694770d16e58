/** Metadata as values: what a file says, unverified. As strict as python-tuf, and in places stricter. */

import { type Bytes, textOf } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { canonical, type Json, type JsonMap, parseJson } from "./json.ts";
import { ROOT, SNAPSHOT, TARGETS, type TargetInfo, TIMESTAMP } from "./state.ts";

/** A public key: `kind` is its type and scheme. */
export interface Key {
  readonly kind: string;
  readonly value: string;
}

/** Who must sign a role. */
export interface Role {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

/** What is delegated to a role: the paths that `patterns` match or whose digest begins with one of `prefixes`. */
export interface Delegation extends Role {
  readonly name: string;
  readonly isTerminating: boolean;
  readonly patterns?: readonly string[];
  readonly prefixes?: readonly string[];
}

/** Roles that share targets among them by the first `bits` of the digest of a path (TAP 15). */
export interface Bins extends Role {
  readonly bits: number;
  readonly prefix: string;
}

/** What is said of a metadata file. */
export interface MetaFile {
  readonly version: number;
  readonly length?: number;
  readonly hashes?: ReadonlyMap<string, string>;
}

/** The signed part of any file: what does not belong to its type is empty. */
export interface Signed {
  readonly type: string;
  readonly version: number;
  readonly expires: number;
  /** When the publisher says it was issued; 0 when he does not say, or says nonsense. */
  readonly issued: number;
  /** For which role it says that it was signed; undefined when it does not say. */
  readonly role: Json | undefined;
  readonly keys: ReadonlyMap<string, Key>;
  readonly roles: ReadonlyMap<string, Role>;
  readonly delegations: readonly Delegation[];
  readonly bins: Bins | null;
  readonly meta: ReadonlyMap<string, MetaFile>;
  readonly targets: ReadonlyMap<string, TargetInfo>;
  readonly isConsistent: boolean;
}

/** A whole file. `payload` is what was signed; `signatures` are by key id, as they came. */
export interface Metadata {
  readonly data: Bytes;
  readonly signed: Signed;
  readonly payload: string;
  readonly signatures: ReadonlyMap<string, Json>;
}

const TOP: readonly string[] = [ROOT, TIMESTAMP, SNAPSHOT, TARGETS];
// Those that python-tuf knows: another one makes the file unreadable. Not all of them are verified here.
const CURVES = "ecdsa-sha2-nistp(?:256|384|521)";
const RSA = "rsa(?:ssa-pss|-pkcs1v15)-sha(?:256|384|512)";
const KINDS = new RegExp(
  `^(?:ed25519/ed25519|ecdsa/${CURVES}|(${CURVES})/\\1|rsa/${RSA}|ml-dsa/ml-dsa-(?:44|65|87)/1)$`,
);

/** The metadata in `data`, unverified; `FormatError` when it is none. */
export function parse(data: Bytes): Metadata {
  try {
    const file = mapOf(parseJson(textOf(data)));
    const signatures = new Map<string, Json>();
    for (const each of listOf(file.get("signatures"))) {
      const [keyid, sig] = [textIn(mapOf(each), "keyid"), mapOf(each).get("sig")];
      need(!signatures.has(keyid) && sig !== undefined);
      signatures.set(keyid, sig);
    }
    const signed = known(mapOf(file.get("signed")));
    return { data, signed: signedOf(signed), payload: canonical(signed), signatures };
  } catch {
    throw new FormatError("metadata");
  }
}

/** What is not as it must be ends in the one error of `parse`. */
function need(isRight: boolean): asserts isRight {
  if (!isRight) throw new SyntaxError();
}

function mapOf(value: Json | undefined): JsonMap {
  need(value instanceof Map);
  return value;
}

function listOf(value: Json | undefined): readonly Json[] {
  need(Array.isArray(value));
  return value;
}

function textOfJson(value: Json | undefined): string {
  need(typeof value === "string");
  return value;
}

const textIn = (map: JsonMap, name: string): string => textOfJson(map.get(name));
const textsIn = (map: JsonMap, name: string): string[] => listOf(map.get(name)).map(textOfJson);

function numberIn(map: JsonMap, name: string, least = 1): number {
  const value = map.get(name);
  need(typeof value === "number" && Number.isSafeInteger(value) && value >= least);
  return value;
}

/** A map of maps, each made into another value. */
const each = <T>(map: Json | undefined, make: (value: JsonMap, name: string) => T): Map<string, T> =>
  new Map([...mapOf(map)].map(([name, value]): [string, T] => [name, make(mapOf(value), name)]));

/** The instant of a moment as TUF writes it. */
function instantOf(text: string): number {
  const milliseconds = Date.parse(text);
  // Written back, since the 31st of February is read as the 3rd of March. There is no year 0.
  need(/^(?!0000)\d{4}-.{14}Z$/.test(text));
  need(new Date(milliseconds).toISOString() === text.replace("Z", ".000Z"));
  return milliseconds / 1000;
}

function signedOf(map: JsonMap): Signed {
  const type = textIn(map, "_type");
  const expires = instantOf(textIn(map, "expires"));
  need(TOP.includes(type) && /^1(?:\.\d+){1,2}$/.test(textIn(map, "spec_version")));
  const ours = map.get("x-mirror");
  const [issued, role] = ours instanceof Map ? [ours.get("issued"), ours.get("role")] : [];
  const delegations = type === TARGETS && map.has("delegations") ? mapOf(map.get("delegations")) : null;
  const meta = type === TIMESTAMP || type === SNAPSHOT ? each(map.get("meta"), metaFile) : new Map();
  return {
    type,
    version: numberIn(map, "version"),
    expires,
    issued: isInstant(issued, expires) ? issued : 0,
    role,
    keys: type === ROOT || delegations ? each((delegations ?? map).get("keys"), keyOf) : new Map(),
    roles: type === ROOT ? topRoles(map.get("roles")) : new Map(),
    ...(delegations ? delegated(delegations) : { delegations: [], bins: null }),
    meta,
    targets: type === TARGETS ? each(map.get("targets"), target) : new Map(),
    isConsistent: map.get("consistent_snapshot") === true,
  };
}

/** `signed` without what python-tuf does not carry over into what it verifies: other files that a timestamp names. */
function known(signed: JsonMap): JsonMap {
  if (signed.get("_type") !== TIMESTAMP) return signed;
  const snapshot = mapOf(mapOf(signed.get("meta")).get("snapshot.json"));
  return new Map(signed).set("meta", new Map([["snapshot.json", snapshot]]));
}

/** R11: a statement cannot have been issued after its own expiry. */
const isInstant = (value: Json | undefined, expires: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= expires;

function keyOf(map: JsonMap): Key {
  const kind = `${textIn(map, "keytype")}/${textIn(map, "scheme")}`;
  need(KINDS.test(kind));
  return { kind, value: textIn(mapOf(map.get("keyval")), "public") };
}

function roleOf(map: JsonMap): Role {
  const keyids = textsIn(map, "keyids");
  need(new Set(keyids).size === keyids.length);
  return { keyids, threshold: numberIn(map, "threshold") };
}

function topRoles(map: Json | undefined): ReadonlyMap<string, Role> {
  const roles = each(map, roleOf);
  need(roles.size === TOP.length && TOP.every((name) => roles.has(name)));
  return roles;
}

function delegated(map: JsonMap): { delegations: Delegation[]; bins: Bins | null } {
  const [roles, bins] = [map.get("roles") ?? null, map.get("succinct_roles") ?? null];
  const delegations = roles === null ? [] : listOf(roles).map((role) => delegationOf(mapOf(role)));
  const names = new Set(delegations.map(({ name }) => name));
  // R5: no role can be delegated under the name of a top-level role.
  if (names.size !== delegations.length || ["", ...TOP].some((name) => names.has(name)))
    throw new SyntaxError();
  need((roles === null) !== (bins === null));
  return { delegations, bins: bins === null ? null : binsOf(mapOf(bins)) };
}

function delegationOf(map: JsonMap): Delegation {
  const [patterns, prefixes] = ["paths", "path_hash_prefixes"].map((name) =>
    (map.get(name) ?? null) === null ? undefined : textsIn(map, name),
  );
  const isTerminating = map.get("terminating");
  need(!patterns !== !prefixes && typeof isTerminating === "boolean");
  const role = { ...roleOf(map), name: textIn(map, "name"), isTerminating };
  return patterns ? { ...role, patterns } : { ...role, prefixes: prefixes as string[] };
}

function binsOf(map: JsonMap): Bins {
  const bits = numberIn(map, "bit_length");
  need(bits <= 32);
  return { ...roleOf(map), bits, prefix: textIn(map, "name_prefix") };
}

function hashesOf(value: Json | undefined): ReadonlyMap<string, string> {
  const hashes = mapOf(value);
  need(hashes.size > 0);
  return new Map([...hashes].map(([name, digest]): [string, string] => [name, textOfJson(digest)]));
}

function metaFile(map: JsonMap): MetaFile {
  const has = (name: string) => (map.get(name) ?? null) !== null;
  return {
    version: numberIn(map, "version"),
    ...(has("length") && { length: numberIn(map, "length", 0) }),
    ...(has("hashes") && { hashes: hashesOf(map.get("hashes")) }),
  };
}

const target = (map: JsonMap): TargetInfo => ({
  length: numberIn(map, "length", 0),
  hashes: hashesOf(map.get("hashes")),
});
