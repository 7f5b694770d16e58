/** Keeping the edition on the device, after the gate of *save*: into a library that has a passphrase. */

import type { App } from "../app.ts";
import { dialog } from "../gate.ts";
import { button, h } from "../h.ts";
import * as libraries from "../library.ts";
import { t } from "../text.ts";

const SHORTEST = 8;

/** Keep the edition; the library is made where there is none. */
export async function keep(app: App): Promise<void> {
  if (!app.session) return;
  if (!app.library) {
    const passphrase = await newPassphrase();
    if (passphrase === null) return;
    app.library = await libraries.create(passphrase);
  }
  await app.session.keep(app.library, (done, total) => app.say(t("opening-part", { done, total })));
  app.say(t("done-saved"));
}

function newPassphrase(): Promise<string | null> {
  return dialog<string>((settle) => {
    const field = (id: string) => h("input", { type: "password", id, autocomplete: "new-password" });
    const [first, second] = [field("passphrase"), field("passphrase-again")];
    const problem = h("p", { role: "alert", class: "problem" });
    const check = (event: Event) => {
      event.preventDefault();
      if ([...first.value].length < SHORTEST) problem.textContent = t("library-short");
      else if (first.value !== second.value) problem.textContent = t("library-differ");
      else settle(first.value);
    };
    first.dataset.first = "";
    return [
      h("h2", {}, t("library-new")),
      h("p", {}, t("library-why")),
      h(
        "form",
        { onsubmit: check },
        h("label", { for: first.id }, t("passphrase")),
        first,
        h("label", { for: second.id }, t("library-again")),
        second,
        problem,
        h(
          "div",
          { class: "buttons" },
          h("button", { class: "primary" }, t("library-make")),
          button(t("cancel"), (event) => (event.target as Element).closest("dialog")?.close(), "quiet"),
        ),
      ),
    ];
  });
}
