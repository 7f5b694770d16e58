/** An article's record in a cluster: what a page does not list. The rules are those of `record.py`, FORMAT.md section 5. */

import { FormatError } from "../errors.ts";
import { MAX_IMAGE, MAX_INSTANT, MAX_PIECES, PIECE_SIZES } from "../limits.ts";
import type { Article, Correction, Image, PieceList } from "../model.ts";
import { CONTROL } from "./wire.ts";

const GROUP = "\x1d";
const RECORD = "\x1e";
const UNIT = "\x1f";
const FIELD = "\x0b";
const MAX_PIXELS = 65_535; // WebP ends at 16,383, AVIF's decoders at 65,535
const DIGEST = 64; // hexadecimal digits

const damaged = (): FormatError => new FormatError("record");

/** The `count` records of a cluster's text. */
export function split(text: string, count: number): string[] {
  const records = text.split(GROUP);
  if (records.length !== count + 1 || records.pop()) throw damaged();
  return records;
}

/** `listed`, the article as its page lists it, completed from its record. */
export function decode(record: string, listed: Article): Article {
  const [summary, byline, source, credits, corrections, images, body] = fieldsOf(record, UNIT, 7);
  const article = {
    ...listed,
    summary: clean(summary),
    byline: clean(byline),
    source: clean(source),
    credits: items(credits).map(filled),
    corrections: items(corrections).map(correction),
    images: items(images).map(image),
    body: clean(body),
  };
  const isGone = article.state === "withdrawn" || article.state === "removed";
  if (isGone && (body || images)) throw damaged();
  return article;
}

/** So many strings. */
type Strings<Count extends number, Some extends string[] = []> = Some["length"] extends Count
  ? Some
  : Strings<Count, [...Some, string]>;

/** The fields of `text`, exactly `count`. */
function fieldsOf<Count extends number>(text: string, separator: string, count: Count): Strings<Count> {
  const fields = text.split(separator);
  if (fields.length !== count) throw damaged();
  return fields as Strings<Count>;
}

const items = (field: string): string[] => (field ? field.split(RECORD) : []);

function clean(text: string): string {
  if (CONTROL.test(text)) throw damaged();
  return text;
}

function filled(text: string): string {
  if (!text) throw damaged();
  return clean(text);
}

function correction(item: string): Correction {
  const space = item.indexOf(" ");
  if (space < 0) throw damaged();
  return { at: number(item.slice(0, space), MAX_INSTANT), text: filled(item.slice(space + 1)) };
}

function image(item: string): Image {
  const [length, last, digests, fullLength, fullLast, fullDigests, mediaType, width, height, alt, credit] =
    fieldsOf(item, FIELD, 11);
  const hasFull = fullLength || fullLast || fullDigests;
  return {
    thumbnail: tier(length, last, digests),
    full: hasFull ? tier(fullLength, fullLast, fullDigests) : null,
    mediaType: clean(mediaType),
    width: number(width, MAX_PIXELS),
    height: number(height, MAX_PIXELS),
    alt: clean(alt),
    credit: clean(credit),
  };
}

function tier(length: string, last: string, names: string): PieceList {
  const rawLength = number(length, MAX_IMAGE);
  const lastSize = PIECE_SIZES[number(last, PIECE_SIZES.length - 1)] as number;
  const count = names.length / DIGEST;
  if (!rawLength || count > MAX_PIECES || !/^(?:[0-9a-f]{64})+$/.test(names)) throw damaged();
  const digests = Array.from({ length: count }, (_, place) =>
    names.slice(place * DIGEST, (place + 1) * DIGEST),
  );
  return { rawLength, digests, lastSize };
}

function number(text: string, most: number): number {
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(text) || Number(text) > most) throw damaged();
  return Number(text);
}
