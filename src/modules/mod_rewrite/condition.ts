// A RewriteCond line → a test of requests.
import { lstatSync, statSync, type Stats } from "node:fs";
import {
  type Captures,
  fileSystemPath,
  type Origin,
  PatternError,
  translatePattern,
  type Place,
} from "../../api/index.js";
import { splitFlags, splitLine } from "./line.js";
import { expand, parseTemplate, type Template } from "./template.js";
import { mayLookAhead } from "./variables.js";
import { then, type Awaitable, type Run } from "./run.js";

/** A RewriteCond line. */
export interface Condition {
  readonly input: Template;
  /** The pattern as written, for the log. */
  readonly pattern: string;
  readonly negated: boolean;
  readonly ignoreCase: boolean;
  /** [OR]: enough where it holds, and the next is asked where it does not. */
  readonly orNext: boolean;
  /** [NV]: what it reads does not show in Vary. */
  readonly noVary: boolean;
  readonly test: Test;
}

type Test = (input: string, run: Run) => Awaitable<boolean>;

/** Reads a line. */
export function parseCondition(text: string, place: Place): Condition {
  const { first, second, flags } = splitLine(text, place);
  const { ignoreCase, ...others } = readFlags(flags, place);
  const isNegated = second.startsWith("!");
  const pattern = isNegated ? second.slice(1) : second;
  const isExpression = first.toLowerCase() === "expr";
  const { test, negates, takesCase } = isExpression
    ? expressionTest(pattern, !others.noVary, place)
    : readTest(pattern, ignoreCase, place);
  if (ignoreCase && !takesCase) {
    place.warn(`NoCase option for non-regex pattern '${pattern}' is not supported and will be ignored`, "AH00665");
  }
  return {
    ...others,
    // As Apache, whose log has no text for them.
    input: parseTemplate(isExpression ? "(null)" : first),
    pattern: second,
    negated: isNegated !== negates,
    ignoreCase: ignoreCase && takesCase,
    test,
  };
}

function readFlags(flags: string | undefined, place: Place): { ignoreCase: boolean; orNext: boolean; noVary: boolean } {
  const names = flags === undefined ? [] : splitFlags(flags, place).map(({ name }) => name);
  const found = { ignoreCase: false, orNext: false, noVary: false };
  for (const name of names) {
    const flag = conditionFlags[name.toLowerCase()];
    if (!flag) return place.fail(`unknown flag '${name}'`, "the flags are NC, OR and NV");
    found[flag] = true;
  }
  return found;
}

const conditionFlags: Readonly<Record<string, "ignoreCase" | "orNext" | "noVary">> = {
  nc: "ignoreCase",
  nocase: "ignoreCase",
  or: "orNext",
  ornext: "orNext",
  nv: "noVary",
  novary: "noVary",
};

interface ReadTest {
  readonly test: Test;
  readonly negates: boolean;
  readonly takesCase: boolean;
}

function expressionTest(text: string, vary: boolean, place: Place): ReadTest {
  const expression = place.condition(text, { vary });
  const test: Test = (_input, run) => {
    const captures: Captures = { match: undefined };
    return then(expression.test(run.request, { captures }), (found) => {
      if (found === true) run.conditionMatch = captures.match;
      if (run.trace) run.request.log("trace4", "rewrite", evaluationOf(place.origin, found === true));
      return found === true;
    });
  };
  return { test, negates: false, takesCase: false };
}

function evaluationOf({ file, line }: Origin, isTrue: boolean): string {
  return `Evaluation of expression from ${file}:${line} gave: ${isTrue ? 1 : 0}`;
}

const fileTests: Readonly<Record<string, Test>> = {
  "-f": (input) => look(input)?.isFile() === true,
  "-s": (input) => {
    const file = look(input);
    return file?.isFile() === true && file.size > 0;
  },
  "-d": (input) => look(input)?.isDirectory() === true,
  "-x": (input) => ((look(input)?.mode ?? 0) & 0o111) !== 0,
  "-h": isLink,
  "-l": isLink,
  "-L": isLink,
  "-U": (input, { request, trace }) => {
    if (input === "" || !mayLookAhead(request)) return false;
    return then(request.lookup(input), ({ status }) => {
      trace?.(5, `RewriteCond URI (-U check: path=${input} -> status=${status}`, "without directory");
      return status < 400;
    });
  },
  "-F": (input, { request, trace }) => {
    if (input === "" || !mayLookAhead(request)) return false;
    return then(request.lookupFile(input), ({ status, request: found }) => {
      trace?.(
        5,
        `RewriteCond file (-F check: path=${input} -> file=${found.filename} status=${status}`,
        "without directory",
      );
      return status < 300 && look(found.filename) !== undefined;
    });
  },
};

