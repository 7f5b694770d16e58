// Made from `notices/builtin.py` by `python tests/helpers/builtin_ts.py`.

/** Stands in for any text that is nowhere. */
export const MISSING = "builtin.missing";

/** What the built-in texts of each language are, in their order. */
export const KEYS: readonly string[] = [
  "builtin.title",
  "builtin.read",
  "builtin.off",
  "builtin.missing",
  "ui.safer",
  "alt.read-on",
  "ui.back",
  "ui.machine",
  "ui.beside",
  "ui.other-language",
];
