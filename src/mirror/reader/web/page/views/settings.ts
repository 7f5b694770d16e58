/** Choices: language, size, colours, data; where one is; what is kept, and its end. */

import type { Reportable } from "../../core/client/invited.ts";
import { silencesIn } from "../../core/client/silence.ts";
import { report } from "../../core/client/verdicts.ts";
import { readerContext } from "../../core/notices/decide.ts";
import { type NoticeSet, WORLD } from "../../core/notices/model.ts";
import { canSeal } from "../../core/rotation/hpke.ts";
import { offered } from "../acts.ts";
import type { App, View } from "../app.ts";
import { dialog } from "../dialog.ts";
import { copyText } from "../doing.ts";
import { UNANSWERED } from "../gates.ts";
import { button, type Child, h } from "../h.ts";
import { placeName } from "../naming.ts";
import type { Session } from "../reading.ts";
import type { Keeping } from "../shell.ts";
import { LANGUAGES, nameOf, spoken, t } from "../text.ts";
import { keep } from "./keeping.ts";
import { reporting } from "./reporting.ts";
import { fileField, invitationField } from "./ways.ts";

const SIZES = [87, 100, 115, 130, 150, 175];
const THEMES = ["auto", "light", "dark"] as const;
const ELSEWHERE = "ZZ"; // no country has it, so no notice names it

type Option = readonly [value: string, text: string];

/**
 * Make what was ticked the box's default. Firefox writes to the disk, for the next start, what was typed and chosen: not
 * where `autocomplete` is off, which does nothing for boxes, and not what is the default.
 */
function untold({ target }: Event): void {
  const box = target as HTMLInputElement;
  box.defaultChecked = box.checked;
}

function choice(
  label: string,
  options: readonly Option[],
  chosen: string,
  act: (value: string) => void,
): HTMLElement {
  const change = (event: Event) => act((event.target as HTMLSelectElement).value);
  const made = options.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h(
    "label",
    { class: "choice" },
    h("span", {}, label),
    h("select", { onchange: change, autocomplete: "off" }, made),
  );
}

export const settings =
  (app: App): View =>
  async () => {
    const { choices, session } = app;
    const keeping = (await app.shell.offline?.()) ?? null;
    const isKept = (await keeping?.isKept()) ?? false;
    const silent =
      session && (await canSeal()) && (await session.reportable(silencesIn, report(session.accounts)));
    const languages = LANGUAGES.map((each): Option => [each, nameOf(each)]);
    const percent = new Intl.NumberFormat(spoken(), { style: "percent" });
    const sizes = SIZES.map((each): Option => [`${each}`, percent.format(each / 100)]);
    const themes = THEMES.map((each): Option => [each, t(`theme-${each}`)]);
    return [
      h("h1", {}, t("settings")),
      choice(t("language"), languages, spoken(), (value) => void app.speak(value)),
      spoken() !== "en" && h("p", { class: "dim" }, t("machine")),
      choice(t("text-size"), sizes, `${choices.size}`, (value) => {
        choices.size = Number(value);
        app.changed();
      }),
      choice(t("theme"), themes, choices.theme, (value) => {
        choices.theme = value as (typeof THEMES)[number];
        app.changed();
      }),
      h(
        "label",
        {},
        h("input", {
          type: "checkbox",
          checked: choices.pictures,
          onchange: (event) => {
            untold(event);
            choices.pictures = !choices.pictures;
          },
        }),
        " ",
        t("pictures"),
      ),
      h("p", { class: "dim" }, t("picture-why")),
      h("p", { class: "dim" }, t("settings-kept")),
      session && place(app),
      session && library(app, session, keeping, isKept, silent),
      fileField(app),
      app.shell.kind !== "loopback" && invitationField(app),
    ];
  };

/** Countries that `notices` speak of, and places that they say are under the control of one. */
function placesIn(notices: NoticeSet | null): Record<"jurisdictions" | "controlled", readonly string[]> {
  const { designations, jurisdictions } = notices?.catalogue ?? { designations: [], jurisdictions: [] };
  const named = new Set(designations.map((each) => each.jurisdiction));
  named.delete(WORLD);
  return { jurisdictions: [...named], controlled: jurisdictions.flatMap((each) => each.controls) };
}

