/** Unpacks the loader, which stands in the page compressed so that all of it is one piece, and runs it. */

const packed = document.getElementById("loader")?.textContent ?? "";
const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));

void new Response(stream)
  .blob()
  .then((script) => import(URL.createObjectURL(new Blob([script], { type: "text/javascript" }))));

export {};
