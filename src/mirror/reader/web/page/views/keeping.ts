/** Keeping the edition on the device, after the gate of *save*, in a library that has a passphrase; opening one. */

import { type App, wordsOf } from "../app.ts";
import { dialog } from "../dialog.ts";
import { button, h } from "../h.ts";
import * as libraries from "../library.ts";
import { t } from "../text.ts";
import { openNews } from "./opening.ts";

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

/** Ask for the passphrase of the library that is here; reading goes on without it too. */
export function unlocking(app: App) {
  const input = h("input", { type: "password", autocomplete: "off", id: "passphrase", required: true });
  const problem = h("p", { role: "alert", class: "problem" });
  const next = () => app.go(() => openNews(app), true);
  const unlock = async (event: Event) => {
    event.preventDefault();
    try {
      app.library = await libraries.open(input.value);
      next();
    } catch (error) {
      problem.textContent = wordsOf(error);
      input.select();
    }
  };
  return [
    h("h1", {}, t("library")),
    h("p", {}, t("library-here")),
    h(
      "form",
      { onsubmit: unlock },
      h("label", { for: "passphrase" }, t("passphrase")),
      input,
      problem,
      h(
        "div",
        { class: "buttons" },
        h("button", { class: "primary" }, t("open-library")),
        button(t("open-without"), next),
      ),
    ),
  ];
}