/** The questions whose answers choose the notices. Kept in memory, sent nowhere. */
function place(app: App): Child {
  const { jurisdictions, controlled } = placesIn(app.session?.notices ?? null);
  if (!jurisdictions.length) return null;
  const countries = [...new Set([...jurisdictions, ...controlled.map((each) => each.slice(0, 2))])];
  const options: Option[] = [
    ["", t("not-said")],
    ...[...countries, ...controlled].map((each): Option => [each, placeName(each)]),
    [ELSEWHERE, t("elsewhere")],
  ];
  const { located, citizenships, statelessResidentOf } = app.answers ?? UNANSWERED;
  let where = located ?? "";
  const boxes = (name: string, given: readonly string[] | null) => {
    const box = (value: string, text: string, checked: boolean) =>
      h("label", {}, h("input", { type: "checkbox", value, checked, onchange: untold }), ` ${text}`);
    return h(
      "fieldset",
      {},
      h("legend", {}, t(name)),
      jurisdictions.map((each) => box(each, placeName(each), given?.includes(each) ?? false)),
      box("", t("none-of-these"), given?.length === 0),
    );
  };
  const passports = boxes("place-passports", citizenships);
  const stateless = boxes("place-stateless", statelessResidentOf);
  const read = (from: HTMLElement) => {
    const ticked = [...from.querySelectorAll("input:checked")].map(
      (each) => (each as HTMLInputElement).value,
    );
    return ticked.length ? ticked.filter(Boolean) : null; // nothing ticked is nothing said
  };
  const use = () => {
    app.answers = readerContext(where || null, read(passports), read(stateless));
    app.back();
  };
  const forget = () => {
    app.answers = null;
    app.again();
  };
  return [
    h("h2", {}, t("place")),
    h("p", {}, t("place-why")),
    choice(t("place-where"), options, where, (value) => {
      where = value;
    }),
    passports,
    stateless,
    h(
      "div",
      { class: "buttons" },
      button(t("use-answers"), use, "primary"),
      button(t("forget-answers"), forget),
    ),
  ];
}

/** What can be kept, and other acts that are not about one article. */
function library(
  app: App,
  session: Session,
  keeping: Keeping | null,
  isKept: boolean,
  silent: Reportable | null | false,
): Child {
  const { invite } = session;
  return [
    app.shell.keeps && h("h2", {}, t("library")),
    app.shell.keeps && !app.library && h("p", {}, t("library-none")),
    isKept && h("p", {}, t("offline-kept")),
    h(
      "div",
      { class: "buttons" },
      offered(app, [
        app.shell.keeps && { text: t("save"), acts: ["save"], run: () => keep(app) },
        keeping &&
          !isKept && {
            text: t("offline"),
            acts: ["save"],
            run: async () => {
              await keeping.keep(session);
              app.again();
              app.say(t("done-offline"));
            },
          },
        keeping && {
          text: t("install"),
          acts: ["save"],
          run: () => {
            keeping.install();
            app.say(t("install-how"));
          },
        },
        invite && { text: t("invite"), acts: ["invite"], run: () => inviting(app, invite) },
        silent && { text: t("report"), acts: ["contact"], run: () => reporting(app, session.now, silent) },
      ]),
    ),
  ];
}

async function inviting(app: App, invite: (number: number) => Promise<string>): Promise<void> {
  // Copied by a button: copying by hand has a gate, which is a dialog too, and this act has passed its own.
  const made = await dialog<string>((settle) => {
    const number = h("input", {
      type: "number",
      min: 1,
      max: 16,
      id: "friend",
      required: true,
      autocomplete: "off",
      "data-first": true,
    });
    const link = h("output", { class: "listed", dir: "ltr" });
    const copy = button(t("copy-link"), () => settle(link.textContent ?? ""));
    const make = async (event: Event) => {
      event.preventDefault();
      link.textContent = await invite(number.valueAsNumber - 1);
      link.after(copy);
    };
    return [
      h("h2", {}, t("invite")),
      h(
        "form",
        { onsubmit: make },
        h("label", { for: "friend" }, t("friend")),
        number,
        h(
          "div",
          { class: "buttons" },
          h("button", { class: "primary" }, t("friend-link")),
          button(t("close"), () => settle("")),
        ),
      ),
      link,
    ];
  });
  if (made) await copyText(app, made);
}
