// Directives of a page by name → what each puts in its place.
import { compileStrftime, escapeHtml, shortSize } from "../../api/index.js";
import { decodeBy, decodeEntities, encodeBy, EncodingError } from "./encoding.js";
import { exec } from "./exec.js";
import { fileOf, grouped } from "./files.js";
import { includeParts } from "./inclusion.js";
import type { Output, Page } from "./page.js";
import type { Argument } from "./parse.js";

type Run = (page: Page, args: readonly Argument[]) => Output | Promise<Output>;

/** All but those that decide what is sent. */
export const elements: Readonly<Record<string, Run>> = {
  comment: () => "",
  include: (page, args) => (args.length === 0 ? missing(page, "include") : includeParts(page, args)),
  exec: (page, args) => (args.length === 0 ? missing(page, "exec") : exec(page, args)),
  echo,
  config,
  set,
  printenv,
  fsize: (page, args) =>
    ofFiles(page, "fsize", args, (file) => (page.sizesInBytes ? grouped(file.size) : shortSize(file.size))),
  flastmod: (page, args) =>
    ofFiles(page, "flastmod", args, (file) => compileStrftime(page.variables.timeFormat)(file.mtime)),
};

function missing(page: Page, name: string): string {
  return page.fail(`missing argument for ${name} element`);
}

/** The arguments that have a value, up to the first that has none. */
function* valued(args: readonly Argument[]): Generator<{ name: string; value: string }> {
  for (const { name, value } of args) {
    if (value === undefined) return;
    yield { name, value };
  }
}

function echo(page: Page, args: readonly Argument[]): string {
  if (args.length === 0) return missing(page, "echo");
  let output = "";
  let [encoding, decoding] = ["entity", "none"];
  for (const { name, value } of valued(args)) {
    const text = decodeEntities(value);
    if (name === "encoding") encoding = text;
    else if (name === "decoding") decoding = text;
    else if (name !== "var") return output + page.fail(`AH01346: unknown parameter "${name}" in tag echo`);
    else {
      const found = page.variables.get(page.variables.expand(text));
      try {
        output += found === undefined ? page.undefinedEcho : encodeBy(encoding, decodeBy(decoding, found));
      } catch (error) {
        return output + unknownWord(page, "echo", error);
      }
    }
  }
  return output;
}

function unknownWord(page: Page, tag: string, error: unknown): string {
  if (!(error instanceof EncodingError)) throw error;
  return page.fail(`AH01344: unknown value "${error.message}" to parameter "encoding" or "decoding" of tag ${tag}`);
}

function set(page: Page, args: readonly Argument[]): string {
  if (args.length < 2) return missing(page, "set");
  let variable: string | undefined;
  let [encoding, decoding] = ["none", "none"];
  for (const { name, value } of valued(args)) {
    if (name === "var") variable = page.variables.expand(decodeEntities(value));
    else if (name === "encoding") encoding = value;
    else if (name === "decoding") decoding = value;
    else if (name !== "value") return page.fail("AH01366: Invalid tag for set directive");
    else if (variable === undefined) return page.fail("AH01363: variable must precede value in set directive");
    else {
      try {
        page.variables.set(variable, encodeBy(encoding, decodeBy(decoding, page.variables.expand(value))));
      } catch (error) {
        return unknownWord(page, "set", error);
      }
    }
  }
  return "";
}

function config(page: Page, args: readonly Argument[]): string {
  if (args.length === 0) return missing(page, "config");
  for (const { name, value } of valued(args)) {
    const text = page.variables.expand(value);
    if (name === "errmsg") page.errorMessage = text;
    else if (name === "echomsg") page.undefinedEcho = text;
    else if (name === "timefmt") page.variables.setTimeFormat(text);
    else if (name !== "sizefmt") return page.fail(`AH01349: unknown parameter "${name}" to tag config`);
    else if (text !== "bytes" && text !== "abbrev") {
      return page.fail(`AH01348: unknown value "${text}" to parameter "sizefmt" of tag config`);
    } else page.sizesInBytes = text === "bytes";
  }
  return "";
}

function printenv(page: Page, args: readonly Argument[]): string {
  if (args.length > 0) return page.fail("AH01367: printenv directive does not take tags");
  let output = "";
  for (const [name, value] of page.variables.all()) output += `${escapeHtml(name)}=${escapeHtml(value)}\n`;
  return output;
}

async function ofFiles(
  page: Page,
  element: string,
  args: readonly Argument[],
  show: (file: { readonly size: number; readonly mtime: Date }) => string,
): Promise<string> {
  if (args.length === 0) return missing(page, element);
  let output = "";
  for (const { name, value } of valued(args)) {
    const file = await fileOf(page, { name, value: page.variables.expand(decodeEntities(value)) }, element);
    if (typeof file === "string") return output + page.fail(file);
    output += show(file);
  }
  return output;
}
