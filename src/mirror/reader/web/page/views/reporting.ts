/** A report of endpoints that did not answer: what it tells and what not, and the report. Sent nowhere, kept nowhere. */

import type { Reportable } from "../../core/client/invited.ts";
import { seal } from "../../core/rotation/hpke.ts";
import type { App } from "../app.ts";
import { dialog } from "../dialog.ts";
import { copyText } from "../doing.ts";
import { isOffered, may } from "../gates.ts";
import { button, h } from "../h.ts";
import { day, t } from "../text.ts";

/** After the gate of *contact*. `now` is the instant that the run is judged at. */
export async function reporting(app: App, now: number, { names, report }: Reportable): Promise<void> {
  const [line, letters] = await report(crypto.getRandomValues(new Uint8Array(32)), seal);
  const isCopied = await dialog<boolean>((settle) => {
    const close = button(t("close"), () => settle(false), "primary");
    close.dataset.first = "";
    return [
      h("h2", {}, t("report")),
      h(
        "div",
        { class: "scrolled", tabindex: 0 },
        h("p", {}, t("report-tells", { names: names.join(", "), day: day(now) })),
        h("p", {}, t("report-not")),
        h("p", {}, t("report-carry")),
        h("output", { class: "letters", dir: "ltr" }, letters),
      ),
      h(
        "div",
        { class: "buttons" },
        close,
        isOffered(app, "copy_link") && button(t("report-copy"), () => settle(true)),
      ),
    ];
  });
  // There is one dialog at a time, and the gate may need one.
  if (isCopied && (await may(app, "copy_link"))) await copyText(app, line);
}
