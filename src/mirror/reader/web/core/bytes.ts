/** Bytes as text and back. Everything here is strict: one spelling, or an error. */

import { FormatError } from "./errors.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/** The bytes of a text. A lone surrogate becomes U+FFFD: check texts of strangers before. */
export const utf8 = (text: string): Bytes => ENCODER.encode(text);

/** The text of UTF-8 bytes; `FormatError` with `code` when they are not. */
export function textOf(data: Bytes, code = "utf-8"): string {
  try {
    return DECODER.decode(data);
  } catch {
    throw new FormatError(code);
  }
}

/** Lower-case hexadecimal. */
export function hex(data: Bytes): string {
  let text = "";
  for (const byte of data) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes of lower-case hexadecimal; `FormatError` with `code` for anything else. */
export function unhex(text: string, code = "hex"): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new FormatError(code);
  const data = new Uint8Array(text.length / 2);
  for (let place = 0; place < data.length; place++) {
    data[place] = Number.parseInt(text.slice(2 * place, 2 * place + 2), 16);
  }
  return data;
}

/** All parts, one after another. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both hold the same bytes. Takes as long as the shorter common start: not for secrets. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

/** Big-endian, `size` bytes (at most 6). */
export function bigEndian(value: number, size: number): Bytes {
  const data = new Uint8Array(size);
  for (let place = size - 1; place >= 0; place--) {
    data[place] = value % 256;
    value = Math.floor(value / 256);
  }
  return data;
}

/** Whether `text` has more than `most` characters, counted as Python counts: no pair counts twice. */
export const isLonger = (text: string, most: number): boolean =>
  text.length > 2 * most || (text.length > most && [...text].length > most);
