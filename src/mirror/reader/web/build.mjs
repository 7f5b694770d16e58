/**
 * Builds the reader's programs from TypeScript, into `built/` or the folder named.
 *
 *   node build.mjs                      what travels in the package
 *   node build.mjs --answers FILE       the program that answers the Python tests
 *   node build.mjs --conformance FILE   the program that the TUF conformance suite drives
 *
 * The same sources and lock file give the same bytes.
 */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SHARED = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

const OF_TESTS = { "--answers": "answers/main.ts", "--conformance": "conformance/tuf_client.ts" };

async function ofTests(entry, outfile) {
  await build({
    ...SHARED,
    entryPoints: [fileURLToPath(new URL(`../../../../tests/web/${entry}`, import.meta.url))],
    outfile,
    platform: "node",
    format: "esm",
    target: "node20",
    nodePaths: [`${HERE}node_modules`],
  });
}

const [option, file] = process.argv.slice(2);
if (OF_TESTS[option] && file) await ofTests(OF_TESTS[option], file);
