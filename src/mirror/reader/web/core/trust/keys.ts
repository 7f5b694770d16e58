/** Public keys and signatures through WebCrypto, and who signed a file. */

import { type Bytes, hex, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import type { Json } from "./json.ts";
import type { Key, Metadata, Role } from "./metadata.ts";

interface Loaded {
  readonly key: CryptoKey;
  /** Equal exactly for equal public keys, however they were written: hex has two cases, PEM has free line breaks. */
  readonly material: string;
  readonly algorithm: EcKeyImportParams & EcdsaParams & RsaHashedImportParams & RsaPssParams;
}

const loaded = new WeakMap<Key, Promise<Loaded>>();

/** What WebCrypto calls a kind of key: Ed25519, ECDSA on P-256, RSA. Others cannot be verified here. */
function algorithmOf(kind: string): Loaded["algorithm"] {
  const [, padding, bits] = /^rsa\/rsa(ssa-pss|-pkcs1v15)-sha(\d+)$/.exec(kind) ?? [];
  const name = kind.startsWith("ed")
    ? "Ed25519"
    : kind.endsWith("p256")
      ? "ECDSA"
      : padding === "ssa-pss"
        ? "RSA-PSS"
        : "RSASSA-PKCS1-v1_5";
  return { name, namedCurve: "P-256", hash: `SHA-${bits ?? 256}`, saltLength: Number(bits) / 8 };
}

async function load({ kind, value }: Key): Promise<Loaded> {
  const algorithm = algorithmOf(kind);
  const isRaw = kind.startsWith("ed");
  const pem = /-----BEGIN PUBLIC KEY-----([\s\w+/=]+)-----END PUBLIC KEY-----/.exec(value)?.[1];
  const data = isRaw
    ? looseUnhex(value)
    : Uint8Array.from(atob(pem ?? "-"), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey(isRaw ? "raw" : "spki", data, algorithm, true, ["verify"]);
  const { crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", key);
  return { key, algorithm, material: [crv, x, y, n, e].join() };
}

/** Hexadecimal as Python reads it: either case, and space between bytes. */
function looseUnhex(text: Json | undefined): Bytes {
  if (typeof text !== "string" || !/^(?:[ \t-\r]*[\da-f]{2})*[ \t-\r]*$/i.test(text))
    throw new FormatError("hex");
  return Uint8Array.from(text.match(/\w\w/g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * An ECDSA signature as WebCrypto takes it, out of the DER that is in metadata; strict, as OpenSSL.
 *
 *     30 length  02 length r  02 length s
 */
function unwrapped(der: Bytes): Bytes {
  const raw = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] as number;
    const number = der.subarray(at + 2, at + 2 + length);
    const isPadded = number[0] === 0 && length > 1;
    const digits = number.subarray(isPadded ? 1 : 0);
    // Not negative, and no zero that is not needed to say so.
    const isLeast = (number[0] as number) < 128 && (!isPadded || (digits[0] as number) > 127);
    if (der[at] !== 2 || number.length !== length || !isLeast) throw new FormatError("signature");
    raw.set(digits, end - digits.length); // throws when it is too long
    at += 2 + length;
  }
  if (der[0] !== 0x30 || der[1] !== at - 2 || der.length !== at) throw new FormatError("signature");
  return raw;
}

/** The material of `key` when it signed `payload`, or `null`, whatever is wrong. */
async function signedBy(key: Key, signature: Json | undefined, payload: Bytes): Promise<string | null> {
  try {
    if (!loaded.has(key)) loaded.set(key, load(key));
    const { key: imported, algorithm, material } = await (loaded.get(key) as Promise<Loaded>);
    const given = looseUnhex(signature);
    const raw = algorithm.name === "ECDSA" ? unwrapped(given) : given;
    return (await crypto.subtle.verify(algorithm, imported, raw, payload)) ? material : null;
  } catch {
    return null;
  }
}

/** The key ids of `role` that signed the file, one for each public key (R3), in order. */
export async function distinctSigners(
  role: Role,
  keys: ReadonlyMap<string, Key>,
  { payload, signatures }: Metadata,
): Promise<string[]> {
  const byKey = new Map<string, string>();
  const data = utf8(payload);
  for (const keyid of role.keyids) {
    const key = keys.get(keyid);
    const material = key && signatures.has(keyid) && (await signedBy(key, signatures.get(keyid), data));
    if (material && !byKey.has(material)) byKey.set(material, keyid);
  }
  return [...byKey.values()];
}

/** Whether `data` has the length and the digests that were signed of it, where any were. */
export async function isAsSigned(
  signed: { readonly length?: number; readonly hashes?: ReadonlyMap<string, string> },
  data: Bytes,
): Promise<boolean> {
  if (signed.length !== undefined && signed.length !== data.length) return false;
  for (const [name, digest] of signed.hashes ?? []) {
    const bits = /^sha(256|384|512)$/.exec(name)?.[1];
    if (!bits || hex(new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, data))) !== digest)
      return false;
  }
  return true;
}
