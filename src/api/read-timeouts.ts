// How long clients may take to send requests: the settings of mod_reqtimeout, which the server itself needs.
import { defineSettings } from "./module.js";
import type { Setting } from "./settings.js";

/** How long a part of a request may take; milliseconds, and bytes per second. */
export interface ReadTimeout {
  readonly first: number;
  /** Every second of the time is bought by so many bytes; 0: none is. */
  readonly rate: number;
  /** No more than this in all; 0 without limit. */
  readonly most: number;
}

const timeout = (initial: ReadTimeout): Setting<ReadTimeout> => ({
  initial,
  add: (_earlier, later) => later,
  nest: (_outer, inner) => inner,
});

export const readTimeouts = defineSettings("mod_reqtimeout", {
  header: timeout({ first: 20_000, rate: 500, most: 40_000 }),
  body: timeout({ first: 20_000, rate: 500, most: 0 }),
});

/** The milliseconds a part may take of which so many bytes have come; Infinity without limit. */
export function allowedTime({ first, rate, most }: ReadTimeout, bytes: number): number {
  if (first === 0) return Infinity;
  const earned = rate > 0 ? (bytes / rate) * 1000 : 0;
  return most > 0 ? Math.min(first + earned, most) : first + earned;
}
