// Header lines, a request and the fields they are for → the fields changed.
import {
  compileSubstitution,
  type Condition as Expression,
  type Headers,
  type Request,
  type Response,
} from "../../api/index.js";
import type { Value } from "./value.js";

/** What a line does to its field. */
export type Action =
  | { readonly kind: "set" | "setifempty" | "add" | "append" | "merge" | "note"; readonly value: Value }
  | { readonly kind: "unset" }
  | { readonly kind: "echo"; readonly names: RegExp }
  | { readonly kind: "edit"; readonly regex: RegExp; readonly all: boolean; readonly value: Value };

/** When a line acts; "early": as soon as the request is read. */
export type Condition =
  | { readonly kind: "none" | "early" }
  | { readonly kind: "env"; readonly name: string; readonly wanted: boolean }
  | { readonly kind: "expr"; readonly condition: Expression };

/** One Header or RequestHeader line. */
export interface Line {
  readonly field: string;
  readonly key: string;
  readonly act: Action;
  readonly condition: Condition;
  /** It changes the type, language or encoding of a response, or may ask for them. */
  readonly isOfEntity: boolean;
}

/** Applies lines in order, those for early or those for later. */
export function applyLines(
  request: Request,
  headers: Headers,
  {
    lines,
    early,
    response,
  }: { readonly lines: readonly Line[]; readonly early: boolean; readonly response?: Response },
): void {
  for (const line of lines) {
    if ((line.condition.kind === "early") !== early || !holds(request, line.condition, response)) continue;
    apply({ request, response }, headers, line);
  }
}

/** As in Apache, a condition that cannot be told does not hold a line back. */
function holds(request: Request, condition: Condition, response: Response | undefined): boolean {
  if (condition.kind === "env") return request.environment.has(condition.name) === condition.wanted;
  if (condition.kind !== "expr") return true;
  return condition.condition.test(request, response ? { response } : {}) !== false;
}

/** What values are filled in from. */
interface Source {
  readonly request: Request;
  readonly response: Response | undefined;
}

function apply({ request, response }: Source, headers: Headers, { field, key, act }: Line): void {
  if (key === "content-type" && response) changeType({ request, response }, headers, act);
  switch (act.kind) {
    case "set":
      return headers.set(field, act.value(request, response));
    case "setifempty":
      if (!headers.has(key)) headers.set(field, act.value(request, response));
      return;
    case "add":
      return headers.append(field, act.value(request, response));
    case "append":
      return append(headers, field, act.value(request, response));
    case "merge": {
      const value = act.value(request, response);
      if (!listed(headers.get(key) ?? "").includes(value)) append(headers, field, value);
      return;
    }
    case "unset":
      return headers.delete(key);
    case "echo":
      return request.headers.forEach((name, value) => {
        if (act.names.test(name)) headers.append(name, value);
      });
    case "edit":
      return edit({ request, response }, headers, { key, act });
    case "note": {
      const value = headers.all(key)[0];
      if (value !== undefined) request.notes.set(act.value(request, response), value);
      return;
    }
  }
}

/** The type of a response is more than a field: see withEntityApart. */
function changeType(source: Source, headers: Headers, act: Action): void {
  const { request, response } = source;
  const { contentType } = request;
  if (act.kind === "unset") request.contentType = undefined;
  else if (act.kind === "edit" && contentType !== undefined) request.contentType = replaced(source, contentType, act);
  else if (act.kind === "set" || (act.kind === "setifempty" && !headers.has("content-type"))) {
    request.contentType = act.value(request, response);
  }
}

/** Adds to the first field of that name, as a list. */
function append(headers: Headers, field: string, value: string): void {
  const [first, ...others] = headers.all(field);
  if (first === undefined) return headers.append(field, value);
  headers.set(field, `${first}, ${value}`);
  for (const other of others) headers.append(field, other);
}

/** The items of a list; commas within quotes separate nothing. */
function listed(text: string): readonly string[] {
  return (text.match(/(?:[^",]|"[^"]*(?:"|$))+/g) ?? []).map((item) => item.trimStart());
}

function edit(
  source: Source,
  headers: Headers,
  { key, act }: { key: string; act: Action & { readonly kind: "edit" } },
): void {
  if (!headers.has(key)) return;
  const edited: [string, string][] = [];
  headers.forEach((name, value, each) => {
    if (each === key) edited.push([name, replaced(source, value, act)]);
  });
  headers.delete(key);
  for (const [name, value] of edited) headers.append(name, value);
}

function replaced(
  { request, response }: Source,
  value: string,
  { regex, all, value: make }: Action & { kind: "edit" },
): string {
  const fill = compileSubstitution(make(request, response));
  let result = "";
  let rest = value;
  for (let match = regex.exec(rest); match; match = regex.exec(rest)) {
    result += rest.slice(0, match.index) + fill(match);
    // Apache looks in what is behind a match as if nothing stood in front of that.
    rest = rest.slice(match.index + match[0].length);
    if (!all || rest === "") break;
    if (match[0] !== "") continue;
    result += rest.slice(0, 1);
    rest = rest.slice(1);
  }
  return result + rest;
}
