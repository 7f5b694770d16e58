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
import { borrowed, messagesOf, styles, texts } from "./page/parts.mjs";

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

/** `files` alone in the folder `name` of what is built. */
async function write(name, files) {
  const folder = `${HERE}built/${name}/`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(folder + name, text);
}

async function page() {
  const boot = await made("loader/boot.ts", { ...SMALL, format: "iife" });
  const script = await made("loader/loader.ts", { ...SMALL, format: "iife" });
  const loader = deflateRawSync(script, { level: 9 }).toString("base64");
  const style = await made("loader/style.css", SMALL);
  const hash = createHash("sha256").update(boot).digest("base64");
  const template = await readFile(`${HERE}loader/index.html`, "utf8");
  const filled = { boot, hash, style, loader };
  const index = template.trimEnd().replace(/@(boot|hash|style|loader)@/g, (_, name) => filled[name]);
  const files = {
    "index.html": index,
    "reader.js": await made("page/main.ts", { ...SMALL, format: "esm", plugins: [texts, styles] }),
    "sw.js": await made("worker/sw.ts", { ...SMALL, format: "iife" }),
  };
  const parts = {
    "more.js": await made("page/more.ts", { ...SMALL, format: "esm", plugins: [borrowed, texts] }),
  };
  for (const name of await readdir(`${HERE}page/text`)) {
    const tag = name.replace(".ftl", "").toLowerCase();
    if (tag === "en" || tag === "more") continue; // inside of the program
    const messages = messagesOf(await readFile(`${HERE}page/text/${name}`, "utf8"), name);
    parts[`text.${tag}.json`] = JSON.stringify(messages);
  }
  await write("page", files);
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
