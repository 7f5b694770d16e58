/** The front page: how fresh, from whom, and the headlines by section. */

import type { Article } from "../../core/model.ts";
import { type App, changing, type View, within } from "../app.ts";
import { beside, button, type Child, h, said } from "../h.ts";
import type { Session } from "../reading.ts";
import { direction } from "../script.ts";
import { age, day, moment, nameOf, t } from "../text.ts";
import { openNews } from "./opening.ts";

/** How fresh what is shown is, in sentences. */
export function freshness({ freshness: fresh, savedAsOf }: Session): string[] {
  const values = { at: moment(fresh.asOf), age: age(Math.max(0, fresh.reference - fresh.asOf)) };
  return [
    t(`fresh-${fresh.state}`, values),
    fresh.oldSince !== null && t("fresh-expired", { at: moment(fresh.oldSince) }),
    !fresh.isChecked && t("fresh-unheard"),
    savedAsOf !== null && t("fresh-saved", { at: moment(savedAsOf) }),
    fresh.skewSeconds > 300 && t("skew", { age: age(fresh.skewSeconds) }),
  ].filter((each) => each !== false);
}

/** A headline that opens its article: what it says, when, and how it stands. */
export function headline(app: App, each: Article, level: "h2" | "h3"): Child[] {
  const isGone = each.state === "withdrawn" || each.state === "removed";
  const open = () => app.go(async () => (await app.reading()).article(app, each)());
  const { language } = each;
  const link = { lang: language, role: "link", tabindex: 0, onclick: open, onkeydown: onEnter(open) };
  return [
    said(level, h("a", link, each.title), language),
    each.summary && !isGone && said("p", each.summary, language),
    beside(
      language,
      day(each.published),
      each.state !== "live" && [" · ", h("strong", { class: each.state }, t(each.state))],
    ),
  ];
}

const onEnter = (act: () => void) => (event: Event) => {
  if ((event as KeyboardEvent).key === "Enter") act();
};

/** Headlines under their sections, in the order in which the publisher gave them. */
export function bySection(app: App, articles: readonly Article[]): HTMLElement {
  const sections = new Map<string, Article[]>();
  for (const each of articles) sections.set(each.section, [...(sections.get(each.section) ?? []), each]);
  const made = [...sections].map(([name, listed]) =>
    h(
      "section",
      { class: "headlines" },
      name ? said("h2", name, listed[0]?.language ?? "") : h("h2", {}, t("other")),
      h(
        "ul",
        {},
        listed.map((each) => h("li", {}, headline(app, each, "h3"))),
      ),
    ),
  );
  return h("div", { class: "columns", dir: direction(articles[0]?.language ?? "") }, made);
}

/** The front page of the edition that is open. */
export const front =
  (app: App): View =>
  () => {
    const { edition, session } = app;
    if (!edition || !session) return null;
    app.onChange(() => app.session !== session && app.again()); // what was kept gave way to what is newer
    const [first = "", ...others] = freshness(session);
    const roles = [...session.signers];
    const [, signers] = roles.find(([role]) => role.startsWith("channel-")) ?? roles[0] ?? [];
    const [lead, ...rest] = edition.front;
    const more = button(t("more-headlines"), () =>
      within(app, async () => {
        more.disabled = true;
        const told = new Set(edition.front.map(({ id }) => id));
        const all = (await edition.listed()).filter(({ id, state }) => !told.has(id) && state !== "removed");
        more.replaceWith(h("h2", { class: "earlier" }, t("earlier")), bySection(app, all));
      }),
    );
    return [
      h("h1", { class: "hidden" }, t("front")),
      h(
        "aside",
        { class: `fresh ${session.freshness.state}`, "aria-label": t("about-signed") },
        h("p", {}, h("strong", {}, first), " ", others.join(" ")),
        h(
          "p",
          { class: "dim" },
          t("edition", { number: edition.number }),
          signers && [" · ", t("signed-by", { count: signers.keyids.length, holders: signers.holders })],
        ),
        h(
          "div",
          { class: "buttons" },
          channels(app),
          button(t("refresh"), () => app.go(() => openNews(app, true), true)),
        ),
      ),
      lead
        ? [
            h("article", { class: "first", dir: direction(lead.language) }, headline(app, lead, "h2")),
            bySection(app, rest),
          ]
        : h("p", {}, t("no-headlines")),
      more,
      changing(app, () => app.read?.notice(app)),
    ];
  };

/** Chooses another channel, where there are several. */
export function channels(app: App): Child {
  const { publication } = app.shell;
  const all = publication.channels;
  if (all.length < 2) return null;
  const change = (event: Event) => {
    const chosen = all.find(({ id }) => id === (event.target as HTMLSelectElement).value);
    if (chosen) app.go(() => openNews(app, undefined, chosen), true);
  };
  const option = ({ id, title, language }: (typeof all)[number]) =>
    h(
      "option",
      { value: id, lang: language, selected: id === app.channel.id },
      title && title !== publication.name ? title : nameOf(language),
    );
  return h(
    "label",
    {},
    t("channel"),
    " ",
    h("select", { onchange: change, autocomplete: "off" }, all.map(option)),
  );
}
