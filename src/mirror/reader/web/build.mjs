/**
 * Builds the reader's programs from TypeScript.
 *
 *   node build.mjs                      `built/`: what travels in the package
 *   node build.mjs --answers FILE       the program that answers the Python tests
 *   node build.mjs --conformance FILE   the program that the TUF conformance suite drives
 *
 * `built/page/` holds what a publication signs as the program of its reader, `built/parts/` what that fetches where it
 * is needed (bundle/FORMAT.md section 14). The same sources and lock file give the same bytes.
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { icon, manifest } from "./loader/icon.mjs";
import { messagesOf, styles, texts } from "./page/parts.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
// What WebCrypto's Ed25519 needs anyway: Chromium 137, Firefox 130, Safari 17.
const BROWSERS = ["chrome111", "firefox115", "safari16.4"];
const SHARED = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  write: false,
};
const SMALL = { ...SHARED, minify: true, target: BROWSERS };

/** The one file that esbuild makes of `entry`. */
async function made(entry, options) {
  const { outputFiles } = await build({ ...options, entryPoints: [entry] });
  return outputFiles[0].text.trimEnd();
}

/** The module `text` in fewer bytes than esbuild makes of it: 4 % of what travels. */
async function smallest(text) {
  const { code } = await minify(text, { compress: { ecma: 2020, passes: 3 }, ecma: 2020, module: true });
  return code.replace(/;$/, "");
}

/**
 * Modules by name: those that are run from the start, and those that are parts of the program (`page/main.ts`).
 *
 * What several entries share esbuild puts into files of its own, one for each set of entries: `shared.js`, which all
 * take from, is the program, `behind.js` the part that `read.js` and `more.js` stand on. Of `read.js` itself nothing is
 * left but names, which are at hand from the start.
 */
async function modules() {
  const { metafile, outputFiles } = await build({
    ...SMALL,
    entryPoints: {
      invited: "page/invited.ts",
      more: "page/more.ts",
      read: "page/read.ts",
      reader: "page/main.ts",
    },
    external: ["fzstd"], // the loader's
    format: "esm",
    metafile: true,
    outdir: "/",
    plugins: [texts, styles],
    splitting: true,
  });
  const nameOf = (path) => path.split("/").at(-1);
  const takenBy = (entry) =>
    Object.entries(metafile.outputs)
      .filter(([path]) => nameOf(path) === entry)
      .flatMap(([, { imports }]) => imports.map(({ path }) => nameOf(path)));
  const names = new Map();
  for (const name of takenBy("reader.js")) names.set(name, "shared.js");
  for (const name of takenBy("read.js")) if (!names.has(name)) names.set(name, "behind.js");
  if (names.size !== 2 || outputFiles.length !== 6) throw new Error("there are other files than are known");
  const found = { first: {}, parts: {} };
  for (const { path, text } of outputFiles) {
    const name = names.get(nameOf(path)) ?? nameOf(path);
    let renamed = text;
    for (const [before, after] of names) renamed = renamed.replaceAll(before, after);
    const group = ["reader.js", "read.js", "shared.js"].includes(name) ? found.first : found.parts;
    group[name] = await smallest(renamed);
  }
  return found;
}

/** `files` alone in the folder `name` of what is built. */
async function write(name, files) {
  const folder = `${HERE}built/${name}/`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(folder + name, text);
}

/** `script` compressed to a number of bytes that four divides: spaces behind it change nothing but that. */
function packed(script) {
  for (let text = script; ; text += " ") {
    const data = deflateRawSync(text, { level: 9 });
    if (data.length % 4 === 0) return data;
  }
}

/** As `loader/boot.ts` reads it. */
function lettersOf(data) {
  let text = "";
  for (let at = 0; at < data.length; at += 4) {
    const value = data.readUInt32BE(at);
    for (let unit = 85 ** 4; unit >= 1; unit /= 85) {
      const digit = Math.floor(value / unit) % 85;
      text += String.fromCharCode(40 + digit + (digit > 19) + (digit > 22));
    }
  }
  return text;
}

async function page() {
  const boot = await smallest(await made("loader/boot.ts", { ...SMALL, format: "iife" }));
  const script = await smallest(await made("loader/loader.ts", { ...SMALL, format: "esm" }));
  const loader = lettersOf(packed(script));
  const style = await made("loader/style.css", SMALL);
  const hash = createHash("sha256").update(boot).digest("base64");
  const template = await readFile(`${HERE}loader/index.html`, "utf8");
  const filled = { boot, hash, style, loader };
  const index = template.trimEnd().replace(/@(boot|hash|style|loader)@/g, (_, name) => filled[name]);
  const { first, parts } = await modules();
  parts["index.html"] = index; // a browser that asks for the program has it
  parts["sw.js"] = await made("worker/sw.ts", { ...SMALL, format: "iife" });
  parts["app.webmanifest"] = manifest;
  parts["icon.png"] = icon;
  for (const name of await readdir(`${HERE}page/text`)) {
    const tag = name.replace(".ftl", "").toLowerCase();
    if (["en", "read", "more"].includes(tag)) continue; // English is inside of the program
    const messages = messagesOf(await readFile(`${HERE}page/text/${name}`, "utf8"), name);
    parts[`text.${tag}.json`] = JSON.stringify(messages);
  }
  await write("page", first);
  await write("parts", parts);
}

const OF_TESTS = { "--answers": "answers/main.ts", "--conformance": "conformance/tuf_client.ts" };

async function ofTests(entry, outfile) {
  await build({
    ...SHARED,
    write: true,
    entryPoints: [fileURLToPath(new URL(`../../../../tests/web/${entry}`, import.meta.url))],
    outfile,
    platform: "node",
    format: "esm",
    target: "node20",
    plugins: [texts],
    nodePaths: [`${HERE}node_modules`],
  });
}

const [option, file] = process.argv.slice(2);
if (OF_TESTS[option] && file) await ofTests(OF_TESTS[option], file);
else await page();
