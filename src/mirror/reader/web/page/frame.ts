/**
 * The text of an article, which a stranger wrote, in a frame where nothing can run and nothing can be fetched.
 *
 * 1. The body is read by the browser's parser in a document that does nothing: no script runs, nothing is fetched. Where
 *    the browser has a sanitizer (`setHTML`), it does the reading.
 * 2. Elements of the closed subset are made anew in the frame, one by one, with the attributes of the subset whose values
 *    fit. Nothing that was parsed gets there itself, and nothing is parsed twice. What is not of the subset stays behind.
 * 3. The frame has no scripts (`sandbox`), and its own policy allows nothing but pictures that the page made (`blob:`).
 *    It has the page's origin, so that the page can measure it, set its type and hear its keys; nothing in it can use that.
 * 4. No link in it leads anywhere: the page is told which one was chosen, and asks.
 */

import type { Article } from "../core/model.ts";
import { h } from "./h.ts";
import { leaning } from "./script.ts";

const POLICY = "default-src 'none'; img-src blob:";
const ELEMENTS =
  "p h2 h3 h4 ul ol li blockquote pre table td th figure thead tbody tr figcaption code em strong sub sup br hr a img";
const ALLOWED = new Set(ELEMENTS.split(" "));
const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}$/;
const ADDRESS = /^(?:https?:\/\/|mailto:)[^\s<>"]+$/i;
const PICTURE = /^image:(\d{1,3})$/;
const TYPE = `body{margin:0;font:inherit;overflow-wrap:anywhere;display:flow-root}
:root{font-family:var(--text);line-height:1.6;color:var(--ink);background:var(--paper)}:root:lang(fa){font-family:var(--fa)}
p,ul,ol,blockquote,pre,table,figure{margin:0 0 1.1em}h2,h3,h4{line-height:1.25;margin:1.6em 0 .5em}
ul,ol{padding-inline-start:1.4em}blockquote{margin-inline:0;padding-inline-start:1em;border-inline-start:3px solid var(--line)}
pre{overflow:auto}table{display:block;overflow:auto;border-collapse:collapse}td,th{border:1px solid var(--line);padding:.3em .6em}
hr{border:0;border-top:1px solid var(--line)}figcaption,small{color:var(--dim);font-size:.875em}small{display:block}img{display:block;max-width:100%;height:auto}
[role=link]{color:var(--link);text-decoration:underline;text-underline-offset:.15em;cursor:pointer}
button{font:inherit;color:var(--link);background:var(--soft);border:1px solid var(--line);border-radius:.4em;padding:.7em 1em;text-align:start}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}`;

export interface Framed {
  readonly element: HTMLIFrameElement;
  /** The addresses that the text links to, in order. */
  readonly links: readonly string[];
  /** Set colours and sizes anew, from the page's own. */
  restyle(): void;
}

export interface FrameCalls {
  link(address: string): void;
  /** A picture of the article, in the place where it belongs. */
  picture(index: number, document: Document): HTMLElement | null;
  /** Hear the keys and the clipboard of the frame too. */
  hear(document: Document): void;
}

type Setter = (html: string, options: object) => void;

/** Rule 1: `html` in a document without a window. */
function parsed(html: string): Node {
  const { body } = document.implementation.createHTMLDocument("");
  const { setHTML } = body as { setHTML?: Setter };
  if (!setHTML) return new DOMParser().parseFromString(html, "text/html").body;
  const attributes = ["dir", "lang", "href", "src", "alt"];
  setHTML.call(body, html, { sanitizer: { elements: [...ALLOWED], attributes } });
  return body;
}

/** Rule 2: `from` copied into `to`, which belongs to the frame. */
function copy(from: Node, to: Element, links: string[], calls: FrameCalls): void {
  const made = to.ownerDocument;
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(made.createTextNode(node.nodeValue ?? ""));
    if (!(node instanceof Element) || !ALLOWED.has(node.localName)) continue;
    if (node.localName === "img") {
      const index = PICTURE.exec(node.getAttribute("src") ?? "")?.[1];
      const picture = index && calls.picture(Number(index), made);
      if (picture) to.append(picture);
      continue;
    }
    const address = node.localName === "a" ? (node.getAttribute("href") ?? "") : "";
    const element = made.createElement(node.localName === "a" ? "span" : node.localName);
    const [language, direction] = [node.getAttribute("lang") ?? "", node.getAttribute("dir") ?? ""];
    if (LANGUAGE.test(language)) element.lang = language;
    if (/^(?:ltr|rtl|auto)$/.test(direction)) element.dir = direction;
    if (ADDRESS.test(address)) {
      if (!links.includes(address)) links.push(address);
      element.setAttribute("role", "link");
      element.tabIndex = 0;
      element.dataset.to = `${links.indexOf(address)}`;
    }
    to.append(element);
    copy(node, element, links, calls);
  }
}

/** The text of `article`; `title` is what a screen reader calls the frame. Ready when it has its height. */
export async function framed(
  article: Article,
  title: string,
  calls: FrameCalls,
  place: (element: HTMLIFrameElement) => void,
): Promise<Framed> {
  const links: string[] = [];
  const element = h("iframe", {
    title,
    sandbox: "allow-same-origin",
    referrerpolicy: "no-referrer",
    srcdoc: `<!doctype html><meta http-equiv=Content-Security-Policy content="${POLICY}">`,
  });
  const loaded = new Promise((resolve) => element.addEventListener("load", resolve, { once: true }));
  place(element);
  await loaded;
  const inside = element.contentDocument;
  const view = inside?.defaultView as (Window & typeof globalThis) | null | undefined;
  if (!inside || !view) return { element, links, restyle() {} };
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(TYPE);
  inside.adoptedStyleSheets = [sheet];
  inside.documentElement.lang = article.language;
  inside.body.dir = leaning(article.language);
  copy(parsed(article.body), inside.body, links, calls);

  const choose = (event: Event) => {
    if (event instanceof view.KeyboardEvent && event.key !== "Enter") return;
    const link = (event.target as Element).closest<HTMLElement>("[data-to]");
    const address = link && links[Number(link.dataset.to)];
    if (address) calls.link(address);
  };
  inside.addEventListener("click", choose);
  inside.addEventListener("keydown", choose);
  calls.hear(inside);

  const restyle = () => {
    const page = getComputedStyle(document.documentElement);
    for (const name of ["text", "fa", "ink", "paper", "line", "dim", "link", "soft"]) {
      inside.documentElement.style.setProperty(`--${name}`, page.getPropertyValue(`--${name}`));
    }
    inside.documentElement.style.fontSize = `calc(1.125 * ${page.getPropertyValue("--size")})`;
    inside.documentElement.style.colorScheme = page.colorScheme;
  };
  restyle();
  const fit = () => {
    element.style.height = `${Math.ceil(inside.body.getBoundingClientRect().height)}px`;
  };
  new ResizeObserver(fit).observe(inside.body);
  fit();
  return { element, links, restyle };
}
