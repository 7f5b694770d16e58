/**
 * The script inside the page: it brings the reader's program, piece by piece, and starts it.
 *
 * Code is carried as all else is, so that it comes through where connections freeze after 15 kB. Each piece is
 * compared with its name before it is used. That guards against mirrors that give other pieces, not against
 * one that gives another page: nothing in a page can (WEB.md). In a file the pieces lie beside this script.
 */

import { decompress } from "fzstd";
import type { Context, Facts, ProgramList, Shell } from "../page/context.ts";

export { decompress }; // the program's modules take it from here: see `addressOf`

type Bytes = Uint8Array<ArrayBuffer>;

const PIECE = 10_240;
const PATIENCE = 8_000; // milliseconds without a byte of any piece; an aborted request ends a connection that froze
const WHOLE = 120_000; // milliseconds for one piece, however often a byte of it comes
const ROUNDS = 4; // how often every source is asked for a piece
const MAGIC = "mirror-program\u0001";

const element = (id: string): HTMLElement | null => document.getElementById(id);
const show = (id: string, isShown: boolean): void => {
  (element(id) as HTMLElement).hidden = !isShown;
};
const said = JSON.parse(element("program")?.textContent ?? "") as {
  mirrors: string[];
  program: ProgramList;
  shell: Shell;
};
const origin = said.shell === "file" ? null : new URL("..", location.href).href;
const sources: string[] = [...(origin ? [origin] : []), ...said.mirrors];

/** Bytes that stand in the page as base64; null where there is no such element. */
function embedded(id: string): Bytes | null {
  const text = element(id)?.textContent;
  return text ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) : null;
}

let heard = 0; // when a byte of any piece came last

/**
 * The bytes at `address`, at most a piece. Given up when the whole link is silent, not when this request is: on a slow
 * one, pieces wait for one another longer than any fair patience with the last of them.
 */
async function got(address: string): Promise<Bytes> {
  const end = new AbortController();
  const began = performance.now();
  heard = began;
  const watch = setInterval(() => {
    const now = performance.now();
    if (now - heard > PATIENCE || now - began > WHOLE) end.abort();
  }, 500);
  try {
    const answer = await fetch(address, {
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: end.signal,
    });
    const reader = (answer.body as ReadableStream<Bytes>).getReader();
    const chunks: Bytes[] = [];
    for (let size = 0; ; ) {
      const { value } = await reader.read();
      if (!value) return new Uint8Array(await new Blob(chunks).arrayBuffer());
      heard = performance.now();
      size += value.length;
      if (size > PIECE) end.abort();
      chunks.push(value);
    }
  } finally {
    clearInterval(watch);
  }
}

async function piece(name: string): Promise<Bytes> {
  for (let attempt = 0; ; attempt++) {
    try {
      const data = await got(`${sources[attempt % sources.length]}p/${name.slice(0, 2)}/${name}`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
      if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === name) return data;
    } catch {
      // Another source, or the same one over another connection.
    }
    if (attempt >= ROUNDS * sources.length) throw new Error("no source gave a piece of the reader");
    if (attempt >= sources.length) await new Promise((done) => setTimeout(done, 300 * attempt));
  }
}

/** The files of the program. It is what the page itself named: nothing here needs to be strict. */
function unpack(raw: Bytes): Map<string, Bytes> {
  const files = new Map<string, Bytes>();
  let at = MAGIC.length;
  const number = () => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = raw[at++] as number;
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  };
  const data = () => {
    const length = number();
    at += length;
    return raw.slice(at - length, at);
  };
  for (let count = number(); count--; ) files.set(new TextDecoder().decode(data()), data());
  return files;
}

/**
 * The bytes that a list of pieces carries; `held` are pieces that need not be fetched.
 *
 * Where the reader is kept, what all readers need (`isAlways`) is kept unpacked beside the page: whoever can write there
 * can write the page itself, so it is not compared again. The rest would tell a language, or an invitation. It goes
 * when a newer version comes.
 */
