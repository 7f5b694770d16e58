/** The few fields that invitations and slips are made of (`rotation/binary.py`, ROTATION.md section 5). */

import { type Bytes, bigEndian, concat, utf8 } from "../bytes.ts";
import { FormatError } from "../errors.ts";
import { MAX_ENTRANCES } from "../limits.ts";
import { type Entrance, isAddress, PATH_KEY_SIZE } from "./paths.ts";

const HAS_KEY = 1;
const IS_PLAIN = 2; // http, as onion services are reached

export type Cursor = ReturnType<typeof cursor>;

/** Takes fields from `data` one after the other; `code` is that of every `FormatError`. */
export function cursor(data: Bytes, code: string) {
  let at = 0;
  const check = (claim: boolean): void => {
    if (!claim) throw new FormatError(code);
  };
  const take = (size: number): Bytes => {
    check(size <= data.length - at);
    at += size;
    return data.slice(at - size, at);
  };
  const number = (size: number): number => take(size).reduce((value, byte) => value * 256 + byte, 0);
  /** ASCII; other bytes become what no grammar of ours takes. */
  const text = (size: number): string => String.fromCharCode(...take(size));
  const entrance = (): Entrance => {
    const flags = number(1);
    check(flags <= (HAS_KEY | IS_PLAIN));
    const address = `http${flags & IS_PLAIN ? "" : "s"}://${text(number(1))}`;
    const key = take(flags & HAS_KEY ? PATH_KEY_SIZE : 0);
    check(isAddress(address));
    return { text: address, key };
  };
  return {
    check,
    take,
    number,
    text,
    /** All that was not taken yet. */
    rest: (): Bytes => take(data.length - at),
    entrances(): Entrance[] {
      const count = number(1);
      check(count <= MAX_ENTRANCES);
      return Array.from({ length: count }, entrance);
    },
  };
}

/** What `entrances` reads. */
export function written(entrances: readonly Entrance[]): Bytes {
  const each = entrances.map(({ text, key }) => {
    const [scheme, rest = ""] = text.split(/:\/\/(.*)/, 2);
    const flags = (key.length && HAS_KEY) | (scheme === "http" ? IS_PLAIN : 0);
    return concat(Uint8Array.of(flags, rest.length), utf8(rest), key);
  });
  return concat(bigEndian(entrances.length, 1), ...each);
}
