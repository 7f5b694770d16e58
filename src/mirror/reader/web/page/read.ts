/** What stands behind the headlines, as one part of the program that everyone fetches with them: articles, the notices
 * and what they say beside each act, and wiping. */

import { dress } from "./dress.ts";
import css from "./read.css";
import ENGLISH from "./text/read.ftl";
import { learn } from "./text.ts";

export { fetchNotices } from "../core/client/notices.ts";
export { fetchWhole, Stories } from "../core/client/stories.ts";
export { copyAsked, printAsked } from "./acts.ts";
export { isOffered, may, notice } from "./gates.ts";
// With this the modules that run first become one file, from which a part takes only the names that it needs.
export { start } from "./main.ts";
export { article } from "./views/article.ts";
export { wiping } from "./views/wiping.ts";

learn(ENGLISH);
dress(css);
