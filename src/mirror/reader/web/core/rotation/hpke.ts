/**
 * Sealing one message for the holder of an X25519 key: HPKE in base mode (`rotation/hpke.py`, RFC 9180).
 *
 * The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; one message for each key, so its number is always
 * 0, and there is no associated data.
 */

import { type Bytes, bigEndian, concat, unhex, utf8 } from "../bytes.ts";
import { hkdf, hmac } from "../crypto.ts";

const KEY_SIZE = 32;
const KEM = concat(utf8("KEM"), bigEndian(0x0020, 2));
const SUITE = concat(utf8("HPKE"), unhex("002000010002"));
const BASE = new Uint8Array(1); // the mode
const NOTHING = new Uint8Array();
/** What stands before a private key in PKCS #8 (RFC 8410): WebCrypto takes no bare one. */
const PKCS8 = unhex("302e020100300506032b656e04220420");
/** X25519 of a private key and this is its public half (RFC 7748, section 6.1). */
const POINT = Uint8Array.of(9, ...new Uint8Array(KEY_SIZE - 1));

const publicKey = (raw: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", raw, "X25519", false, []);

/** Whether this browser has X25519: Chromium 133, Firefox 130, Safari 17. */
export const canSeal = (): Promise<boolean> =>
  publicKey(POINT).then(
    () => true,
    () => false,
  );

/**
 * `message` for the holder of `key`: 48 bytes longer; `null` when that is no key.
 *
 * `fresh` are 32 random bytes, never used before; `info` says what this is for.
 */
export async function seal(message: Bytes, key: Bytes, info: Bytes, fresh: Bytes): Promise<Bytes | null> {
  const ours = await crypto.subtle.importKey("pkcs8", concat(PKCS8, fresh), "X25519", false, ["deriveBits"]);
  const agreed = async (other: Bytes): Promise<Bytes> => {
    const parameters = { name: "X25519", public: await publicKey(other) };
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, ours, 8 * KEY_SIZE));
  };
  const sent = await agreed(POINT);
  // Points of small order, whose secret everybody knows, are refused by WebCrypto (RFC 9180, 7.1.4).
  const shared = await agreed(key).catch(() => null);
  if (!shared) return null;
  const [secret, nonce] = await schedule(shared, concat(sent, key), info);
  const cipher = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, cipher, message);
  return concat(sent, new Uint8Array(sealed));
}

export type Seal = typeof seal;

/** Key and nonce of the one message (RFC 9180, sections 4.1 and 5.1). */
async function schedule(shared: Bytes, both: Bytes, info: Bytes): Promise<[Bytes, Bytes]> {
  const agreed = labeled("shared_secret", both, KEM, 32);
  const salt = await hkdf(labeled("eae_prk", shared, KEM), agreed, 32);
  const hashes = [await extract("psk_id_hash", NOTHING), await extract("info_hash", info)];
  const context = concat(BASE, ...hashes);
  const base = await extract("secret", NOTHING, salt);
  // Of at most 32 bytes: one round of HKDF's (RFC 5869, section 2.3).
  const expand = async (label: string, size: number) =>
    (await hmac(base, concat(labeled(label, context, SUITE, size), Uint8Array.of(1)))).slice(0, size);
  return [await expand("key", 32), await expand("base_nonce", 12)];
}

/** What is extracted from, or, where `size` is said, expanded with. */
const labeled = (label: string, data: Bytes, suite = SUITE, size?: number): Bytes =>
  concat(size ? bigEndian(size, 2) : NOTHING, utf8("HPKE-v1"), suite, utf8(label), data);

const extract = (label: string, key: Bytes, salt: Bytes = new Uint8Array(32)): Promise<Bytes> =>
  hmac(salt, labeled(label, key));
