// Made from `notices/builtin.py` by `python tests/helpers/builtin_ts.py`.

import type { Builtin } from "../text.ts";

export const LAST_RESORT: Builtin = {
  language: "zh-Hans",
  direction: "ltr",
  texts: [
    "在对这条新闻采取行动之前",
    "这些新闻应有的提示缺失或已损坏。在一些国家，有人因为对新闻所做的事而受到处罚。您可以阅读；本程序不在设备上保留任何内容。",
    "这项功能已关闭：这些新闻应有的提示缺失或已损坏，没有人能说明风险有多大。请从另一个镜像重新获取新闻。",
    "这里应有一则提示，但其文字缺失。请把它当作有风险的行为。",
    "更安全的做法：",
    "继续阅读，这件事以后再说。",
    "不，返回",
    "机器翻译，未经人工审校。",
    "英文原文：",
    "这则提示目前还没有您的语言版本。",
  ],
};
