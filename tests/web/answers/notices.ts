import { unhex } from "../../../src/mirror/reader/web/core/bytes.ts";
import { LAST_RESORT as BE } from "../../../src/mirror/reader/web/core/notices/builtin/be.ts";
import { LAST_RESORT as FA } from "../../../src/mirror/reader/web/core/notices/builtin/fa.ts";
import { LAST_RESORT as RU } from "../../../src/mirror/reader/web/core/notices/builtin/ru.ts";
import { LAST_RESORT as TR } from "../../../src/mirror/reader/web/core/notices/builtin/tr.ts";
import { LAST_RESORT as UK } from "../../../src/mirror/reader/web/core/notices/builtin/uk.ts";
import { LAST_RESORT as ZH } from "../../../src/mirror/reader/web/core/notices/builtin/zh-Hans.ts";
import {
  type Decision,
  decide,
  type ReaderContext,
  readerContext,
} from "../../../src/mirror/reader/web/core/notices/decide.ts";
import { admit, decode } from "../../../src/mirror/reader/web/core/notices/encode.ts";
import { gate, infoPage } from "../../../src/mirror/reader/web/core/notices/gate.ts";
import { requiredKeys } from "../../../src/mirror/reader/web/core/notices/keys.ts";
import { ACTS, type NoticeSet } from "../../../src/mirror/reader/web/core/notices/model.ts";
import { find, learn, walk } from "../../../src/mirror/reader/web/core/notices/text.ts";
import type { Answerers, Json } from "./answering.ts";

/** The set that later questions are about: sent once. */
let held: NoticeSet | null = null;

type Answers = { [name in "located" | "citizenships" | "statelessResidentOf"]: never };
const reader = (given: Answers): ReaderContext =>
  readerContext(given.located, given.citizenships, given.statelessResidentOf);

// What a page hands on is plain data: it must survive the way to another thread.
const plain = (value: unknown): Json => structuredClone(value) as Json;

const ofDecision = ({ level, isOld, concerns }: Decision): Json => ({
  level,
  isOld,
  concerns: concerns.map((each) => ({
    designation: each.designation.id,
    applies: each.applies,
    level: each.level,
    standing: each.said.standing,
    penalties: each.said.penalties,
    instead: each.said.instead,
    pastCounts: each.said.past_counts,
    recipientRisk: each.said.recipient_risk,
    isOld: each.isOld,
  })),
});

export const notices: Answerers = {
  "notices-hold": (given: string | null) => {
    held = given === null ? null : decode(unhex(given));
    return held && [held.edition, requiredKeys(held.catalogue)];
  },
  "notices-decode": (given: string) => decode(unhex(given)).edition,
  "notices-admit": (given: { data: string; publisher: string; floor: number }) =>
    admit(unhex(given.data), given.publisher, given.floor).edition,
  "notices-decide": (given: { reader: Answers; now: number }) =>
    ACTS.map((act) => ofDecision(decide(held, reader(given.reader), act, given.now))),
  "notices-gate": (given: { reader: Answers; language: string; now: number }) =>
    plain(ACTS.map((act) => gate(held, reader(given.reader), act, given.language, given.now))),
  "notices-info": (given: { id: string; language: string }) =>
    plain(held && infoPage(held, given.id, given.language)),
  "notices-walk": (given: string) => walk(held, given),
  "notices-find": (given: { key: string; language: string }) => plain(find(held, given.key, given.language)),
  "notices-learn": () => {
    for (const texts of [BE, FA, RU, TR, UK, ZH]) learn(texts);
    return null;
  },
  "notices-answers": (given: Answers) => {
    try {
      return reader(given) !== null;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  },
};
