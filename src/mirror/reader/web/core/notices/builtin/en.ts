// Made from `notices/builtin.py` by `python tests/helpers/builtin_ts.py`.

import type { Builtin } from "../text.ts";

export const LAST_RESORT: Builtin = {
  language: "en",
  direction: "ltr",
  texts: [
    "Before you act on this news",
    "The warnings that belong to this news are missing or damaged. In some countries people are punished for what they do with news. You can read; this program keeps nothing on the device.",
    "This is closed: the warnings that belong to this news are missing or damaged, so nobody can say what the risk is. Fetch the news again from another mirror.",
    "A warning belongs here, and its text is missing. Treat this as risky.",
    "Safer:",
    "Go on reading and leave this for another time.",
    "No, go back",
    "Machine translation, not reviewed by a person.",
    "The English original:",
    "This notice is not yet available in your language.",
  ],
};
