/**
 * What a browser asks for when somebody puts the reader on a home screen. An icon there can be found by whoever looks at
 * the device: so it has a plain name, and three lines like any list.
 */

import { deflateSync } from "node:zlib";

const SIDE = 192; // what browsers want at least
const PAPER = [0x47, 0x55, 0x69];
const INK = [0xff, 0xff, 0xff];
/** Lines of the picture, as `[left, top, right, bottom]` in twelfths; well inside of what a round mask leaves. */
const LINES = [
  [3, 3.5, 9, 4.5],
  [3, 5.5, 9, 6.5],
  [3, 7.5, 7, 8.5],
];

/** The CRC-32 of PNG. */
function checksum(data) {
  let value = 0xffffffff;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(kind, data) {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  const body = Buffer.concat([Buffer.from(kind), data]);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(checksum(body));
  return Buffer.concat([length, body, sum]);
}

/** One bit for each point: whether there is ink. */
function points() {
  const rows = Array.from({ length: SIDE }, () => Buffer.alloc(1 + SIDE / 8)); // the first byte: no filter
  for (const line of LINES) {
    const [left, top, right, bottom] = line.map((each) => (each * SIDE) / 12);
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) rows[y][1 + (x >> 3)] |= 128 >> (x & 7);
  }
  return Buffer.concat(rows);
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIDE, 0);
header.writeUInt32BE(SIDE, 4);
header[8] = 1; // one bit for each point
header[9] = 3; // which chooses of a palette

/** A PNG. */
export const icon = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk("IHDR", header),
  chunk("PLTE", Buffer.from([...PAPER, ...INK])),
  chunk("IDAT", deflateSync(points(), { level: 9 })),
  chunk("IEND", Buffer.alloc(0)),
]);

export const manifest = JSON.stringify({
  name: "News",
  short_name: "News",
  start_url: "index.html",
  scope: "./",
  display: "standalone",
  background_color: "#ffffff",
  theme_color: "#ffffff",
  icons: [{ src: "icon.png", sizes: `${SIDE}x${SIDE}`, type: "image/png", purpose: "any maskable" }],
});
