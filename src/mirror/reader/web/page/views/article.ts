/** One article: what it says, how it stands, its pictures when they are asked for, and what can be done with it. */

import type { Article, Image } from "../../core/model.ts";
import { actsBar, outside, setPresent } from "../acts.ts";
import { type App, changing, type View } from "../app.ts";
import { framed } from "../frame.ts";
import { notice } from "../gates.ts";
import { beside, type Child, h, said } from "../h.ts";
import type { Edition } from "../reading.ts";
import { direction } from "../script.ts";
import { day, moment, t } from "../text.ts";

/** The article that `listed` names; its text may have to be fetched. */
export const article =
  (app: App, listed: Article): View =>
  async () => {
    const { edition } = app;
    if (!edition) return null;
    if (!listed.body) app.say(t("loading"));
    const each = (await edition.article(listed.id)) ?? listed; // also what is gone: why stands in its corrections
    app.say("");
    const isGone = each.state === "withdrawn" || each.state === "removed";
    setPresent(isGone ? null : each);
    return h(
      "article",
      { class: "read" },
      head(each, isGone),
      each.state !== "live" && h("p", { class: `state ${each.state}` }, t(`state-${each.state}`)),
      !isGone && text(app, edition, each),
      each.corrections.length > 0 && [
        h("h2", {}, t("corrections")),
        each.corrections.map(({ at, text }) =>
          h(
            "p",
            { dir: direction(each.language) },
            h("strong", {}, h("bdi", {}, day(at))),
            " ",
            said("span", text, each.language),
          ),
        ),
      ],
      !isGone &&
        each.credits.length > 0 && [
          h("h2", { class: "hidden" }, t("credits")),
          said("p", each.credits.join(" · "), each.language, { class: "dim" }),
        ],
      !isGone && changing(app, () => actsBar(app, each)),
      changing(app, () => notice(app)),
    );
  };

function head(each: Article, isGone: boolean): Child[] {
  return [
    each.section && said("p", each.section, each.language, { class: "section" }),
    said("h1", each.title, each.language),
    each.summary && !isGone && said("p", each.summary, each.language, { class: "lead" }),
    beside(
      each.language,
      each.byline && [said("span", each.byline, each.language), " · "],
      moment(each.published),
      each.updated > each.published && [" · ", t("updated", { at: moment(each.updated) })],
    ),
  ];
}

/** The frame with the text, and below it where it links to. */
function text(app: App, edition: Edition, each: Article): HTMLElement {
  const holder = h("div", { class: "text" });
  const calls = {
    link: (address: string) => void outside(app, address),
    picture: (index: number, made: Document) => {
      const image = each.images[index];
      return image ? picture(app, edition, image, made) : null;
    },
    hear: app.hear,
  };
  // Its load needs it in the page, which is done when this has returned.
  queueMicrotask(async () => {
    const frame = await framed(each, t("frame"), calls, (element) => holder.prepend(element));
    app.onChange(frame.restyle);
    if (!frame.links.length) return;
    const listed = frame.links.map((address) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "link", dir: "ltr", onclick: () => calls.link(address) },
          address,
        ),
      ),
    );
    holder.append(h("details", {}, h("summary", {}, t("links")), h("ul", {}, listed)));
  });
  return holder;
}

/** A button in the place of a picture; then its thumbnail; then, asked once more, the larger one. */
function picture(app: App, edition: Edition, image: Image, made: Document): HTMLElement {
  const holder = made.createElement("span");
  const credit = made.createElement("small");
  credit.textContent = image.credit;
  const ask = (label: string, tier: Image["thumbnail"], larger: Image["full"]) => {
    const asked = made.createElement("button");
    asked.textContent = label;
    asked.title = t("picture-why");
    asked.onclick = async () => {
      asked.disabled = true;
      try {
        const address = URL.createObjectURL(new Blob([await edition.image(tier)], { type: image.mediaType }));
        const shown = made.createElement("img");
        shown.alt = image.alt;
        shown.onload = shown.onerror = () => URL.revokeObjectURL(address);
        shown.src = address;
        if (tier === image.full) shown.width = image.width;
        holder.replaceChildren(shown, credit, larger ? ask(t("picture-larger"), larger, null) : "");
      } catch {
        asked.disabled = false;
        asked.textContent = t("picture-failed");
      }
    };
    return asked;
  };
  const label = [t("picture"), image.alt].filter(Boolean).join(": ");
  const first = ask(label, image.thumbnail, image.full);
  holder.append(first, credit);
  if (app.choices.pictures) first.click();
  return holder;
}
