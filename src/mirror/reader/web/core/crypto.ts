/**
 * What WebCrypto gives, and nothing else: the same in pages, workers and Node.
 *
 * `crypto.subtle` is absent in pages over plain http (other than loopback): such a page cannot verify and says so
 * before anything else is done.
 */

import { type Bytes, hex } from "./bytes.ts";

/** The SHA-256 of `data`, 32 bytes. */
export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** The SHA-256 of `data` in hexadecimal: the name of a piece. */
export async function digestOf(data: Bytes): Promise<string> {
  return hex(await sha256(data));
}

/** Whether `signature` (64 bytes) over `data` is that of the raw Ed25519 key (32 bytes). Never throws for bad bytes. */
export async function verifyEd25519(key: Bytes, signature: Bytes, data: Bytes): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, data);
  } catch {
    return false;
  }
}

/** HKDF-SHA256 (RFC 5869) without salt. */
export async function hkdf(key: Bytes, info: Bytes, length: number): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
  const salt = new Uint8Array(32);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt, info },
    imported,
    8 * length,
  );
  return new Uint8Array(bits);
}

/** HMAC-SHA256, 32 bytes. */
export async function hmac(key: Bytes, data: Bytes): Promise<Bytes> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
}

/** What AES-256-GCM sealed (tag behind the ciphertext), or `null` when key, nonce, bytes or `bound` are others. */
export async function openGcm(key: Bytes, nonce: Bytes, sealed: Bytes, bound: Bytes): Promise<Bytes | null> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  try {
    const parameters = { name: "AES-GCM", iv: nonce, additionalData: bound };
    return new Uint8Array(await crypto.subtle.decrypt(parameters, imported, sealed));
  } catch {
    return null;
  }
}
