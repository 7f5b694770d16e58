/** What is not needed to read, as one part of the program: choices, search, a library, editions in files, and *About*. */

import ENGLISH from "./text/more.ftl";
import { learn } from "./text.ts";

export { mirrorIn } from "./archive.ts";
export { about } from "./views/about.ts";
export { keep, unlocking } from "./views/keeping.ts";
export { searching } from "./views/search.ts";
export { settings } from "./views/settings.ts";

learn(ENGLISH);
