/** Sizes and places, in the language that is spoken. */

import { has, spoken, t } from "./text.ts";

/** A number of bytes. */
export function size(bytes: number): string {
  const options = { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(spoken(), options).format(Math.ceil(bytes / 1000));
}

/** A country's or place's name. */
export function placeName(code: string): string {
  if (has(`place-${code}`)) return t(`place-${code}`);
  const [country = code] = code.split("-");
  const name = new Intl.DisplayNames(spoken(), { type: "region" }).of(country) ?? country;
  return country === code ? name : `${name} · ${code}`;
}
