/**
 * Builds the reader's programs from TypeScript, into `built/` or the folder named.
 *
 *   node build.mjs                      what travels in the package
 *   node build.mjs --answers FILE       the program that answers the Python tests
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

async function answers(outfile) {
  const entry = fileURLToPath(new URL("../../../../tests/web/answers/main.ts", import.meta.url));
  await build({
    ...SHARED,
    entryPoints: [entry],
    outfile,
    platform: "node",
    format: "esm",
    target: "node20",
    nodePaths: [`${HERE}node_modules`],
  });
}

const [option, file] = process.argv.slice(2);
if (option === "--answers" && file) await answers(file);
