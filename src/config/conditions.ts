// The sections that are decided while reading (<IfModule>, <IfDefine> ...) → whether their lines are read.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { PatternError, translatePattern } from "../api/index.js";
import type { Reading } from "./reading.js";
import { splitWords, trimSpace, wordAt } from "../api/words.js";

/** Decides a condition by its argument text; a string is what is wrong with it. */
export type Condition = (argument: string, reading: Reading) => boolean | string;

/** The release of Apache whose language this is: what `<IfVersion>` compares with. */
export const apacheVersion = "2.4.71";

/** The conditions by the key of their section. */
export const conditions: ReadonlyMap<string, Condition> = new Map([
  ["<ifmodule>", negatable("<IfModule>", (name, reading) => reading.hasModule(name))],
  ["<ifdefine>", negatable("<IfDefine>", (name, reading) => reading.isDefined(name))],
  ["<iffile>", negatable("<IfFile>", (path, reading) => existsSync(resolve(reading.serverRoot, path)))],
  [
    "<ifdirective>",
    negatable("<IfDirective>", (name, reading) => {
      const whole = name.startsWith("<") ? `${name}>` : name;
      return readHere.has(whole.toLowerCase()) || reading.hasDirective(whole);
    }),
  ],
  [
    "<ifsection>",
    negatable("<IfSection>", (name, reading) => {
      const whole = `<${name}>`;
      return readHere.has(whole.toLowerCase()) || reading.hasDirective(whole);
    }),
  ],
  ["<ifversion>", compareVersion],
]);

/** What this stage itself reads, and every server therefore has. */
const readHere: ReadonlySet<string> = new Set([
  ...["define", "undefine", "include", "includeoptional", "loadmodule", "loadfile", "serverroot"],
  ...["<ifmodule>", "<ifdefine>", "<iffile>", "<ifdirective>", "<ifsection>", "<ifversion>"],
]);

/** A "!" in front negates; only the first word counts. */
function negatable(section: string, test: (word: string, reading: Reading) => boolean): Condition {
  return (argument, reading) => {
    const negated = argument.startsWith("!");
    const word = wordAt(argument, negated ? 1 : 0)?.text;
    if (!word) return `${section} directive requires additional arguments`;
    return test(word, reading) !== negated;
  };
}

/** `[[!]operator] version`: = and == (also with a regular expression in slashes), <, <=, >, >=, ~ with a regular expression. */
function compareVersion(argument: string): boolean | string {
  const words = splitWords(trimSpace(argument)).map(({ text }) => text);
  const [operator = "=", version = ""] = words.length > 1 ? words : ["=", ...words];
  const negated = operator.startsWith("!") && operator.length > 1;
  const comparison = negated ? operator.slice(1) : operator;
  const outcome = compareBy(comparison, version);
  if (outcome === undefined) return `<IfVersion>: unrecognized operator '${operator}'`;
  return typeof outcome === "string" ? `<IfVersion>: ${outcome}` : outcome !== negated;
}

function compareBy(operator: string, version: string): boolean | string | undefined {
  if (operator === "~") return matchesVersion(version);
  if (!["=", "==", "<", "<=", ">", ">="].includes(operator)) return undefined;
  if (operator.startsWith("=") && version.startsWith("/")) {
    if (version.length < 2 || !version.endsWith("/")) return "missing delimiting / of regular expression";
    return matchesVersion(version.slice(1, -1));
  }
  const wanted = /^(\d+)(?:\.(\d+)(?:\.(\d+))?)?$/.exec(version)?.slice(1);
  if (!wanted) return `the version must have the form major[.minor[.patch]] in numbers, found "${version}"`;
  const running = apacheVersion.split(".").map(Number);
  const difference = running.map((part, index) => part - Number(wanted[index] ?? 0)).find((part) => part !== 0) ?? 0;
  if (difference === 0) return operator.includes("=");
  return difference > 0 ? operator.startsWith(">") : operator.startsWith("<");
}

function matchesVersion(pattern: string): boolean | string {
  try {
    return translatePattern(pattern).test(apacheVersion);
  } catch (error) {
    if (error instanceof PatternError) return `the regular expression ${error.message}`;
    throw error;
  }
}
