/** Other ways to news than the mirrors that are known: an edition in a file, an invitation. */

import type { App } from "../app.ts";
import { h } from "../h.ts";
import { t } from "../text.ts";
import { openFile, openNews } from "./opening.ts";

/** A field for an edition in a file. */
export const fileField = (app: App) =>
  h(
    "label",
    { class: "choice" },
    h("span", {}, t("open-file")),
    h("input", {
      type: "file",
      accept: ".zip",
      onchange: (event: Event) => {
        const file = (event.target as HTMLInputElement).files?.[0];
        if (file) openFile(app, file);
      },
    }),
  );

/** A field for an invitation: what is pasted there is in no history, as a link with one is. */
export function invitationField(app: App) {
  const field = h("textarea", {
    id: "invitation",
    rows: 3,
    dir: "ltr",
    autocomplete: "off",
    spellcheck: "false",
  });
  const use = (event: Event) => {
    event.preventDefault();
    app.invitation = field.value.trim();
    app.go(() => openNews(app, true), true);
  };
  return h(
    "form",
    { onsubmit: use },
    h("label", { for: "invitation" }, t("invitation")),
    field,
    h("button", {}, t("invitation-use")),
  );
}
