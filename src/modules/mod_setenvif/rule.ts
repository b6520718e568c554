// A SetEnvIf line → a function that sets variables of a request it matches.
import {
  byteString,
  compileSubstitution,
  expectClientName,
  methodOf,
  remoteHostText,
  type Captures,
  type Condition,
  type Place,
  type Request,
  type Substitution,
} from "../../api/index.js";

/** One SetEnvIf, BrowserMatch or SetEnvIfExpr line. */
export type Rule = { readonly changes: readonly Change[] } & (
  | {
      /** What of the request is tested; "" for what is not there. */
      readonly read: (request: Request) => string;
      readonly regex: RegExp;
      /** Values are taken as written. */
      readonly isPlain: boolean;
    }
  | { readonly condition: Condition }
);

/** A variable to set, or to remove where `fill` is missing. */
interface Change {
  readonly name: string;
  readonly fill: Substitution | undefined;
  /** The value as written. */
  readonly text: string;
}

const attributes: Readonly<Record<string, (request: Request) => string>> = {
  remote_host: remoteHostText,
  remote_addr: ({ clientAddress }) => clientAddress,
  server_addr: ({ connection }) => connection.localAddress,
  request_uri: ({ path }) => path,
  request_method: methodOf,
  request_protocol: ({ protocol }) => protocol,
};

/** How to read an attribute: a property of the request, a request field, or a variable set before. */
export function readerOf(attribute: string, fieldNames: RegExp | undefined): (request: Request) => string {
  const known = attributes[attribute.toLowerCase()];
  if (known === remoteHostText) expectClientName();
  if (known) return known;
  if (fieldNames) return (request) => lastFieldNamed(request, fieldNames);
  const key = attribute.toLowerCase();
  return ({ headers, environment }) => headers.get(key) ?? environment.get(attribute) ?? "";
}

/** Whether an attribute is a regular expression for names of request fields. */
export function isFieldPattern(attribute: string): boolean {
  return /[^A-Za-z0-9_-]/.test(attribute);
}

/** The changes of a line: "name", "name=value" or "!name". */
export function changesOf(words: readonly string[], place: Place): readonly Change[] {
  // An empty word ends the line, as in Apache.
  const end = words.indexOf("");
  if (end === 0) return place.fail('needs a variable, found ""');
  return words.slice(0, end < 0 ? words.length : end).map((word) => {
    if (word.startsWith("!")) return { name: word.slice(1), fill: undefined, text: "" };
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const text = equals < 0 ? "1" : byteString(word.slice(equals + 1));
    return { name, fill: compileSubstitution(text), text };
  });
}

/** Applies rules in order; waits only where a condition does. */
export function applyRules(request: Request, rules: readonly Rule[], from = 0): undefined | Promise<undefined> {
  for (let i = from; i < rules.length; i++) {
    const rule = rules[i];
    if (!rule) break;
    if (!("condition" in rule)) {
      const match = rule.regex.exec(rule.read(request));
      if (match) change(request, rule, rule.isPlain ? undefined : match);
      continue;
    }
    const captures: Captures = { match: undefined };
    const holds = rule.condition.test(request, { captures });
    if (holds instanceof Promise) {
      return holds.then((value) => {
        if (value) change(request, rule, captures.match);
        return applyRules(request, rules, i + 1);
      });
    }
    if (holds) change(request, rule, captures.match);
  }
  return undefined;
}

/** Without groups, as where a condition has no regular expression, values are taken as written. */
function change({ environment }: Request, { changes }: Rule, match: Captures["match"]): void {
  for (const { name, fill, text } of changes) {
    if (fill) environment.set(name, match ? fill(match) : text);
    else environment.delete(name);
  }
}

function lastFieldNamed({ headers }: Request, names: RegExp): string {
  let found = "";
  headers.forEach((name, value) => {
    if (names.test(name)) found = value;
  });
  return found;
}
