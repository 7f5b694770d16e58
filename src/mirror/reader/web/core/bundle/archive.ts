/**
 * `*.mirror.zip`: a mirror's tree as one file, read in place in the one form that it has. The rules are those of
 * `archive.py`, FORMAT.md section 10.
 *
 * Every header is made again from what it says, and compared: so nothing but that form is accepted.
 */

import { type Bytes, concat, equal, utf8 } from "../bytes.ts";
import { FormatError, LimitError } from "../errors.ts";
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

const LOCAL = 30; // bytes of a local header, up to the path
const CENTRAL = 46;
const END = 22;
const END64 = 56;
const ENDS = END64 + 20 + END; // ZIP64's record and locator before the end record
const LONGEST_ENTRY = CENTRAL + MAX_PATH + 12;
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
  const [count, size, start] = parseEnd(
    await source(Math.max(0, total - ENDS), Math.min(total, ENDS)),
    total,
  );
  const directory = await source(start, size);
  const places = new Uint32Array(count);
  const folded = new Set<string>();
  let at = 0;
  let offset = 0;
  let before = "";
  for (let place = 0; place < count; place++) {
    const entry = entryAt(directory, at);
    const { path } = entry;
    const isReader = path.startsWith("r/"); // no other path has capitals
    const lower = path.toLowerCase();
    if (path.length > MAX_PATH || !PATH.test(path) || folded.has(lower))
      throw new FormatError("archive-path");
    if (entry.length > (isReader ? MAX_READER_FILE : MAX_PIECE)) throw new LimitError("archive-size");
    const header = directoryEntry(entry);
    if (
      !equal(directory.subarray(at, at + header.length), header) ||
      entry.offset !== offset ||
      path <= before
    ) {
      throw damaged();
    }
    if (isReader) folded.add(lower);
    places[place] = at;
    at += header.length;
    offset += LOCAL + path.length + entry.length;
    before = path;
  }
  if (at !== directory.length || at !== size || offset !== start) throw damaged();

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
      if (low === count || entry(low).path !== path) return null;
      return content(source, entry(low));
    },
  };
}

async function content(source: Source, entry: Entry): Promise<Bytes> {
  const header = localHeader(entry);
  const data = await source(entry.offset, header.length + entry.length);
  if (data.length !== header.length + entry.length || !equal(data.subarray(0, header.length), header)) {
    throw damaged();
  }
  const content = data.slice(header.length);
  if (crc32(content) !== entry.crc) throw new FormatError("archive-crc");
  return content;
}

/** How many entries the directory has, its size and its place; all fit into `total` bytes. */
function parseEnd(tail: Bytes, total: number): [count: number, size: number, start: number] {
  const at = tail.length - END;
  if (at < 0 || field(tail, at, 4) !== 0x06054b50) throw new FormatError("not-an-archive");
  let count = field(tail, at + 10, 2);
  let size = field(tail, at + 12, 4);
  let start = field(tail, at + 16, 4);
  if (count === FULL16 || size === FULL32 || start === FULL32) {
    if (tail.length < ENDS || field(tail, 0, 4) !== 0x06064b50) throw damaged();
    count = field(tail, 32, 8);
    size = field(tail, 40, 8);
    start = field(tail, 48, 8);
  }
  if (count > MAX_ARCHIVE_ENTRIES) throw new LimitError("archive-size");
  if (size > count * LONGEST_ENTRY || start + size > total) throw damaged();
  const end = endRecords(count, size, start);
  if (start + size + end.length !== total || !equal(tail.subarray(tail.length - end.length), end)) {
    throw damaged();
  }
  return [count, size, start];
}

/** What the directory's entry at `at` claims. */
function entryAt(directory: Bytes, at: number): Entry {
  if (at + CENTRAL > directory.length) throw damaged();
  const name = at + CENTRAL;
  const behind = name + field(directory, at + 28, 2);
  const offset = field(directory, at + 42, 4);
  return {
    path: String.fromCharCode(...directory.subarray(name, behind)),
    crc: field(directory, at + 16, 4),
    length: field(directory, at + 20, 4),
    offset: offset === FULL32 && field(directory, at + 30, 2) ? field(directory, behind + 4, 8) : offset,
  };
}

// Signature; version, flags, method, time, date; CRC-32, size twice; lengths of path and extra field.
const localHeader = ({ path, crc, length }: Entry): Bytes =>
  concat(
    fields("42222244422", 0x04034b50, PLAIN, 0, 0, 0, DATE, crc, length, length, path.length, 0),
    utf8(path), // ASCII by rule 4
  );

function directoryEntry({ path, crc, length, offset }: Entry): Bytes {
  const extra = offset < FULL32 ? new Uint8Array() : fields("228", 1, 8, offset);
  const version = extra.length ? ZIP64 : PLAIN;
  return concat(
    fields("4222222", 0x02014b50, UNIX + version, version, 0, 0, 0, DATE),
    // CRC-32, size twice; lengths of path and extra field; comment, disk, internal attributes
    fields("44422222", crc, length, length, path.length, extra.length, 0, 0, 0),
    fields("44", MODE, Math.min(offset, FULL32)),
    utf8(path),
    extra,
  );
}

/** What follows a directory of `count` entries and `size` bytes that begins at `start`. */
function endRecords(count: number, size: number, start: number): Bytes {
  const shown = Math.min(count, FULL16);
  const [shownSize, shownStart] = [Math.min(size, FULL32), Math.min(start, FULL32)];
  const end = fields("42222442", 0x06054b50, 0, 0, shown, shown, shownSize, shownStart, 0);
  if (count < FULL16 && size < FULL32 && start < FULL32) return end;
  return concat(
    fields("48224488", 0x06064b50, END64 - 12, UNIX + ZIP64, ZIP64, 0, 0, count, count),
    fields("88", size, start),
    fields("4484", 0x07064b50, 0, start + size, 1),
    end,
  );
}

/** `values` in little-endian, each in as many bytes as the digit in its place says. */
function fields(sizes: string, ...values: readonly number[]): Bytes {
  const data: number[] = [];
  values.forEach((value, place) => {
    let rest = value;
    for (let left = Number(sizes[place]); left--; rest = Math.floor(rest / 256)) data.push(rest % 256);
  });
  return Uint8Array.from(data);
}

/** A little-endian number of `size` bytes; NaN where `data` is too short. */
function field(data: Bytes, at: number, size: number): number {
  let value = 0;
  for (let place = size; place--; ) value = value * 256 + (data[at + place] ?? Number.NaN);
  return value;
}

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
