// The value of a Header line → a function that fills it in for a request.
import { loadavg } from "node:os";
import { encryptionVariable, type Request, type Response, type WorkerView } from "../../api/index.js";

/** Fills a value in; its line ends have become blanks. */
export type Value = (request: Request, response?: Response) => string;

/** Why a value cannot be read. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

type Load = NonNullable<WorkerView["load"]>;

let load: Load | undefined;

/** Says where the load of this process is known from. */
export function learnLoad(from: Load | undefined): void {
  load = from;
}

/** Percent of this worker's connections that are at work. */
function busyness(): number {
  const { active, capacity } = load?.() ?? { active: 0, capacity: 0 };
  return capacity === 0 ? 0 : Math.min(100, (active * 100) / capacity);
}

const now = (): number => performance.timeOrigin + performance.now();
const unwrapped = (text: string): string => text.replace(/[\r\n]/g, " ");

const items: Readonly<Record<string, (argument: string) => Value>> = {
  t: () => (request) => `t=${Math.round(request.startTime * 1000)}`,
  D: () => (request) => `D=${Math.max(0, Math.round((now() - request.startTime) * 1000))}`,
  l: () => () =>
    `l=${loadavg()
      .map((load) => load.toFixed(2))
      .join("/")}`,
  b: () => () => `b=${Math.floor(busyness())}`,
  i: () => () => `i=${Math.floor(100 - busyness())}`,
  e: (name) => (request) => unwrapped(request.environment.get(name) ?? "(null)"),
  s: (name) => (request) => {
    if (name === "HTTPS") return request.connection.secure ? "on" : "off";
    return unwrapped(encryptionVariable(request, name) || "(null)");
  },
};

/** Reads a value: text with `%` items; `\n` and the like stand for control characters. Throws a ValueError. */
export function compileValue(text: string): Value {
  const parts: (string | Value)[] = [];
  for (let at = 0; at < text.length;) {
    if (text[at] !== "%") {
      const end = text.indexOf("%", at) < 0 ? text.length : text.indexOf("%", at);
      parts.push(unescaped(text.slice(at, end)));
      at = end;
      continue;
    }
    const [whole = "%", argument = "", letter = ""] = /%(?:\{([^}]*)\})?([^]?)/y.exec(text.slice(at)) ?? [];
    at += whole.length;
    if (letter === "%" || letter === "") {
      parts.push("%");
      continue;
    }
    const item = Object.hasOwn(items, letter) ? items[letter] : undefined;
    if (!item) throw new ValueError(`Unrecognized header format %${letter}`);
    parts.push(item(argument));
  }
  const [only] = parts;
  if (parts.length === 0) return () => "";
  if (parts.length === 1 && only !== undefined) return typeof only === "string" ? () => only : only;
  return (request, response) => {
    let filled = "";
    for (const part of parts) filled += typeof part === "string" ? part : part(request, response);
    return filled;
  };
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  const meaning: Readonly<Record<string, string>> = { "\\": "\\", r: "\r", n: "\n", t: "\t" };
  return text.replace(/\\([\\rnt])/g, (_all, letter: string) => meaning[letter] ?? letter);
}
