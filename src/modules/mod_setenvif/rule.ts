// A SetEnvIf line → a function that sets variables of a request it matches.
import { byteString, compileSubstitution, type Request, type Substitution } from "../../api/index.js";

/** One SetEnvIf or BrowserMatch line. */
export interface Rule {
  /** What of the request is tested; "" for what is not there. */
  readonly read: (request: Request) => string;
  readonly regex: RegExp;
  readonly changes: readonly Change[];
}

/** A variable to set, or to remove where `fill` is missing. */
interface Change {
  readonly name: string;
  readonly fill: Substitution | undefined;
}

const attributes: Readonly<Record<string, (request: Request) => string>> = {
  remote_host: ({ connection }) => connection.remoteAddress,
  remote_addr: ({ connection }) => connection.remoteAddress,
  server_addr: ({ connection }) => connection.localAddress,
  request_uri: ({ path }) => path,
  request_method: ({ method, headOnly }) => (headOnly ? "HEAD" : method),
  request_protocol: ({ protocol }) => protocol,
};

/** How to read an attribute: a property of the request, a request field, or a variable set before. */
export function readerOf(attribute: string, fieldNames: RegExp | undefined): Rule["read"] {
  const known = attributes[attribute.toLowerCase()];
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
export function changesOf(words: readonly string[]): readonly Change[] {
  return words.map((word) => {
    if (word.startsWith("!")) return { name: word.slice(1), fill: undefined };
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    return { name, fill: compileSubstitution(equals < 0 ? "1" : byteString(word.slice(equals + 1))) };
  });
}

/** Applies rules in order. */
export function applyRules(request: Request, rules: readonly Rule[]): void {
  for (const { read, regex, changes } of rules) {
    const match = regex.exec(read(request));
    if (!match) continue;
    for (const { name, fill } of changes) {
      if (fill) request.environment.set(name, fill(match));
      else request.environment.delete(name);
    }
  }
}

function lastFieldNamed({ headers }: Request, names: RegExp): string {
  let found = "";
  headers.forEach((name, value) => {
    if (names.test(name)) found = value;
  });
  return found;
}
