// The text of a type map → the variants it names.
import { readItem } from "./accept.js";
import type { Variant } from "./choose.js";

const empty = {
  fileName: "",
  type: "",
  charset: "",
  languages: [] as readonly string[],
  encoding: "",
  sourceQuality: 1,
  level: 0,
  description: "",
  length: -1,
  body: undefined as string | undefined,
};

/** Reads a map; undefined where a line is none. `name` is that of the map, for variants that stand in it. */
export function readTypeMap(text: string, name: string): readonly Variant[] | undefined {
  const variants: Variant[] = [];
  let current = empty;
  let hasContent = false;
  const finish = (): void => {
    if (current.fileName !== "" && hasContent) variants.push(current);
    [current, hasContent] = [empty, false];
  };
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    let line = (lines[i] ?? "").replace(/\r$/, "");
    if (line.startsWith("#")) continue;
    if (line.trim() === "") {
      finish();
      continue;
    }
    while (/^[ \t]+\S/.test(lines[i + 1] ?? "")) line += ` ${(lines[++i] ?? "").trim()}`;
    const match = /^([^:\s]+)\s*:\s*(.*)$/.exec(line);
    if (!match) return undefined;
    const value = (match[2] ?? "").replace(/\([^)]*\)/g, "").trim();
    const field = (match[1] ?? "").toLowerCase();
    if (field === "body") {
      const end = lines.findIndex((each, index) => index > i && each.startsWith(value));
      if (end < 0) break;
      const body = lines
        .slice(i + 1, end)
        .map((each) => `${each}\n`)
        .join("");
      current = { ...current, body, length: body.length, fileName: name };
      i = end;
      continue;
    }
    hasContent ||= field.startsWith("content-");
    current = { ...current, ...readField(field, value) };
  }
  finish();
  return variants;
}

function readField(field: string, value: string): Partial<Variant> {
  switch (field) {
    case "uri":
      return { fileName: /^"([^"]*)"|^[^\s;,]*/.exec(value)?.[1] ?? value.replace(/[\s;,].*/s, "") };
    case "content-type": {
      const { name, level, charset = "" } = readItem(value);
      const source = /;\s*qs\s*=\s*([\d.]+)/i.exec(value)?.[1];
      return { type: name, level, charset, sourceQuality: source === undefined ? 1 : Number(source) || 0 };
    }
    case "content-length":
      return /^\d+$/.test(value) ? { length: Number(value) } : {};
    case "content-language":
      return { languages: value.toLowerCase().split(/\s*,\s*/) };
    case "content-encoding":
      return { encoding: value.toLowerCase() };
    case "description":
      return { description: value };
    default:
      return {};
  }
}
