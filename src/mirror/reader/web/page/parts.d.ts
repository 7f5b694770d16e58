/** What `parts.mjs` makes of other files while the page is built. */

declare module "*.ftl" {
  import type { Messages } from "./text.ts";

  const messages: Messages;
  // biome-ignore lint/style/noDefaultExport: the only export of a file that is no module
  export default messages;
}

declare module "*.css" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: the only export of a file that is no module
  export default text;
}
