/** The direction in which a language is written. */

const RIGHT_TO_LEFT = /^(?:ar|fa|ps|ur|he|ckb|ug)\b/;

/** The direction of a language's script. */
export const direction = (tag: string): "rtl" | "ltr" => (RIGHT_TO_LEFT.test(tag) ? "rtl" : "ltr");

/** The direction of a text in `tag`, which may begin with a name in other letters; else its own letters say. */
export const leaning = (tag: string): "rtl" | "auto" => (direction(tag) === "rtl" ? "rtl" : "auto");
