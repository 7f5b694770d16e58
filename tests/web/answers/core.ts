import { hex, textOf, unhex } from "../../../src/mirror/reader/web/core/bytes.ts";
import type { Answerers } from "./answering.ts";

export const core: Answerers = {
  "text-of": (input: string) => textOf(unhex(input)),
  unhex: (input: string) => hex(unhex(input)),
};
