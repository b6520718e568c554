// A strftime format → a function that shows a date.

const months = ["January", "February", "March", "April", "May", "June", "July"].concat(
  "August",
  "September",
  "October",
  "November",
  "December",
);
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Compiles a strftime format, in the C locale and local time; what it does not know stays as it is. */
export function compileStrftime(format: string): (date: Date) => string {
  const parts = format.split(/(%[EO]?[A-Za-z%+])/).map((part) => {
    const show = part.startsWith("%") ? conversions[part.slice(-1)] : undefined;
    return show ?? (() => part);
  });
  return (date) => {
    let text = "";
    for (const part of parts) text += part(date);
    return text;
  };
}

const two = (number: number): string => String(number).padStart(2, "0");
const blank = (number: number): string => String(number).padStart(2, " ");
const hour12 = (date: Date): number => date.getHours() % 12 || 12;
const dayOfYear = (date: Date): number =>
  Math.round(
    (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000,
  );

/** The ISO 8601 week: Mondays first, week 1 has the year's first Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(
    Date.UTC(date.getFullYear(), date.getMonth(), date.getDate() + 3 - ((date.getDay() + 6) % 7)),
  );
  const year = thursday.getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / 604_800_000) };
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

const clock = (date: Date): string => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
const slashes = (date: Date): string =>
  `${two(date.getMonth() + 1)}/${two(date.getDate())}/${two(date.getFullYear() % 100)}`;
const name = (names: readonly string[], index: number): string => names[index] ?? "";

const conversions: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => name(days, date.getDay()).slice(0, 3),
  A: (date) => name(days, date.getDay()),
  b: (date) => name(months, date.getMonth()).slice(0, 3),
  B: (date) => name(months, date.getMonth()),
  c: (date) =>
    `${name(days, date.getDay()).slice(0, 3)} ${name(months, date.getMonth()).slice(0, 3)} ${blank(date.getDate())} ` +
    `${clock(date)} ${date.getFullYear()}`,
  C: (date) => two(Math.floor(date.getFullYear() / 100)),
  d: (date) => two(date.getDate()),
  D: slashes,
  e: (date) => blank(date.getDate()),
  F: (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
  g: (date) => two(isoWeek(date).year % 100),
  G: (date) => String(isoWeek(date).year),
  h: (date) => name(months, date.getMonth()).slice(0, 3),
  H: (date) => two(date.getHours()),
  I: (date) => two(hour12(date)),
  j: (date) => String(dayOfYear(date) + 1).padStart(3, "0"),
  k: (date) => blank(date.getHours()),
  l: (date) => blank(hour12(date)),
  m: (date) => two(date.getMonth() + 1),
  M: (date) => two(date.getMinutes()),
  n: () => "\n",
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  P: (date) => (date.getHours() < 12 ? "am" : "pm"),
  r: (date) =>
    `${two(hour12(date))}:${two(date.getMinutes())}:${two(date.getSeconds())} ${date.getHours() < 12 ? "AM" : "PM"}`,
  R: (date) => `${two(date.getHours())}:${two(date.getMinutes())}`,
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => two(date.getSeconds()),
  t: () => "\t",
  T: clock,
  u: (date) => String(date.getDay() || 7),
  U: (date) => two(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7)),
  V: (date) => two(isoWeek(date).week),
  w: (date) => String(date.getDay()),
  W: (date) => two(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7)),
  x: slashes,
  X: clock,
  y: (date) => two(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  z: zone,
  Z: (date) =>
    /\(([^)]+)\)|[A-Z]{2,}/.exec(date.toLocaleTimeString("en-US", { timeZoneName: "short" }).slice(-5))?.[0] ??
    zone(date),
  "%": () => "%",
};

/** The same in Greenwich time, which it calls GMT. */
export function compileStrftimeGmt(format: string): (date: Date) => string {
  const show = compileStrftime(format.replaceAll("%Z", "GMT").replaceAll("%z", "+0000"));
  return (date) => show(new Date(date.getTime() + date.getTimezoneOffset() * 60_000));
}
