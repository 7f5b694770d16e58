/**
 * Plug-ins for esbuild: texts become patterns and styles become text, so that the page carries neither the runtime of
 * Fluent nor a style sheet that its content policy would have to allow.
 *
 * Fluent reads the `.ftl`; of what it gives, `text.ts` understands words, variables and choices by a number. Everything
 * else is refused here, as is what Fluent itself would drop without a word.
 */

import { readFile } from "node:fs/promises";
import { FluentResource } from "@fluent/bundle";
import { transform } from "esbuild";

/** A pattern as `text.ts` takes it. */
function compiled(pattern, name) {
  if (typeof pattern === "string") return pattern;
  return pattern.map((part) => {
    if (typeof part === "string") return part;
    if (part.type === "var") return [part.name];
    if (part.type !== "select" || part.selector.type !== "var") throw new Error(`${name}: ${part.type}`);
    const variants = part.variants.map(({ key, value }) => [`${key.value}`, compiled(value, name)]);
    return [part.selector.name, Object.fromEntries(variants), `${part.variants[part.star].key.value}`];
  });
}

/** The messages of Fluent `source` by their ids. */
export function messagesOf(source, name) {
  const body = new FluentResource(source).body;
  const meant = source.match(/^-?[a-zA-Z][\w-]* *=/gm)?.length ?? 0;
  const messages = Object.fromEntries(
    body.map(({ id, value }) => [id, value && compiled(value, `${name}: ${id}`)]),
  );
  if (body.length !== meant || Object.values(messages).filter(Boolean).length !== meant) {
    throw new Error(`${name}: a message is broken, empty, or stands twice`);
  }
  return messages;
}

/** `import messages from "./en.ftl"`. */
export const texts = {
  name: "texts",
  setup(build) {
    build.onLoad({ filter: /\.ftl$/ }, async ({ path }) => ({
      contents: JSON.stringify(messagesOf(await readFile(path, "utf8"), path)),
      loader: "json",
    }));
  },
};

/** `import text from "./style.css"`. */
export const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};
