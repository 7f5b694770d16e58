/**
 * `*.mirror.zip`: a mirror's tree as one file, read in place in the one form that it has. The rules are those of
 * `archive.py`, FORMAT.md section 10.
 *
 * Every field of every header is compared with the only value that it can have: nothing but that form is accepted.
 */

import type { Bytes } from "../bytes.ts";
import { EndpointError, FormatError, LimitError } from "../errors.ts";
import { MAX_ARCHIVE, MAX_ARCHIVE_ENTRIES, MAX_PIECE, MAX_READER_FILE } from "../limits.ts";

/** Bytes of a file, which may be far larger than memory: fewer than `length` only at its end. */
export type Source = (offset: number, length: number) => Promise<Bytes>;

/** An archive whose directory was checked whole. */
export interface Archive {
  /** How many entries it has, and the path of each, in ascending order. */
  readonly size: number;
  path(place: number): string;
  /** The bytes of the entry `path`, as unverified as from any mirror; null where there is none. */
  read(path: string): Promise<Bytes | null>;
}

interface Entry {
  readonly path: string;
  readonly crc: number;
  readonly length: number;
  readonly offset: number;
  /** Where it ends in the directory. */
  readonly end: number;
}

const READER_PAGE = "[A-Za-z0-9](?:[A-Za-z0-9_-]|\\.(?=[A-Za-z0-9_-])){0,60}";
const NUMBER = "(?:0|[1-9][0-9]{0,9})";
const PATH = new RegExp(
  "^(?:p/([0-9a-f]{2})/\\1[0-9a-f]{62}" +
    "|m/timestamp\\.json|m/heads/[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?" +
    "|m/[1-9][0-9]{0,9}\\.[a-z0-9][a-z0-9_-]{0,60}\\.json" +
    `|s/${NUMBER}/${NUMBER}|r/(?:${READER_PAGE}/){0,2}${READER_PAGE})$`,
);
const MAX_PATH = 128;
const LATIN = new TextDecoder("latin1");

// The fields of each header as the bytes that they take, and how many those are.
const LOCAL = [4, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2];
const LOCAL_SIZE = 30;
const CENTRAL = [4, 2, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4];
const CENTRAL_SIZE = 46;
const EXTRA = [2, 2, 8];
const END = [4, 2, 2, 2, 2, 4, 4, 2];
const END_SIZE = 22;
const END64 = [4, 8, 2, 2, 4, 4, 8, 8, 8, 8];
const END64_SIZE = 56;
const LOCATOR = [4, 4, 8, 4];
const ENDS_SIZE = END64_SIZE + 20 + END_SIZE;
const LONGEST_ENTRY = CENTRAL_SIZE + MAX_PATH + 12;
const PLAIN = 20; // the version of ZIP that a reader must know
const ZIP64 = 45;
const UNIX = 3 << 8;
const DATE = 33; // 1980-01-01, the first day that ZIP knows
const MODE = 0o100644 * 0x10000; // an ordinary file
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;

const damaged = (): FormatError => new FormatError("archive-form");

/** The archive in the `total` bytes of `source`. Nothing but the end and the directory is read. */
export async function openArchive(source: Source, total: number): Promise<Archive> {
  if (total > MAX_ARCHIVE) throw new LimitError("archive-size");
  const tail = await source(Math.max(0, total - ENDS_SIZE), Math.min(total, ENDS_SIZE));
  const [count, size, start] = parseEnd(tail, total);
  const directory = await source(start, size);
  const places = new Uint32Array(count);
  const folded = new Set<string>();
  let at = 0;
  let expected = 0;
  let before = "";
  for (let place = 0; place < count; place++) {
    const entry = entryAt(directory, at);
    const { path, length, offset } = entry;
    const isReader = path.startsWith("r/"); // no other path has capitals
    const lower = path.toLowerCase();
    if (path.length > MAX_PATH || !PATH.test(path) || folded.has(lower))
      throw new FormatError("archive-path");
    if (length > (isReader ? MAX_READER_FILE : MAX_PIECE)) throw new LimitError("archive-size");
    if (!isEntry(directory, at, entry) || offset !== expected || path <= before) throw damaged();
    if (isReader) folded.add(lower);
    places[place] = at;
    at = entry.end;
    expected += LOCAL_SIZE + path.length + length;
    before = path;
  }
  if (at !== size || expected !== start) throw damaged();

  const entry = (place: number): Entry => entryAt(directory, places[place] as number);
  return {
    size: count,
    path: (place) => entry(place).path,
    async read(path) {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (entry(middle).path < path) low = middle + 1;
        else high = middle;
      }
      return low < count && entry(low).path === path ? content(source, entry(low)) : null;
    },
  };
}

/**
 * What the archive answers as a mirror, in a transport's words: the entry, of at most `limit` bytes; `EndpointError`
 * with `absent`, `broken` or `too-long`, as any mirror that has no such file, or a damaged one.
 */
