/**
 * Answers questions of the Python tests with the browser reader's core: a JSON object a line, in order.
 *
 *   {"kind": "text-of", "input": …}  →  {"ok": …}  or  {"error": "FormatError", "code": "utf-8"}
 */

import { createInterface } from "node:readline";
import {
  EndpointError,
  FormatError,
  GateError,
  LimitError,
  MirrorError,
  StorageError,
  TrustError,
  UnreachableError,
} from "../../../src/mirror/reader/web/core/errors.ts";
import type { Answerers, Json } from "./answering.ts";
import { bundle } from "./bundle.ts";
import { client } from "./client.ts";
import { core } from "./core.ts";
import { fetching } from "./fetching.ts";
import { notices } from "./notices.ts";
import { page } from "./page.ts";
import { program } from "./program.ts";
import { reading } from "./reading.ts";
import { rotation } from "./rotation.ts";
import { trust } from "./trust.ts";

const ANSWERERS: Answerers = {
  ...bundle,
  ...client,
  ...core,
  ...fetching,
  ...notices,
  ...page,
  ...program,
  ...reading,
  ...rotation,
  ...trust,
};

// By what they are, not by `constructor.name`: a bundler may rename classes.
const CLASSES = {
  LimitError,
  FormatError,
  TrustError,
  EndpointError,
  UnreachableError,
  StorageError,
  GateError,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, input } = JSON.parse(line) as { kind: string; input: never };
  let answer: Json;
  try {
    const answerer = ANSWERERS[kind];
    if (!answerer) throw new Error(`nobody answers ${kind}`);
    answer = { ok: await answerer(input) };
  } catch (error) {
    if (!(error instanceof MirrorError)) throw error;
    const name = Object.entries(CLASSES).find(([, kind]) => error instanceof kind)?.[0];
    answer = { error: name ?? "MirrorError", code: error.code };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
