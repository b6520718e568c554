// A text with $N, %N, %{VARIABLE} and ${map:key|default} → its parts, and the parts → the text filled in.
import { readerOf, type Reader } from "./variables.js";
import { then, type Awaitable, type Groups, type Run } from "./run.js";
import { escapeReference, type Escaping } from "./url.js";

type Part =
  | { readonly kind: "text"; readonly text: string; readonly isEscaped: boolean }
  | { readonly kind: "rule group" | "condition group"; readonly group: number }
  | { readonly kind: "variable"; readonly read: Reader }
  | { readonly kind: "map"; readonly map: string; readonly key: Template; readonly fallback: Template | undefined };

/** A text as written, and its parts. */
export interface Template {
  readonly source: string;
  readonly parts: readonly Part[];
  /** The whole text where nothing has to be filled in. */
  readonly constant: string | undefined;
}

/** Where a question mark comes from: written, filled in, or nowhere yet. The first one counts, or the last. */
export interface QuestionMark {
  origin: "none" | "written" | "filled in";
  readonly counts: "first" | "last";
}

/** How to fill a text in. */
export interface Filling {
  readonly escaping?: Escaping | undefined;
  readonly questionMark?: QuestionMark;
}

/** Reads a text. A backslash makes the next character ordinary. */
export function parseTemplate(source: string): Template {
  const parts: Part[] = [];
  let text = "";
  const endText = (): void => {
    if (text !== "") parts.push({ kind: "text", text, isEscaped: false });
    text = "";
  };
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    const next = source.charAt(at + 1);
    if (char === "\\" && next !== "") {
      endText();
      parts.push({ kind: "text", text: next, isEscaped: true });
      at += 2;
    } else if ((char === "$" || char === "%") && next === "{") {
      const end = closingBrace(source, at + 2);
      const part = end === undefined ? undefined : bracedPart(char, source.slice(at + 2, end));
      if (end === undefined || !part) {
        text += char + next;
        at += 2;
        continue;
      }
      endText();
      parts.push(part);
      at = end + 1;
    } else if ((char === "$" || char === "%") && next >= "0" && next <= "9") {
      endText();
      parts.push({ kind: char === "$" ? "rule group" : "condition group", group: Number(next) });
      at += 2;
    } else {
      text += char;
      at++;
    }
  }
  endText();
  const isConstant = parts.every(({ kind }) => kind === "text");
  return {
    source,
    parts,
    constant: isConstant ? parts.map((part) => (part.kind === "text" ? part.text : "")).join("") : undefined,
  };
}

/** What stands in braces; undefined for a map without a key, which is only text. */
function bracedPart(sign: string, inside: string): Part | undefined {
  if (sign === "%") return { kind: "variable", read: readerOf(inside) };
  const colon = findInBraces(inside, ":");
  if (colon === undefined) return undefined;
  const rest = inside.slice(colon + 1);
  const bar = findInBraces(rest, "|");
  const fallback = bar === undefined ? "" : rest.slice(bar + 1);
  return {
    kind: "map",
    map: inside.slice(0, colon),
    key: parseTemplate(bar === undefined ? rest : rest.slice(0, bar)),
    fallback: fallback === "" ? undefined : parseTemplate(fallback),
  };
}

function closingBrace(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "}" && --depth === 0) return at;
    if (text[at] === "{") depth++;
  }
  return undefined;
}

/** The first of a character that is not within further braces. */
function findInBraces(text: string, wanted: string): number | undefined {
  let depth = 1;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === wanted && depth === 1) return at;
    if (text[at] === "}" && --depth === 0) return undefined;
    if (text[at] === "{") depth++;
  }
  return undefined;
}

/** Fills a text in. What is filled in is never looked through again. */
export function expand(template: Template, run: Run, filling: Filling = {}): Awaitable<string> {
  if (template.constant !== undefined && !filling.questionMark) return template.constant;
  return expandFrom(template.parts, 0, "", { run, filling });
}

interface Expansion {
  readonly run: Run;
  readonly filling: Filling;
}

function expandFrom(parts: readonly Part[], from: number, before: string, expansion: Expansion): Awaitable<string> {
  let text = before;
  for (let i = from; i < parts.length; i++) {
    const part = parts[i];
    if (!part) break;
    const value = valueOf(part, expansion);
    if (value instanceof Promise) {
      return value.then((settled) => expandFrom(parts, i + 1, text + noted(part, settled, expansion), expansion));
    }
    text += noted(part, value, expansion);
  }
  return text;
}

function noted(part: Part, value: string, { filling: { questionMark } }: Expansion): string {
  if (!questionMark || !value.includes("?") || (part.kind === "text" && part.isEscaped)) return value;
  if (questionMark.counts === "last" || questionMark.origin === "none") {
    questionMark.origin = part.kind === "text" ? "written" : "filled in";
  }
  return value;
}

function valueOf(part: Part, { run, filling }: Expansion): Awaitable<string> {
  switch (part.kind) {
    case "text":
      return part.text;
    case "rule group":
      return groupOf(run.ruleMatch, part.group, run, filling);
    case "condition group":
      return groupOf(run.conditionMatch, part.group, run, filling);
    case "variable":
      return part.read(run.request, run);
    case "map":
      return then(expand(part.key, run, { escaping: filling.escaping }), (key) =>
        then(run.maps.get(part.map)?.look(key, run), (found) =>
          found === undefined && part.fallback
            ? expand(part.fallback, run, { escaping: filling.escaping })
            : (found ?? ""),
        ),
      );
  }
}

function groupOf(match: Groups | undefined, group: number, run: Run, { escaping }: Filling): string {
  const text = match?.[group] ?? "";
  if (!escaping || text === "") return text;
  const escaped = escapeReference(text, escaping);
  run.trace?.(5, `escaping backreference '${text}' to '${escaped}'`);
  return escaped;
}
