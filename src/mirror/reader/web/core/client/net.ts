/** How bytes come from a mirror: the transport, and the codes of what can go wrong (`net/__init__.py`). */

import type { Bytes } from "../bytes.ts";
import { MAX_LINK, MAX_MIRRORS } from "../limits.ts";

/** A base URL that `address` has looked at; it ends in `/`. Never shown, logged or put into an error. */
export type Address = string & { readonly __address: never };

/** One mirror: a local name ("mirror 1") that may be shown, and where it answers. */
export interface Mirror {
  readonly name: string;
  readonly address: Address;
}

// Codes of `EndpointError`, with the meaning that FETCHING.md gives them.
export const ABSENT = "absent";
export const BROKEN = "broken";
export const REFUSED = "refused";
export const SILENT = "silent";
export const TOO_LONG = "too-long";
export const UNREACHABLE = "unreachable";
/** Never thrown: a request that was not made, or not waited for. */
export const UNASKED = "unasked";

/**
 * Told how one request goes: with 0 when the head of the answer is here, then with the bytes of the body so far.
 * Must not wait.
 */
export type Watch = (size: number) => void;

/** What the shells need of the network. */
export interface Transport {
  /**
   * The whole body at `path` (relative, no leading `/`): one attempt, never repeated, redirects refused.
   *
   * More than `limit` bytes are refused before they are held. When `signal` aborts, the request ends at once
   * and its connection is not waited for. Throws `EndpointError` with one of the codes above; nothing else
   * but what `signal` was aborted with.
   */
  get(address: Address, path: string, limit: number, signal: AbortSignal, watch: Watch): Promise<Bytes>;
}

/**
 * The mirror's address in `text`, as a list or an invitation gives it; `null` when it is none, or none that a
 * browser can use: it connects where the name says, so no `#connect=` or `#sni=`, and reads no folder.
 */
export function address(text: string): Address | null {
  // No user name and no query: each could tell one reader from another.
  if (text.length > MAX_LINK || !/^https?:\/\/(?![/:])[!-~]+$/i.test(text) || /[?@#\\]/.test(text))
    return null;
  try {
    new URL(text);
  } catch {
    return null;
  }
  return (text.endsWith("/") ? text : `${text}/`) as Address;
}

/** The mirrors at `texts`, each once, named by their places from `first` on, as many as are ever asked. */
export function mirrors(texts: Iterable<string>, first = 1): Mirror[] {
  const known = [...new Set(texts)].map(address).filter((each) => each !== null);
  return known
    .slice(0, Math.max(MAX_MIRRORS - first + 1, 0))
    .map((each, place) => ({ name: `mirror ${first + place}`, address: each }));
}
