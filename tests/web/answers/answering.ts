/** What a question of the Python tests is, and what an answer. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Answers one kind of question. A `MirrorError` becomes its class and code; anything else ends the program. */
export type Answerer = (input: never) => Json | Promise<Json>;

export type Answerers = { readonly [kind: string]: Answerer };
