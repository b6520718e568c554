// A file name → what its extensions say of the file.
import type { SettingsOf } from "../../api/index.js";
import type { Meaning } from "./mappings.js";
import type { settings } from "./settings.js";
import { databaseTypes, type TypeTable } from "./types.js";

type MimeSettings = SettingsOf<typeof settings>;

/** What is known of a file by its name. The lists are shared: never change them. */
export interface Resolved {
  readonly contentType: string | undefined;
  readonly charset: string | undefined;
  readonly encoding: readonly string[];
  readonly language: readonly string[];
  readonly handler: string | undefined;
  readonly outputFilters: readonly string[];
  readonly inputFilters: readonly string[];
  /** The parts of the name that say nothing, with dots between them; undefined where no part says anything. */
  readonly unknown: string | undefined;
}

/** Names remembered for each set of settings, and the longest of them: clients may ask for any name. */
const remembered = 4096;
const longest = 128;
const none: readonly string[] = Object.freeze([]);
const known = new WeakMap<MimeSettings, Map<string, Resolved>>();

/** Looks at every extension of a file's name, in order; `name` without its directory. */
export function resolveName(name: string, settings: MimeSettings): Resolved {
  const names = known.get(settings) ?? new Map<string, Resolved>();
  if (names.size === 0) known.set(settings, names);
  const found = names.get(name);
  if (found) return found;
  const resolved = resolve(name, settings);
  if (name.length > longest) return resolved;
  if (names.size >= remembered) names.clear();
  names.set(name, resolved);
  return resolved;
}

function resolve(name: string, { mappings, types, defaultLanguage, multiViews }: MimeSettings): Resolved {
  const table: TypeTable = types ?? databaseTypes();
  let contentType: string | undefined;
  let charset: string | undefined;
  let handler: string | undefined;
  const encoding: string[] = [];
  const language: string[] = [];
  const outputFilters: string[] = [];
  const inputFilters: string[] = [];
  // The first part is the name itself, with the dots in front of it.
  const unknown: string[] = [name.replace(/^\.+/, "").replace(/\..*$/s, "")];
  let says = false;
  for (const part of name.replace(/^\.+/, "").split(".").slice(1)) {
    if (part === "") continue;
    const extension = part.toLowerCase();
    const said: Meaning = mappings.added[extension] ?? {};
    contentType = said.type === undefined ? (table.get(extension) ?? contentType) : said.type || contentType;
    charset = said.charset ?? charset;
    handler = said.handler ?? handler;
    if (said.outputFilters) outputFilters.push(...said.outputFilters);
    if (said.inputFilters) inputFilters.push(...said.inputFilters);
    if (said.encoding !== undefined) encoding.push(said.encoding);
    if (said.language !== undefined) language.push(said.language);
    if (isKnown(said, multiViews) || table.has(extension)) says = true;
    else unknown.push(part);
  }
  if (language.length === 0 && defaultLanguage !== undefined) language.push(defaultLanguage);
  return {
    contentType: contentType === undefined ? undefined : withCharset(contentType, charset),
    charset,
    encoding: encoding.length === 0 ? none : Object.freeze(encoding),
    language: language.length === 0 ? none : Object.freeze(language),
    handler,
    outputFilters: outputFilters.length === 0 ? none : Object.freeze(outputFilters),
    unknown: says ? unknown.join(".") : undefined,
    inputFilters: inputFilters.length === 0 ? none : Object.freeze(inputFilters),
  };
}

/** Handlers and filters say nothing of the content, but where MultiviewsMatch says so. */
function isKnown(said: Meaning, { any, filters, handlers }: MimeSettings["multiViews"]): boolean {
  if (any || (said.type ?? said.charset ?? said.language ?? said.encoding)) return true;
  return (
    (handlers && said.handler !== undefined) || (filters && (said.outputFilters ?? said.inputFilters) !== undefined)
  );
}

/** A type with its parameters in uniform spelling, the charset put in place of its own or behind them. */
function withCharset(type: string, charset: string | undefined): string {
  const [base = "", ...parameters] = type.split(";").map((part) => part.trim());
  let placed = charset === undefined;
  const kept = parameters.flatMap((parameter) => {
    if (charset === undefined || !/^charset\s*=/i.test(parameter)) return [parameter];
    if (placed) return [];
    placed = true;
    return [`charset=${charset}`];
  });
  if (!placed) kept.push(`charset=${charset}`);
  return [base, ...kept].join("; ");
}