function readTest(pattern: string, ignoreCase: boolean, place: Place): ReadTest {
  const file = fileTests[pattern];
  if (file && Object.hasOwn(fileTests, pattern)) return { test: file, negates: false, takesCase: false };
  const [, operator, number] = /^-(lt|le|gt|ge|eq|ne)([^]+)$/.exec(pattern) ?? [];
  if (operator !== undefined && number !== undefined) {
    const bound = leadingNumber(number);
    return {
      test: (input) => comparesNumbers[operator]?.(leadingNumber(input), bound) ?? false,
      negates: operator === "ne",
      takesCase: false,
    };
  }
  if (pattern.length > 1 && /^[<>=]/.test(pattern)) {
    return { test: textTest(pattern, ignoreCase), negates: false, takesCase: true };
  }
  return { test: patternTest(pattern, ignoreCase, place), negates: false, takesCase: true };
}

const comparesNumbers: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  // Negated by its reader, so that "!-ne" is "-eq".
  ne: (a, b) => a === b,
};

function leadingNumber(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

function textTest(pattern: string, ignoreCase: boolean): Test {
  const operator = /^[<>]?=?/.exec(pattern)?.[0] ?? "=";
  const written = pattern.slice(operator.length);
  const text = operator === "=" && written === '""' ? "" : written;
  const order = ignoreCase ? orderIgnoringCase : orderByLength;
  switch (operator) {
    case "<":
      return (input) => order(input, text) < 0;
    case "<=":
      return (input) => order(input, text) <= 0;
    case ">":
      return (input) => order(input, text) > 0;
    case ">=":
      return (input) => order(input, text) >= 0;
    default:
      return ignoreCase ? (input) => lower(input) === lower(text) : (input) => input === text;
  }
}

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** As Apache: the longer text is the greater one. */
function orderByLength(a: string, b: string): number {
  return a.length === b.length ? order(a, b) : a.length - b.length;
}

function orderIgnoringCase(a: string, b: string): number {
  return order(lower(a), lower(b));
}

function order(a: string, b: string): number {
  return a === b ? 0 : a > b ? 1 : -1;
}

function patternTest(pattern: string, ignoreCase: boolean, place: Place): Test {
  const regex = compileRegex(pattern, ignoreCase, place);
  return (input, run) => {
    const match = regex.exec(input);
    if (match) run.conditionMatch = match;
    return match !== null;
  };
}

/** Compiles a regular expression of a rule or condition. */
export function compileRegex(pattern: string, ignoreCase: boolean, place: Place): RegExp {
  try {
    return translatePattern(pattern, { ignoreCase }, place.origin);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return place.fail(`cannot compile regular expression '${pattern}': it ${error.message}`);
  }
}

/** What a name leads to; undefined where nothing is there, or one may not look. */
function look(name: string): Stats | undefined {
  try {
    return statSync(fileSystemPath(name), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isLink(name: string): boolean {
  try {
    return lstatSync(fileSystemPath(name), { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false;
  }
}

/** Asks a condition. Its groups become %N where it matches without "!". */
export function holds(condition: Condition, run: Run): Awaitable<boolean> {
  return then(expand(condition.input, run), (input) => {
    const before = run.conditionMatch;
    return then(condition.test(input, run), (found) => {
      if (condition.negated) run.conditionMatch = before;
      const outcome = found !== condition.negated;
      run.trace?.(
        4,
        `RewriteCond: input='${input}' pattern='${condition.pattern}'${condition.ignoreCase ? " [NC]" : ""} ` +
          `=> ${outcome ? "matched" : "not-matched"}`,
      );
      return outcome;
    });
  });
}
