/** The reader's program: what was signed, and the page that is made of it. */

import {
  decodeProgram,
  indexPage,
  withTemplate,
} from "../../../src/mirror/reader/web/core/bundle/program.ts";
import { hex, textOf, unhex } from "../../../src/mirror/reader/web/core/bytes.ts";
import type { PieceList } from "../../../src/mirror/reader/web/core/model.ts";
import type { Answerers } from "./answering.ts";

export const program: Answerers = {
  "program-decode": (input: string) =>
    Object.fromEntries(Array.from(decodeProgram(unhex(input)), ([name, data]) => [name, hex(data)])),
  "program-page": (input: { raw: string; pieces: PieceList; template?: string }) => {
    const files = decodeProgram(unhex(input.raw));
    const whole = input.template === undefined ? files : withTemplate(files, unhex(input.template));
    return textOf(indexPage(whole, input.pieces));
  },
};
