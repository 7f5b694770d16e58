/** The first thing seen: what is being done, in words; and what this page cannot do. */

import { MirrorError } from "../../core/errors.ts";
import { type App, type View, wordsOf } from "../app.ts";
import { button, h } from "../h.ts";
import type { Session } from "../reading.ts";
import type { Channel } from "../shell.ts";
import { t } from "../text.ts";
import { channels, front } from "./front.ts";

/** Open the library if there is one (`known`) and its owner wants to; then the news. */
export const opening =
  (app: App, known: Promise<boolean>): View =>
  async () => {
    if (!app.library && (await known)) return (await app.more()).unlocking(app);
    return openNews(app);
  };

/** Show what the library keeps, without asking anybody; `null` where it keeps nothing of the channel. */
async function openKept(app: App, channel: Channel): Promise<Session | null> {
  const { library } = app;
  const session = app.shell.session(channel.id, { library, archive: null, isOnline: false, invitation: "" });
  try {
    Object.assign(app, { session, edition: await session.open(() => {}), channel });
  } catch {
    session.close();
    return null;
  }
  app.go(front(app), true);
  await takeNotices(app, session);
  app.changed();
  return session;
}

/** After the headlines: every act waits for the notices. What shows them comes first. */
async function takeNotices(app: App, session: Session): Promise<void> {
  app.read ??= await app.shell.read().catch(() => null);
  await session.takeNotices();
}

/**
 * Get the news of a channel, and say how it goes. What was read before stays where that fails. What is kept is shown at
 * once, and gives way to what mirrors have when that is whole: a link that swallows packets takes half a minute to show.
 */
export function openNews(
  app: App,
  isOnline = !app.archive,
  channel = app.channel,
  tried: readonly Channel[] = [],
) {
  const step = h("p", { role: "status" });
  const progress = h("progress", { "aria-label": t("opening") });
  const open = async () => {
    const { library, archive, invitation, session: before } = app;
    const kept = library && isOnline && !before ? await openKept(app, channel) : null;
    const session = app.shell.session(channel.id, { library, archive, isOnline, invitation });
    try {
      const edition = await session.open((name, done, total) => {
        const part = total ? ` ${t("opening-part", { done, total })}` : "";
        step.textContent = t(`opening-${name}`) + part;
        if (total) Object.assign(progress, { max: total, value: done });
      });
      if (kept) await takeNotices(app, session); // no act is closed again meanwhile
      if (kept && app.session !== kept) return session.close(); // somebody asked for something else
      before?.close();
      Object.assign(app, { session, edition, channel });
    } catch (error) {
      session.close();
      if (kept) return; // it is there, and says that no mirror was heard
      const other = before ? null : elsewhere(app, error, [...tried, channel]);
      if (other) return app.go(() => openNews(app, isOnline, other, [...tried, channel]), true);
      // What cannot be used is not tried again.
      app.archive = app.shell.archive;
      if (error instanceof MirrorError && error.code.startsWith("invitation")) app.invitation = "";
      app.go(before ? front(app) : failed(app, error), true);
      if (before) app.say(wordsOf(error));
      return;
    }
    if (!kept) {
      app.go(front(app), true);
      await takeNotices(app, session);
    }
    app.changed();
    // By everyone, so that asking tells nothing of what somebody does, and that it is here when the mirror is not; asked
    // for again where it is needed.
    const more = await app.shell.more().catch(() => null);
    if (isOnline) await more?.update(app, session);
  };
  void open();
  return [h("h1", {}, t("opening")), step, progress, h("p", { class: "dim" }, t("self-check"))];
}

/** The channel to open where nobody chose one of `tried`, and they have no edition, or a file does not carry it. */
function elsewhere(app: App, error: unknown, tried: readonly Channel[]): Channel | null {
  const isMissing = error instanceof MirrorError && (app.archive || error.code === "no-edition");
  const others = app.shell.publication.channels.filter((each) => !tried.includes(each));
  return (isMissing && others[0]) || null;
}

const failed =
  (app: App, error: unknown): View =>
  () => {
    const others = h("div");
    const put = ({ fileField, invitationField }: typeof import("../more.ts")) =>
      others.append(fileField(app), invitationField(app));
    app.shell.more().then(put, () => {}); // without it neither could be used
    return [
      h("h1", {}, t("opening-failed")),
      h("p", {}, wordsOf(error)),
      h(
        "div",
        { class: "buttons" },
        button(t("try-again"), () => app.go(() => openNews(app, true), true), "primary"),
        channels(app),
      ),
      others,
    ];
  };

/** Open an edition that came as a file. */
export function openFile(app: App, file: Blob): void {
  app.archive = file;
  app.go(() => openNews(app), true);
}
