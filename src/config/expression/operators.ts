// Operators of expressions → tests: comparison, files, addresses, wildcards, look-ups.
import { lstatSync, statSync, type Stats } from "node:fs";
import {
  fileSystemPath,
  globToRegExp,
  parseSubnet,
  type GlobOptions,
  type Lookup,
  type Subnet,
} from "../../api/index.js";
import { Waiting, type Scope, type TestFunction, type WordFunction } from "./scope.js";
import { ExpressionError, type Span, type Word } from "./tree.js";

/** An operand: its function, and its tree for operators that want it constant. */
export interface Operand {
  readonly read: WordFunction;
  readonly tree: Word;
}

type Unary = (operand: Operand, span: Span) => TestFunction;
type Binary = (left: Operand, right: Operand, span: Span) => TestFunction;

const onText =
  (test: (text: string) => boolean): Unary =>
  ({ read }) =>
  (scope) =>
    test(read(scope));

const onFile = (test: (stats: Stats) => boolean, look: (name: string | Buffer) => Stats = statSync): Unary =>
  onText((name) => {
    try {
      return test(look(fileSystemPath(name)));
    } catch {
      return false;
    }
  });

const isLink = onFile((stats) => stats.isSymbolicLink(), lstatSync);
const isUrl: Unary =
  ({ read }) =>
  (scope) => {
    const name = read(scope);
    const { request } = scope;
    // A look-up from a look-up of the same path would never end.
    if (request.parent?.path === request.path) return false;
    const path = name.startsWith("/") ? name : request.path.slice(0, request.path.lastIndexOf("/") + 1) + name;
    return lookUp(scope, `U${path}`, () => request.lookup(path)).status < 400;
  };

/** Operators in front of one operand, by letter. */
export const unaryOperators: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["n", onText((text) => text !== "")],
  ["z", onText((text) => text === "")],
  ["T", onText((text) => text !== "" && !/^(?:0|off|false|no)$/i.test(text))],
  ["d", onFile((stats) => stats.isDirectory())],
  ["f", onFile((stats) => stats.isFile())],
  ["e", onFile(() => true)],
  ["s", onFile((stats) => stats.isFile() && stats.size > 0)],
  ["L", isLink],
  ["h", isLink],
  ["x", onFile((stats) => (stats.mode & 0o111) !== 0, lstatSync)],
  ["U", isUrl],
  ["A", isUrl],
  [
    "F",
    ({ read }) =>
      (scope) => {
        const name = read(scope);
        const { status, request } = lookUp(scope, `F${name}`, () => scope.request.lookupFile(name));
        return status < 300 && request.file !== undefined;
      },
  ],
  [
    "R",
    ({ tree }, span) => {
      const within = subnetOf("-R", tree, span);
      return ({ request }) => within(request.clientAddress);
    },
  ],
]);

const onWildcards =
  (options: GlobOptions): Binary =>
  (left, right) => {
    const pattern = wildcards(right, options);
    return (scope) => {
      const text = left.read(scope);
      return pattern(scope).test(text);
    };
  };

/** Operators with a name between two operands, by name in lower case. */
export const binaryOperators: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["strmatch", onWildcards({})],
  ["strcmatch", onWildcards({ ignoreCase: true })],
  ["fnmatch", onWildcards({ pathname: true })],
  [
    "ipmatch",
    (left, right, span) => {
      const within = subnetOf("-ipmatch", right.tree, span);
      return (scope) => within(left.read(scope));
    },
  ],
]);

/** The number a text begins with, as C's strtoll reads it; 0 where there is none. */
export function integer(text: string): number | bigint {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1];
  if (digits === undefined) return 0;
  if (digits.length < 16) return Number(digits);
  const number = BigInt(digits.replace("+", ""));
  return number > largest ? largest : number < -largest - 1n ? -largest - 1n : number;
}

const largest = 2n ** 63n - 1n;

function subnetOf(operator: string, tree: Word, span: Span): Subnet {
  if (tree.kind !== "text") {
    throw new ExpressionError(`has ${operator} with something else than a range of addresses in quotes`, span);
  }
  try {
    return parseSubnet(tree.text);
  } catch {
    throw new ExpressionError(`has ${operator} with "${tree.text}", which is no range of addresses`, span);
  }
}

/** Patterns made from requests that are remembered. */
const remembered = 256;

function wildcards({ read, tree }: Operand, options: GlobOptions): (scope: Scope) => RegExp {
  if (tree.kind === "text") {
    const pattern = globToRegExp(tree.text, options);
    return () => pattern;
  }
  const patterns = new Map<string, RegExp>();
  return (scope) => {
    const text = read(scope);
    const known = patterns.get(text);
    if (known) return known;
    if (patterns.size >= remembered) patterns.clear();
    const pattern = globToRegExp(text, options);
    patterns.set(text, pattern);
    return pattern;
  };
}

function lookUp(scope: Scope, key: string, begin: () => Lookup | Promise<Lookup>): Lookup {
  const known = scope.lookups.get(key);
  if (known) return known;
  const found = begin();
  if (found instanceof Promise) throw new Waiting(found.then((lookup) => void scope.lookups.set(key, lookup)));
  scope.lookups.set(key, found);
  return found;
}
