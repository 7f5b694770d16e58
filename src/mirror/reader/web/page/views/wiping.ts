/** Wiping, which no part that would have to be fetched may stand before. */

import type { App } from "../app.ts";
import { dialog } from "../dialog.ts";
import { button, h } from "../h.ts";
import { leave } from "../leaving.ts";
import { t } from "../text.ts";
import { wipe } from "../wiping.ts";

/** Say what it cannot do, then do it and leave; stay where something is left. */
export async function wiping(app: App): Promise<void> {
  await dialog<null>((settle) => {
    const problem = h("p", { role: "alert", class: "problem" });
    const back = button(t("cancel"), () => settle(null), "primary");
    back.dataset.first = "";
    const go = async () => {
      app.library = null;
      const left = await wipe();
      if (left.length) problem.textContent = t("wipe-left", { what: left.join(", ") });
      else leave(app.shell.exit);
    };
    return [
      h("h2", {}, t("wipe")),
      h("p", {}, t("wipe-why")),
      h("p", {}, t("wipe-cannot")),
      problem,
      h("div", { class: "buttons" }, back, button(t("wipe"), go, "danger")),
    ];
  });
}
