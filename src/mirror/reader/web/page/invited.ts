/** What only invited readers need, as a part of the program. */

export { Invited } from "../core/client/invited.ts";
export { start } from "./main.ts"; // see `read.ts`