export const mirrorOf =
  (archive: Archive) =>
  async (path: string, limit: number): Promise<Bytes> => {
    const data = await archive.read(path).catch(() => {
      throw new EndpointError("broken");
    });
    if (!data) throw new EndpointError("absent");
    if (data.length > limit) throw new EndpointError("too-long");
    return data;
  };

async function content(source: Source, { path, crc, length, offset }: Entry): Promise<Bytes> {
  const start = LOCAL_SIZE + path.length;
  const data = await source(offset, start + length);
  const isLocal = is(data, 0, LOCAL, 0x04034b50, PLAIN, 0, 0, 0, DATE, crc, length, length, path.length, 0);
  if (!isLocal || ascii(data, LOCAL_SIZE, start) !== path || data.length !== start + length) throw damaged();
  const content = data.slice(start);
  if (crc32(content) !== crc) throw new FormatError("archive-crc");
  return content;
}

/** How many entries the directory has, its size and its place: all as the end records of `total` bytes must say. */
function parseEnd(tail: Bytes, total: number): [count: number, size: number, start: number] {
  const at = tail.length - END_SIZE;
  if (at < 0 || field(tail, at, 4) !== 0x06054b50) throw new FormatError("not-an-archive");
  let count = field(tail, at + 10, 2);
  let size = field(tail, at + 12, 4);
  let start = field(tail, at + 16, 4);
  let end = total - END_SIZE;
  const isLarge = count === FULL16 || size === FULL32 || start === FULL32;
  if (isLarge) {
    count = field(tail, 32, 8);
    size = field(tail, 40, 8);
    start = field(tail, 48, 8);
    end = total - ENDS_SIZE;
    const isKnown =
      is(tail, 0, END64, 0x06064b50, END64_SIZE - 12, UNIX + ZIP64, ZIP64, 0, 0, count, count, size, start) &&
      is(tail, END64_SIZE, LOCATOR, 0x07064b50, 0, end, 1);
    if (!isKnown) throw damaged();
  }
  if (count > MAX_ARCHIVE_ENTRIES) throw new LimitError("archive-size");
  const shown = Math.min(count, FULL16);
  const ends = [Math.min(size, FULL32), Math.min(start, FULL32)];
  if (
    size > count * LONGEST_ENTRY ||
    start + size !== end ||
    isLarge !== (count >= FULL16 || size >= FULL32 || start >= FULL32) ||
    !is(tail, at, END, 0x06054b50, 0, 0, shown, shown, ...ends, 0)
  ) {
    throw damaged();
  }
  return [count, size, start];
}

/** What the directory's entry at `at` claims. */
function entryAt(directory: Bytes, at: number): Entry {
  const name = at + CENTRAL_SIZE;
  if (name > directory.length) throw damaged();
  const behind = name + field(directory, at + 28, 2);
  const offset = field(directory, at + 42, 4);
  const isFar = offset === FULL32;
  return {
    path: ascii(directory, name, behind),
    crc: field(directory, at + 16, 4),
    length: field(directory, at + 20, 4),
    offset: isFar ? field(directory, behind + 4, 8) : offset,
    end: behind + (isFar ? 12 : 0),
  };
}

/** Whether the directory's entry at `at` says this, and nothing else. */
function isEntry(directory: Bytes, at: number, { path, crc, length, offset, end }: Entry): boolean {
  const isFar = offset >= FULL32;
  const version = isFar ? ZIP64 : PLAIN;
  const plain = [0, 0, 0, DATE]; // no flags, stored, at 00:00
  const sizes = [length, length, path.length, isFar ? 12 : 0];
  const place = Math.min(offset, FULL32);
  const fields = [0x02014b50, UNIX + version, version, ...plain, crc, ...sizes, 0, 0, 0, MODE, place];
  return (
    is(directory, at, CENTRAL, ...fields) &&
    end === at + CENTRAL_SIZE + path.length + (isFar ? 12 : 0) &&
    end <= directory.length &&
    (!isFar || is(directory, end - 12, EXTRA, 1, 8, offset))
  );
}

/** Whether `values` stand at `at` in `data`, in little-endian, each in as many bytes as `sizes` say. */
function is(data: Bytes, at: number, sizes: readonly number[], ...values: readonly number[]): boolean {
  let start = at;
  return sizes.every((size, place) => {
    start += size;
    return field(data, start - size, size) === values[place];
  });
}

/** A little-endian number of `size` bytes; NaN, which equals nothing, where `data` is too short. */
function field(data: Bytes, at: number, size: number): number {
  let value = 0;
  for (let place = size; place--; ) value = value * 256 + (data[at + place] ?? Number.NaN);
  return value;
}

// What is above ASCII stays above it, and so is no path.
const ascii = (data: Bytes, start: number, end: number): string => LATIN.decode(data.subarray(start, end));

// Of each byte by itself (the reversed polynomial of IEEE 802.3).
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

function crc32(data: Bytes): number {
  let crc = -1;
  for (const byte of data) crc = (crc >>> 8) ^ (CRC[(crc ^ byte) & 255] as number);
  return ~crc >>> 0;
}
