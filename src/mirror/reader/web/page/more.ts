/** What is not needed to read, as one part of the program: choices, search, a library, editions in files,
 * acts and the questions before them, and *About*. */

import { dress } from "./dress.ts";
import css from "./more.css";
import ENGLISH from "./text/more.ftl";
import { learn } from "./text.ts";

export { newerProgram } from "../core/client/program.ts";
export { mirrorIn } from "./archive.ts";
export { copyText, copyWhole, download, passOn, printed } from "./doing.ts";
export { ask, openOutside } from "./gate.ts";
// With this the modules that run first become one file, from which a part takes only the names that it needs.
export { start } from "./main.ts";
export { keepingAt, update } from "./update.ts";
export { about } from "./views/about.ts";
export { keep, unlocking } from "./views/keeping.ts";
export { searching } from "./views/search.ts";
export { settings } from "./views/settings.ts";

learn(ENGLISH);
dress(css);
