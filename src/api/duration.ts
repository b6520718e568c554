// Lengths of time as parameters write them → milliseconds.

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, sec: 1000, mi: 60_000, min: 60_000, h: 3_600_000 };

/** Milliseconds of "5", "5s", "100ms"; a bare number counts in `unit`. Undefined where it is none. */
export function duration(value: string, unit: "ms" | "s"): number | undefined {
  const { number, word } = /^(?<number>\d{1,9})(?<word>[a-z]*)$/i.exec(value)?.groups ?? {};
  const factor = units[(word || unit).toLowerCase()];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
