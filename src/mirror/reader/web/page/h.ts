/** Elements without markup: nothing that is shown was ever parsed as HTML, but article bodies (see `frame.ts`). */

import { direction, leaning } from "./script.ts";

export type Child = Node | string | null | undefined | false | readonly Child[];
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => unknown)>;

/** An element. Attributes that are `false` or `null` are left out; functions listen (`onclick`). */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : `${value}`);
  }
  fill(element, children);
  return element;
}

function fill(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) fill(element, child);
    else if (child) element.append(child as Node | string);
  }
}

/** What somebody else wrote, in its own language and direction. */
export const said = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text: Child,
  language: string,
  attributes: Attributes = {},
): HTMLElementTagNameMap[Tag] => h(tag, { lang: language, dir: leaning(language), ...attributes }, text);

/** Words of the page beside what somebody else wrote: they stand on its side, and keep their own direction. */
export const beside = (language: string, ...words: readonly Child[]): HTMLElement =>
  h("p", { class: "dim", dir: direction(language) }, h("bdi", {}, words));

/** A button that does `act`. */
export const button = (text: string, act: (event: Event) => unknown, kind = ""): HTMLButtonElement =>
  h("button", { type: "button", class: kind || null, onclick: act }, text);
