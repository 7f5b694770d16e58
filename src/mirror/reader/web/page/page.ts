/**
 * What a person sees. `show` is called with what the shell knows and can.
 *
 * 1. Nothing is written anywhere but into a library, which is made by choice and after its gate.
 * 2. The address and the history say nothing of what is read: one more entry of the same address lets "back" work, and
 *    the title stays neutral.
 */

import { type App, hasLibrary, turn, type View, within, wordsOf } from "./app.ts";
import { dress } from "./dress.ts";
import { button, type Child, h } from "./h.ts";
import { leave, onShifts } from "./leaving.ts";
import type { Shell } from "./shell.ts";
import css from "./style.css";
import { closest, t } from "./text.ts";
import { front } from "./views/front.ts";
import { openFile, opening } from "./views/opening.ts";

const SAID_FOR = 6000;
const SLOW = 500;

/** Show the reader in `root` and begin to open the news. */
export async function show(root: HTMLElement, shell: Shell): Promise<void> {
  dress(css);
  const views: { view: View; at: number }[] = [];
  const main = h("main", { id: "main", tabindex: -1 });
  const status = h("p", { class: "status", role: "status" });
  let changing: (() => void)[] = [];
  let turns = 0;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const channel =
    shell.publication.channels.find(({ language }) => closest([language]) === closest(navigator.languages)) ??
    shell.publication.channels[0];
  if (!channel) throw new Error("a publication has a channel");

  const exit = () => leave(shell.exit);
  const shifted = onShifts(exit);

  const render = async (at = 0) => {
    const current = views.at(-1);
    if (!current) return;
    const turnOf = ++turns;
    changing = [];
    let nodes: Child;
    try {
      nodes = await current.view();
    } catch (error) {
      nodes = [h("h1", {}, t("error")), h("p", {}, wordsOf(error))];
    }
    if (turnOf !== turns) return; // somebody went elsewhere meanwhile
    frame();
    main.replaceChildren(
      h("div", {}, views.length > 1 && button(t("back"), () => app.back(), "back"), nodes),
    );
    scrollTo(0, at);
    const field = main.querySelector<HTMLElement>("[data-focus]");
    const heading = main.querySelector<HTMLElement>("h1, h2");
    if (heading) heading.tabIndex = -1;
    (field ?? heading ?? main).focus({ preventScroll: true });
  };

  const later =
    (name: "about" | "searching" | "settings"): View =>
    async () =>
      (await app.more())[name](app)();
  const search = () =>
    within(app, async () => {
      if (await app.read?.may(app, "search")) app.go(later("searching"));
    });

  /** Waits for a part, and says so where it takes a while. */
  const patiently = async <Part>(part: () => Promise<Part>): Promise<Part> => {
    const slow = setTimeout(() => app.say(t("opening")), SLOW);
    try {
      return await part();
    } finally {
      clearTimeout(slow);
    }
  };

  /** What stands around each view. */
  const frame = () => {
    const isOpen = Boolean(app.edition);
    const home = () => app.go(front(app), true);
    const name = app.edition?.name ?? shell.publication.name;
    const items = [
      isOpen && app.read?.isOffered(app, "search") && button(t("search"), () => void search()),
      button(t("settings"), () => app.go(later("settings"))),
      button(t("about"), () => app.go(later("about"))),
    ];
    head.replaceChildren(
      button(t("skip"), () => main.focus(), "skip"),
      isOpen ? button(name, home, "name") : h("span", { class: "name" }, name),
      h("button", { type: "button", class: "leave", title: t("leave-hint"), onclick: exit }, t("leave")),
    );
    menu.replaceChildren(...items.filter((each) => each instanceof Node));
    foot.replaceChildren(
      h("p", {}, app.library ? t("kept") : t("nothing-kept")),
      h("p", {}, t("self-check")),
      button(t("wipe"), () => within(app, async () => (await app.reading()).wiping(app)), "danger"),
    );
  };

  const app: App = {
    shell,
    choices: { size: 100, theme: "auto", pictures: false },
    channel,
    session: null,
    edition: null,
    library: null,
    archive: shell.archive,
    invitation: shell.invitation,
    answers: null,
    read: null,
    go(view, isFirst = false) {
      const current = views.at(-1);
      if (current) current.at = scrollY;
      if (isFirst) views.length = 0;
      else if (views.length === 1 && !history.state) history.pushState(1, ""); // rule 2
      views.push({ view, at: 0 });
      void render();
    },
    back() {
      if (history.state) history.back();
      else onBack();
    },
    async reading() {
      const read = app.read ?? (await patiently(shell.read));
      if (!app.read) {
        // It was not to be had with the headlines, and so neither were the notices.
        app.read = read;
        void app.session?.takeNotices().then(() => app.changed());
      }
      return read;
    },
    more: () => patiently(shell.more),
    again: () => void render(scrollY),
    say(text) {
      status.textContent = text;
      setTimeout(() => status.textContent === text && status.replaceChildren(), SAID_FOR);
    },
    async speak(language) {
      await turn(shell, language);
      app.again();
    },
    changed() {
      const isDark = app.choices.theme === "auto" ? dark.matches : app.choices.theme === "dark";
      document.documentElement.dataset.theme = isDark ? "dark" : "light";
      document.documentElement.style.setProperty("--size", `${app.choices.size}%`);
      frame();
      for (const act of changing) act();
    },
    onChange: (act) => void changing.push(act),
    hear(where) {
      where.addEventListener("keydown", (event) => {
        shifted(event);
        if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "p") {
          event.preventDefault();
          void app.read?.printAsked(app);
        }
      });
      for (const name of ["copy", "cut"])
        where.addEventListener(name, (event) => {
          if ((event.target as Element | null)?.closest?.("input, textarea")) return;
          event.preventDefault();
          void app.read?.copyAsked(app, `${where.getSelection() ?? ""}`);
        });
      where.addEventListener("dragstart", (event) => event.preventDefault()); // dragging out is copying
      where.addEventListener("dragover", (event) => event.preventDefault());
      where.addEventListener("drop", (event) => {
        event.preventDefault();
        const file = event.dataTransfer?.files[0];
        if (file) openFile(app, file);
      });
    },
    exit,
  };

  const onBack = () => {
    if (views.length < 2) return;
    views.pop();
    if (views.length > 1 && !history.state) history.pushState(1, "");
    void render(views.at(-1)?.at);
  };
  addEventListener("popstate", onBack);
  dark.addEventListener("change", () => app.changed());

  const head = h("header", {});
  const menu = h("nav", {});
  const foot = h("footer", {});
  app.hear(document);
  const known = shell.keeps ? hasLibrary() : Promise.resolve(false); // a browser takes its time to answer
  await turn(shell, closest(navigator.languages));
  app.changed();
  root.replaceChildren(head, menu, main, foot, status);
  app.go(opening(app, known), true);
}
