/** What is not needed to read, as one part of the program: choices, search, a library, editions in files,
 * acts and the questions before them, and *About*. It takes from `read.ts`, and is fetched after that. */

import { dress } from "./dress.ts";
import css from "./more.css";
import ENGLISH from "./text/more.ftl";
import { learn } from "./text.ts";

export { newerProgram } from "../core/client/program.ts";
export { mirrorIn } from "./archive.ts";
export { copyText, copyWhole, download, passOn, printed } from "./doing.ts";
export { ask, openOutside } from "./gate.ts";
// See there: what `read.ts` is made of becomes one file too.
export * as read from "./read.ts";
export { keepingAt, update } from "./update.ts";
export { about } from "./views/about.ts";
export { keep, unlocking } from "./views/keeping.ts";
export { searching } from "./views/search.ts";
export { settings } from "./views/settings.ts";
export { fileField, invitationField } from "./views/ways.ts";

learn(ENGLISH);
dress(css);
