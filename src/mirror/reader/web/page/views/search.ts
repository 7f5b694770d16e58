/** Search in the edition, as one types. It is an act of its own: whoever leads here passed its gate. */

import type { Article } from "../../core/model.ts";
import { type App, type View, within } from "../app.ts";
import { button, h, said } from "../h.ts";
import { plain } from "../plain.ts";
import { excerpt, finder } from "../search.ts";
import { t } from "../text.ts";
import { headline } from "./front.ts";

const SHOWN = 40;

export const searching =
  (app: App): View =>
  async () => {
    const { edition } = app;
    if (!edition) return null;
    const takeAll = () => edition.everything();
    const articles = await (edition.isLocal ? takeAll() : edition.listed());
    let find = finder(articles.filter(isThere));
    const count = h("p", { role: "status", class: "dim" });
    const results = h("ul", { class: "results" });
    const input = h("input", {
      type: "search",
      "aria-label": t("find"),
      placeholder: t("find"),
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
      "data-focus": true,
    });
    const look = () => {
      const found = find(input.value);
      count.textContent = input.value.trim() ? t("found", { count: found.length }) : "";
      results.replaceChildren(...found.slice(0, SHOWN).map((each) => result(app, each, input.value)));
    };
    input.addEventListener("input", look);
    const all = button(t("find-all"), () =>
      within(app, async () => {
        all.disabled = true;
        find = finder((await takeAll()).filter(isThere));
        more.remove();
        look();
      }),
    );
    const more = h("p", { class: "dim" }, t("find-titles"), " ", all);
    return [h("h1", {}, t("search")), input, !edition.isLocal && more, count, results];
  };

const isThere = ({ state }: Article): boolean => state === "live" || state === "corrected";

function result(app: App, each: Article, asked: string): HTMLElement {
  const shown = h("li", {}, headline(app, { ...each, summary: "" }, "h2"));
  const words = excerpt(plain(each.body) || each.summary, asked);
  const marked = words.map(([word, isMeant]) => (isMeant ? [h("mark", {}, word), " "] : `${word} `));
  const text = said("p", "", each.language);
  text.append(...marked.flat());
  shown.querySelector("h2")?.after(text);
  return shown;
}
