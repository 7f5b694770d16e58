import type { Context } from "./context.ts";

/** Starts the reader in `root`. */
export function start(root: HTMLElement, context: Context): void {
  root.textContent = context.facts.name;
}
