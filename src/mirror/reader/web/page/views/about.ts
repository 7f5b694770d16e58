/** What this protects from and what not; who signed; what each mirror did. */

import { report } from "../../core/client/verdicts.ts";
import type { App, View } from "../app.ts";
import { type Child, h } from "../h.ts";
import { size } from "../naming.ts";
import { t } from "../text.ts";
import { freshness } from "./front.ts";

export const about =
  (app: App): View =>
  () => {
    const { shell } = app;
    const list = (kind: string) =>
      h(
        "ul",
        {},
        [1, 2, 3, 4].map((each) => h("li", {}, t(`about-${kind}-${each}`))),
      );
    return [
      h("h1", {}, t("protects")),
      h("h2", {}, t("about-does")),
      list("does"),
      h("h2", {}, t("about-not")),
      list("not"),
      facts(app),
      h("h2", {}, t("about-root")),
      h("p", { class: "listed", dir: "ltr" }, shell.publication.root.replace(/(.{8})(?=.)/g, "$1 ")),
      h("p", { class: "dim", dir: "ltr" }, shell.version),
    ];
  };

function facts(app: App): Child {
  const { session, edition } = app;
  if (!session || !edition) return null;
  const signers = [...session.signers].map(([role, { keyids, holders, threshold }]) =>
    h("li", {}, t("about-role", { role, count: keyids.length, holders, threshold })),
  );
  const mirrors = report(session.accounts).map(({ name, verdict, evidence }) =>
    h(
      "li",
      { class: verdict },
      h("strong", {}, name),
      ` ${t(`verdict-${verdict}`)}`,
      evidence.length > 0 &&
        h("small", { dir: "ltr" }, ` ${evidence.map((each) => `${each.about}: ${each.code}`).join(", ")}`),
    ),
  );
  return [
    h("h2", {}, t("about-signed")),
    h("p", {}, freshness(session).join(" ")),
    h("ul", {}, signers),
    mirrors.length > 0 && [h("h2", {}, t("about-mirrors")), h("ul", {}, mirrors)],
    h("p", { class: "dim" }, t("about-fetched", { size: size(session.fetchedBytes()) })),
  ];
}
