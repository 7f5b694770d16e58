/**
 * A library by choice: encrypted records in IndexedDB, of which a finder sees neither labels nor contents.
 *
 * 1. The key of everything is random; the passphrase (PBKDF2-SHA-256) only seals it. Without that one record the others
 *    are noise, which makes wiping quick.
 * 2. A record is AES-256-GCM with a random nonce and its own name as associated data, so that no record can be moved to
 *    another's place. Names are keyed digests of labels.
 * 3. What is inside is filled up to a multiple of `STEP`, which takes any piece: all pieces look alike.
 * 4. A record that does not open is as good as none: a damaged disk loses one piece, not the library.
 * 5. Records are written in one transaction each; `tidy` comes last, so a save that was cut off leaves the one before.
 */

import { type Bytes, bigEndian, concat, hex, utf8 } from "../core/bytes.ts";
import type { Store } from "../core/client/store.ts";
import { hkdf, hmac, openGcm } from "../core/crypto.ts";
import { StorageError } from "../core/errors.ts";
import { MAX_PIECE } from "../core/limits.ts";
import { LIBRARY } from "./app.ts";

/** A store that was chosen. It keeps pieces only while an edition is saved: see `Pieces.keeping`. */
export interface Library extends Store {
  /** Let go of every piece but these. */
  tidy(names: Iterable<string>): Promise<void>;
}

const RECORDS = "records";
const HEADER = "0"; // no record is called so: they have 32 digits
// Labels of records.
const STATE = "state";
const PIECE = "piece ";
const ROUNDS = 600_000;
const NONCE = 12;
const STEP = MAX_PIECE + 4;

/** What stands in the header: how the passphrase opens the key, and nothing of the reader. */
interface Header {
  readonly rounds: number;
  readonly salt: Bytes;
  readonly sealed: Bytes;
}

const done = <Value>(request: IDBRequest<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new StorageError("library"));
  });

const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));

async function database(): Promise<IDBDatabase> {
  const request = indexedDB.open(LIBRARY);
  request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
  return done(request);
}

async function records<Value>(
  base: IDBDatabase,
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const transaction = base.transaction(RECORDS, mode);
  const value = await done(act(transaction.objectStore(RECORDS)));
  if (mode === "readwrite") {
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(new StorageError("library"));
    });
  }
  return value;
}

async function fromPassphrase(passphrase: string, salt: Bytes, rounds: number): Promise<Bytes> {
  const given = utf8(passphrase.normalize("NFC"));
  const key = await crypto.subtle.importKey("raw", given, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

async function seal(key: Bytes, data: Bytes, bound: Bytes): Promise<Bytes> {
  const nonce = random(NONCE);
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const how = { name: "AES-GCM", iv: nonce, additionalData: bound };
  return concat(nonce, new Uint8Array(await crypto.subtle.encrypt(how, imported, data)));
}

/** Make a library that `passphrase` opens, in the place of one that may be there. */
export async function create(passphrase: string): Promise<Library> {
  const base = await database();
  const [key, salt] = [random(32), random(16)];
  const sealed = await seal(await fromPassphrase(passphrase, salt, ROUNDS), key, utf8(HEADER));
  await records(base, "readwrite", (store) => store.clear());
  await records(base, "readwrite", (store) => store.put({ rounds: ROUNDS, salt, sealed }, HEADER));
  return opened(base, key);
}

/**
 * The library that is here.
 *
 * Throws `StorageError`: `library-passphrase` when it is not this one, `library-missing` when there is none.
 */
export async function open(passphrase: string): Promise<Library> {
  const base = await database();
  const header = (await records(base, "readonly", (store) => store.get(HEADER))) as Header | undefined;
  if (!header) {
    base.close();
    throw new StorageError("library-missing");
  }
  const outer = await fromPassphrase(passphrase, header.salt, header.rounds);
  const key = await openGcm(outer, header.sealed.slice(0, NONCE), header.sealed.slice(NONCE), utf8(HEADER));
  if (!key) {
    base.close();
    throw new StorageError("library-passphrase");
  }
  return opened(base, key);
}

async function opened(base: IDBDatabase, key: Bytes): Promise<Library> {
  const [contents, names] = [await hkdf(key, utf8("content"), 32), await hkdf(key, utf8("names"), 32)];
  const nameOf = async (label: string) => hex((await hmac(names, utf8(label))).slice(0, 16));
  base.onversionchange = () => base.close(); // a wipe in another tab must not wait for this one
  const read = async (label: string): Promise<Bytes | null> => {
    const name = await nameOf(label);
    const sealed = (await records(base, "readonly", (store) => store.get(name))) as Bytes | undefined;
    if (!(sealed instanceof Uint8Array)) return null;
    const padded = await openGcm(contents, sealed.slice(0, NONCE), sealed.slice(NONCE), utf8(name));
    if (!padded) return null; // rule 4
    return padded.slice(4, 4 + new DataView(padded.buffer).getUint32(0));
  };
  const write = async (label: string, data: Bytes): Promise<void> => {
    const name = await nameOf(label);
    const size = Math.ceil((data.length + 4) / STEP) * STEP; // rule 3
    const padded = concat(bigEndian(data.length, 4), data, new Uint8Array(size - 4 - data.length));
    const sealed = await seal(contents, padded, utf8(name));
    await records(base, "readwrite", (store) => store.put(sealed, name));
  };
  return {
    load: () => read(STATE),
    commit: (generation) => write(STATE, generation),
    piece: (name) => read(PIECE + name),
    keep: (name, data) => write(PIECE + name, data),
    async tidy(pieces) {
      const labels = [STATE, ...Array.from(pieces, (name) => PIECE + name)];
      const kept = new Set([HEADER, ...(await Promise.all(labels.map(nameOf)))]);
      for (const name of await records(base, "readonly", (store) => store.getAllKeys())) {
        if (!kept.has(`${name}`)) await records(base, "readwrite", (store) => store.delete(name));
      }
    },
  };
}
