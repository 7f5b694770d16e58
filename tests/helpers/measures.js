// What the tests of the layout measure in a page. Each function gives sentences; none is a good sign.

const CONTROLS = "button, select, input, textarea, summary, [role=link], a[href]";
const nameOf = (each) => {
  const kind = each.className ? `.${`${each.className}`.split(" ").join(".")}` : "";
  return `${each.localName}${kind} “${(each.textContent || "").trim().slice(0, 30)}”`;
};
const documents = () => [
  document,
  ...[...document.querySelectorAll("iframe")].map((each) => each.contentDocument),
];
const isShown = (each) => {
  const style = getComputedStyle(each);
  const box = each.getBoundingClientRect();
  return each.checkVisibility() && style.clipPath === "none" && style.visibility === "visible" && box.width > 0 && box.height > 0;
};
/** What can be seen now: with a dialog, what is in it. */
const roots = () => {
  const dialog = document.querySelector("dialog[open]");
  return dialog ? [dialog] : documents().map((each) => each.body);
};
const shown = (selector) =>
  roots()
    .flatMap((each) => [each, ...each.querySelectorAll("*")])
    .filter((each) => each.matches(selector) && isShown(each));
/** The part of an element that what scrolls around it lets be seen. */
function seen(each) {
  const { left, top, right, bottom } = each.getBoundingClientRect();
  const box = { left, top, right, bottom };
  for (let up = each.parentElement; up; up = up.parentElement) {
    if (getComputedStyle(up).overflow === "visible") continue;
    const around = up.getBoundingClientRect();
    box.left = Math.max(box.left, around.left);
    box.top = Math.max(box.top, around.top);
    box.right = Math.min(box.right, around.right);
    box.bottom = Math.min(box.bottom, around.bottom);
  }
  return box;
}

/** What scrolls sideways, is cut off, or stands outside of the page. */
function cut() {
  const found = [];
  const wide = document.documentElement;
  if (wide.scrollWidth > wide.clientWidth) found.push(`the page scrolls sideways: ${wide.scrollWidth}`);
  for (const each of shown("*")) {
    const scrolls = each.closest("pre, table");
    if (!scrolls && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline")
      found.push(`${nameOf(each)} is wider inside: ${each.scrollWidth} of ${each.clientWidth}`);
    const isHidden = ["hidden", "clip"].includes(getComputedStyle(each).overflowY);
    if (isHidden && each.scrollHeight > each.clientHeight + 1 && !each.querySelector(".scrolled"))
      found.push(`${nameOf(each)} is cut off below`);
    const box = each.getBoundingClientRect();
    const limit = each.ownerDocument.documentElement.clientWidth;
    if (!scrolls && (box.left < -0.5 || box.right > limit + 0.5))
      found.push(`${nameOf(each)} stands outside: ${box.left} to ${box.right}`);
  }
  for (const frame of shown("iframe")) {
    const inside = frame.contentDocument.documentElement;
    if (inside.scrollHeight > frame.clientHeight + 1) found.push("the text is longer than its frame");
  }
  return found;
}

/** Controls that stand on one another. */
function overlapping() {
  const found = [];
  // What skips the navigation stands over it, while the keyboard is there.
  const all = shown(CONTROLS).filter((each) => each.ownerDocument === document && !each.matches(".skip"));
  const boxes = all.map(seen);
  for (let one = 0; one < all.length; one++) {
    for (let other = one + 1; other < all.length; other++) {
      if (all[one].contains(all[other])) continue;
      const [a, b] = [boxes[one], boxes[other]];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) found.push(`${nameOf(all[one])} and ${nameOf(all[other])} overlap`);
    }
  }
  return found;
}

/** Controls that a finger misses; a link in a sentence is as high as its line. */
function small() {
  return shown(CONTROLS)
    .filter((each) => !(each.matches("span[role=link]") && each.closest("p, li")))
    .map((each) => [each, (each.matches("[type=checkbox]") && each.closest("label")) || each])
    .filter(([, target]) => {
      const { width, height } = target.getBoundingClientRect();
      return width < 24 || height < 24;
    })
    .map(([each]) => `${nameOf(each)} is smaller than 24 pixels`);
}

// Thaana runs from the right, is not joined, and breaks as Cyrillic does; Hebrew and Latin have rules of their own.
const ARABIC = /[\u0609-\u061f\u066a-\u066c]/gu; // signs that run from the right themselves
const UNSEEN = /[\u200b-\u200f]/gu;
const LETTER = /[\p{L}\p{N}\p{M}]/gu;
const OTHER = { ltr: "rtl", rtl: "ltr" };

/** All texts of the page: how they read, how to write them, and in which direction they run. */
function texts() {
  const found = [];
  for (const each of roots()) {
    const walker = each.ownerDocument.createTreeWalker(each, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      found.push({ at: node.parentElement, get: () => node.data, set: (text) => (node.data = text) });
    }
    for (const input of each.querySelectorAll("input:not([type=file], [type=checkbox]), textarea")) {
      found.push({ at: input, get: () => input.value, set: (text) => (input.value = text) });
    }
  }
  return found.map((each) => ({ ...each, was: each.get(), runs: getComputedStyle(each.at).direction }));
}

/** Where every element, and every line of text, stands: what it is, and left, right, top, bottom. */
function places() {
  const found = [];
  for (const each of roots()) {
    const width = each.ownerDocument.documentElement.clientWidth;
    for (const element of each.querySelectorAll("*")) {
      if (!isShown(element)) continue;
      const { left, right, top, bottom } = element.getBoundingClientRect();
      found.push({ name: nameOf(element), width, left, right, top, bottom });
      for (const node of element.childNodes) {
        if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
        const range = each.ownerDocument.createRange();
        range.selectNodeContents(node);
        const box = range.getBoundingClientRect();
        found.push({ name: `text of ${nameOf(element)}`, width, left: box.left, right: box.right, top: box.top, bottom: box.bottom });
      }
    }
  }
  return found;
}

/**
 * What is not where its mirror image should be. The page is turned around twice: with letters that all run as their
 * block does, and with every direction, and all letters, the other way.
 */
async function turned() {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const all = texts();
  const write = (turn) => {
    for (const { was, runs, set } of all)
      set(was.replace(UNSEEN, "").replace(ARABIC, ",").replace(LETTER, turn(runs) === "rtl" ? "ހ" : "я"));
  };
  document.documentElement.dir ||= "ltr";
  const directed = documents().flatMap((each) => [...each.querySelectorAll("[dir=ltr], [dir=rtl]")]);
  const swap = () => {
    for (const each of directed) each.dir = OTHER[each.dir];
  };
  write((runs) => runs);
  await drawn();
  const before = places();
  swap();
  write((runs) => OTHER[runs]);
  await drawn();
  const after = places();
  swap();
  for (const { was, set } of all) set(was);
  await drawn();
  const found = before.length === after.length ? [] : ["the page lost or won elements"];
  before.forEach((one, index) => {
    const other = after[index];
    if (!other) return;
    const off = [
      one.left - (other.width - other.right),
      one.right - (other.width - other.left),
      one.top - other.top,
      one.bottom - other.bottom,
    ].map(Math.round);
    if (off.some((each) => Math.abs(each) > 1)) found.push(`${one.name} is off by ${off} (left, right, top, bottom)`);
  });
  return found;
}
