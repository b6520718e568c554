// The words of a Header or RequestHeader line → what it does.
import { byteString, PatternError, translatePattern, type Place } from "../../api/index.js";
import type { Action, Condition, Line } from "./action.js";
import { compileValue, ValueError, type Value } from "./value.js";

const actions = ["set", "setifempty", "add", "append", "merge", "unset", "echo", "edit", "edit*", "note"] as const;

/** Which fields a line is for. */
export type Target = "request" | "onsuccess" | "always";

/** Reads a line; `words` are those behind the directive's name. */
export function readLine(words: readonly string[], isRequest: boolean, place: Place): { target: Target; line: Line } {
  const [first = ""] = words;
  const which = isRequest ? undefined : /^(?:always|onsuccess)$/i.exec(first)?.[0].toLowerCase();
  const target: Target = isRequest ? "request" : which === "always" ? "always" : "onsuccess";
  const [word = "", name = "", ...rest] = which === undefined ? words : words.slice(1);
  const action = actions.find((each) => each === word.toLowerCase());
  if (!action) return place.fail(`action must be one of ${actions.join(", ")}, found "${word}"`);
  if (name === "") return place.fail("field: expected the name of a header field");
  return { target, line: readAction({ action, name, rest, isRequest }, place) };
}

interface Words {
  readonly action: (typeof actions)[number];
  readonly name: string;
  readonly rest: readonly string[];
  readonly isRequest: boolean;
}

function readAction({ action, name, rest, isRequest }: Words, place: Place): Line {
  const field = byteString(name.replace(/:.*$/s, ""));
  const key = field.toLowerCase();
  const isOfEntity = /^content-(?:type|language|encoding)$/.test(key) || rest.some((text) => /^expr=/i.test(text));
  const base = { field, key, isOfEntity };
  const most = { unset: 1, echo: 1, edit: 3, "edit*": 3 }[action as string] ?? 2;
  if (rest.length > most) return place.fail(`has too many arguments, found "${rest.slice(most).join(" ")}"`);
  if (action === "unset") return { ...base, condition: readCondition(rest[0], place), act: { kind: "unset" } };
  if (action === "echo") {
    if (isRequest) return place.fail('"echo" is only for Header');
    const names = readRegex(name, place);
    return { ...base, condition: readCondition(rest[0], place), act: { kind: "echo", names } };
  }
  const [value, second, third] = rest;
  if (value === undefined) return place.fail("value: expected one");
  if (action === "edit" || action === "edit*") {
    if (second === undefined) return place.fail("edit takes a regular expression and a replacement");
    const regex = readRegex(value, place);
    const act: Action = { kind: "edit", regex, all: action === "edit*", value: readValue(second, place) };
    return { ...base, condition: readCondition(third, place), act };
  }
  return { ...base, condition: readCondition(second, place), act: { kind: action, value: readValue(value, place) } };
}

function readValue(text: string, place: Place): Value {
  if (text.startsWith("expr=")) {
    const expression = place.stringExpression(text.slice(5), { vary: false });
    return (request, response) => expression.evaluate(request, response ? { response } : {}) ?? "";
  }
  try {
    return compileValue(byteString(text));
  } catch (error) {
    if (error instanceof ValueError) return place.fail(error.message);
    throw error;
  }
}

function readRegex(text: string, place: Place): RegExp {
  try {
    return translatePattern(byteString(text), {}, place.origin);
  } catch (error) {
    if (error instanceof PatternError) return place.fail(`regex ${error.message}, found "${text}"`);
    throw error;
  }
}

function readCondition(text: string | undefined, place: Place): Condition {
  if (text === undefined) return { kind: "none" };
  if (text.toLowerCase() === "early") return { kind: "early" };
  if (/^expr=/i.test(text)) {
    // A response on its way out cannot wait for a look-up.
    if (/(?:^|[\s!(])-[FU]\s/.test(text)) return place.fail("condition: -F and -U are not supported here");
    return { kind: "expr", condition: place.condition(text.slice(5)) };
  }
  const match = /^env=(!?)(.+)$/is.exec(text);
  if (match) return { kind: "env", name: match[2] ?? "", wanted: match[1] === "" };
  if (/^env=/i.test(text)) return place.fail("condition: env= must name a variable");
  return place.fail(`condition must be early, env=NAME, env=!NAME or expr=..., found "${text}"`);
}
