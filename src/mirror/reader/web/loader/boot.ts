/**
 * Unpacks the loader, which stands in the page compressed so that all of it is one piece, and runs it.
 *
 * Five letters stand for four bytes, where base64 takes a fifteenth more: digits of base 85, from "(" on without "<"
 * and "@", which mean something in the page (`build.mjs`).
 */

const packed = document.getElementById("loader")?.textContent ?? "";
const bytes = new DataView(new ArrayBuffer((packed.length / 5) * 4));
for (let at = 0; at < packed.length; at += 5) {
  let value = 0;
  for (const letter of packed.slice(at, at + 5)) {
    const code = letter.charCodeAt(0);
    value = value * 85 + code - 40 - +(code > 60) - +(code > 64);
  }
  bytes.setUint32((at / 5) * 4, value);
}

const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));

void new Response(stream)
  .blob()
  .then((script) => import(URL.createObjectURL(new Blob([script], { type: "text/javascript" }))));

export {};