async function carried(
  list: ProgramList,
  held: Map<string, Bytes>,
  isAlways: boolean,
  tell?: () => void,
): Promise<Bytes> {
  const kept = isAlways && navigator.serviceWorker?.controller ? await caches.open("reader") : null;
  const place = `${origin}r/raw/${list.pieces.join("-")}`;
  const ready = await (await kept?.match(place))?.arrayBuffer();
  if (ready?.byteLength === list.raw) return new Uint8Array(ready);
  const parts = await Promise.all(
    list.pieces.map(async (name) => {
      const data = held.get(name) ?? (await piece(name));
      held.set(name, data);
      tell?.();
      return data;
    }),
  );
  const padded = new Uint8Array(await new Blob(parts).arrayBuffer());
  const raw = decompress(padded, new Uint8Array(list.raw)) as Bytes;
  kept?.put(place, new Response(raw)).catch(() => {}); // a full disk: the pieces do
  return raw;
}

// How esbuild writes what a module takes from another.
const IMPORT = /(?<=\b(?:from|import))"(?:\.\/)?(fzstd|[\w.-]+\.js)"/g;
const addresses = new Map<string, Promise<string>>([["fzstd", Promise.resolve(import.meta.url)]]);

/**
 * The address of the program's module `name`. Modules name each other by names, which mean nothing beside a `blob:`
 * address; so those they take from stand in their texts by address. `read` gives bytes that were compared with names.
 */
function addressOf(name: string, read: (name: string) => Promise<Bytes>): Promise<string> {
  const made = async () => {
    let text = new TextDecoder().decode(await read(name));
    for (const [place, taken] of text.matchAll(IMPORT)) {
      text = text.replaceAll(place, `"${await addressOf(taken as string, read)}"`);
    }
    return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  };
  const address = addresses.get(name) ?? made();
  addresses.set(name, address);
  address.catch(() => addresses.delete(name)); // another try may find another mirror
  return address;
}

/** Remembers the pieces of `lists` that stand in a file, one after another. */
function take(id: string, lists: readonly ProgramList[], held: Map<string, Bytes>): void {
  const data = embedded(id);
  let at = 0;
  for (const { pieces, last } of data ? lists : []) {
    for (const [place, name] of pieces.entries()) {
      const start = at;
      at += place < pieces.length - 1 ? PIECE : last;
      held.set(name, (data as Bytes).slice(start, at));
    }
  }
}

async function open(): Promise<void> {
  const fragment = location.hash.slice(1);
  // An invitation is not left in the address bar or in a bookmark; in the history the browser has put it already.
  if (fragment) history.replaceState(null, "", location.pathname);
  const bar = element("bar") as HTMLProgressElement;
  const { program: list, shell } = said;
  const pieces = new Map<string, Bytes>();
  take("pieces", [list], pieces);
  const files = unpack(
    await carried(list, pieces, true, () => {
      bar.value += 1 / list.pieces.length;
    }),
  );
  const read = (name: string) => JSON.parse(new TextDecoder().decode(files.get(name))) as unknown;
  const parts = files.has("parts.json") ? (read("parts.json") as Record<string, ProgramList>) : {};
  take("parts", Object.values(parts), pieces);
  const archive = embedded("archive");
  const part = async (name: string) => {
    const wanted = parts[name];
    if (!wanted) throw new Error("there is no such part");
    return carried(wanted, pieces, /^(?:behind|more)\./.test(name));
  };
  const text = async (name: string) => files.get(name) ?? part(name);
  const code = async (name: string) => import(await addressOf(name, text));
  // Where the reader is kept nobody is asked: what a library's field needs is made ready beside what comes first.
  if (navigator.serviceWorker?.controller) for (const name of ["read.js", "more.js"]) addressOf(name, text);
  const context: Context = {
    shell,
    facts: read("facts.json") as Facts,
    origin,
    fragment,
    archive: archive && new Blob([archive]),
    files,
    list,
    pieces,
    sources,
    part,
    code,
  };
  const { start } = await code("reader.js");
  start(element("app") as HTMLElement, context);
}

if (globalThis.crypto?.subtle) {
  show("opening", true);
  open().catch(() => {
    show("opening", false);
    show("failed", true);
  });
} else {
  show("insecure", true);
}
