import type { Article } from "../../../src/mirror/reader/web/core/model.ts";
import { plain } from "../../../src/mirror/reader/web/page/plain.ts";
import { excerpt, finder, folded } from "../../../src/mirror/reader/web/page/search.ts";
import be from "../../../src/mirror/reader/web/page/text/be.ftl";
import en from "../../../src/mirror/reader/web/page/text/en.ftl";
import fa from "../../../src/mirror/reader/web/page/text/fa.ftl";
import more from "../../../src/mirror/reader/web/page/text/more.ftl";
import read from "../../../src/mirror/reader/web/page/text/read.ftl";
import ru from "../../../src/mirror/reader/web/page/text/ru.ftl";
import tr from "../../../src/mirror/reader/web/page/text/tr.ftl";
import uk from "../../../src/mirror/reader/web/page/text/uk.ftl";
import zhHans from "../../../src/mirror/reader/web/page/text/zh-Hans.ftl";
import {
  closest,
  formatted,
  LANGUAGES,
  type Messages,
  type Pattern,
  type Values,
} from "../../../src/mirror/reader/web/page/text.ts";
import type { Answerers } from "./answering.ts";

const TEXTS: Record<string, Messages> = {
  be,
  en: { ...en, ...read, ...more },
  fa,
  ru,
  tr,
  uk,
  "zh-Hans": zhHans,
};
const EMPTY = { summary: "", byline: "", section: "", body: "" };

export const page: Answerers = {
  "page-closest": (liked: string[]) => closest(liked),
  "page-excerpt": ({ text, asked }: { text: string; asked: string }) => excerpt(text, asked),
  "page-find": ({ articles, asked }: { articles: Partial<Article>[]; asked: string }) =>
    finder(articles.map((each) => ({ ...EMPTY, ...each }) as Article))(asked).map(({ id }) => id),
  "page-fold": (text: string) => folded(text),
  "page-format": ({ language, id, values }: { language: string; id: string; values: Values }) =>
    formatted(TEXTS[language]?.[id] as Pattern, values, language),
  "page-languages": () => [...LANGUAGES],
  "page-plain": (body: string) => plain(body),
};
