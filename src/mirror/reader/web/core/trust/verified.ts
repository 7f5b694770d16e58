/** The search for a target among delegated roles. */

import { utf8 } from "../bytes.ts";
import { digestOf } from "../crypto.ts";
import type { Delegation, Signed } from "./metadata.ts";
import { ROOT, TARGETS, type TargetInfo } from "./state.ts";

/**
 * Look for target `path` (specification 5.6.7): `load` gives a role's metadata, or null where it cannot be had, and then
 * the search ends.
 *
 * Preorder, depth first, in the order of appearance; a terminating delegation that matches ends the search outside of
 * it; a role is entered once; at most `limit` roles besides the first.
 */
export async function search(
  path: string,
  limit: number,
  load: (role: string, parent: string) => Promise<Signed | null>,
): Promise<TargetInfo | null> {
  const digest = await digestOf(utf8(path));
  const todo: [string, string][] = [[TARGETS, ROOT]];
  const seen = new Set<string>();
  for (let next = todo.pop(); next && seen.size <= limit; next = todo.pop()) {
    const [role, parent] = next;
    if (seen.has(role)) continue;
    const signed = await load(role, parent);
    if (!signed) return null;
    const found = signed.targets.get(path);
    if (found) return found;
    seen.add(role);
    const matching = delegationsOf(signed, digest).filter((each) => isDelegated(each, path, digest));
    const last = matching.findIndex(({ isTerminating }) => isTerminating);
    if (last >= 0) {
      todo.length = 0;
      matching.length = last + 1;
    }
    todo.push(...matching.reverse().map(({ name }): [string, string] => [name, role]));
  }
  return null;
}

type Named = Pick<Delegation, "name" | "isTerminating" | "patterns" | "prefixes">;

function delegationsOf({ delegations, bins }: Signed, digest: string): readonly Named[] {
  if (!bins) return delegations;
  const bin = Math.floor(Number.parseInt(digest.slice(0, 8), 16) / 2 ** (32 - bins.bits));
  const name = `${bins.prefix}-${bin.toString(16).padStart(Math.ceil(bins.bits / 4), "0")}`;
  return [{ name, isTerminating: true, prefixes: [""] }];
}

function isDelegated({ patterns, prefixes }: Named, path: string, digest: string): boolean {
  const parts = path.split("/");
  const isMatched = (pattern: string) => {
    const wanted = pattern.split("/");
    return (
      wanted.length === parts.length && wanted.every((each, place) => matches(each, parts[place] as string))
    );
  };
  return patterns?.some(isMatched) ?? prefixes?.some((prefix) => digest.startsWith(prefix)) ?? false;
}

/** Whether a part of a path matches a pattern of the shell's (`*`, `?`, `[…]`), as Python's `fnmatch` has it. */
export function matches(pattern: string, text: string): boolean {
  const wanted = pattern.match(/\*+|\[(?=(!?))\1.[^\]]*\]|./gsu) ?? [];
  const characters = [...text];
  // Two places and the last star are enough: what an earlier star could take, the last one can.
  let [at, place, star, from] = [0, 0, -1, 0];
  while (place < characters.length) {
    if (wanted[at]?.startsWith("*")) {
      star = at++;
      from = place;
    } else if (at < wanted.length && isOneOf(wanted[at] as string, characters[place] as string)) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++from;
    } else return false;
  }
  while (wanted[at]?.startsWith("*")) at++;
  return at === wanted.length;
}

function isOneOf(wanted: string, character: string): boolean {
  if (wanted === "?" || wanted === character) return true;
  if (wanted.length < 3 || !wanted.startsWith("[")) return false;
  const isNot = wanted[1] === "!";
  const ranges = wanted.slice(isNot ? 2 : 1, -1).match(/.-.|./gsu) ?? [];
  const isIn = ranges.some((range) => {
    const [low = "", , high = low] = [...range];
    return low <= character && character <= high;
  });
  return isIn !== isNot;
}
