// Arguments of modhost → what is wanted.
import { parseArgs } from "node:util";
import { levels, type Level } from "../api/index.js";

/** The words of -k; "status" and "restart-group" are our own. */
export const actions = ["start", "stop", "restart", "graceful", "graceful-stop", "status", "restart-group"] as const;

export type Action = (typeof actions)[number];

/** What is to be printed instead of anything being started. */
export type Dump = "version" | "settings" | "compiled in" | "directives";

/** A command line that was understood. Paths are as written. */
export interface Command {
  readonly serverRoot: string | undefined;
  readonly file: string | undefined;
  readonly defines: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly action: Action;
  /** The daemon group that restart-group is about, "" without. */
  readonly group: string;
  /** Whether -k was there at all. */
  readonly signals: boolean;
  readonly test: boolean;
  /** Without looking for the documents' directories. */
  readonly trust: boolean;
  readonly dump: Dump | undefined;
  /** One worker, in the foreground. */
  readonly debug: boolean;
  readonly foreground: boolean;
  /** Least severe message about the configuration to show: warnings, unless it says otherwise. */
  readonly startupLevel: Level | undefined;
  /** File for startup messages. */
  readonly startupFile: string | undefined;
  /** How the outcome of a check is written. */
  readonly format: "text" | "json";
}

/** How to use it, for standard error. */
export const usage = `Usage: modhost [-D name] [-d directory] [-f file]
               [-C "directive"] [-c "directive"]
               [-k start|restart|graceful|graceful-stop|stop|status|restart-group name]
               [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-M] [-X]
       modhost init directory
Options:
  -D name            : name for <IfDefine name>; FOREGROUND keeps the server in the foreground
  -d directory       : server root; else MODHOST_ROOT or APACHE_CONFDIR, else the nearest folder upwards with apache2.conf or conf/httpd.conf
  -f file            : main configuration file, in place of apache2.conf or conf/httpd.conf
  -C "directive"     : directive read before the main file
  -c "directive"     : directive read after the main file
  -k word            : start, or tell the running server
  -e level           : show messages about the configuration down to this level
  -E file            : startup messages go to this file
  -t                 : check the configuration: all errors at once, and what is hardly meant
  -t --format json   : the same for programs, on standard output
  -T                 : start without looking for document roots
  -S                 : virtual hosts and settings of the run (-t -D DUMP_VHOSTS -D DUMP_RUN_CFG)
  -M                 : loaded modules (-t -D DUMP_MODULES)
  -t -D DUMP_INCLUDES: files that are read
  -t -D DUMP_CONFIG  : the configuration as it was read, with the place of each line
  -t -D DUMP_TREE    : the same, shorter
  -t -D DUMP_HOOKS   : functions of modules by phase, in the order they run
  -l                 : modules that are always there
  -L                 : directives of all modules
  -v, -V             : version; version and built-in settings
  -X                 : one worker, in the foreground
  -h                 : this page
`;

/** Names given with -D that ask for a dump. */
export const dumpNames: ReadonlySet<string> = new Set([
  "DUMP_VHOSTS",
  "DUMP_RUN_CFG",
  "DUMP_MODULES",
  "DUMP_INCLUDES",
  "DUMP_CONFIG",
  "DUMP_TREE",
  "DUMP_HOOKS",
]);

const value = { type: "string", multiple: true } as const;
const flag = { type: "boolean" } as const;
const options = {
  define: { ...value, short: "D" },
  root: { ...value, short: "d" },
  file: { ...value, short: "f" },
  before: { ...value, short: "C" },
  after: { ...value, short: "c" },
  action: { ...value, short: "k" },
  level: { ...value, short: "e" },
  startup: { ...value, short: "E" },
  test: { ...flag, short: "t" },
  trust: { ...flag, short: "T" },
  hosts: { ...flag, short: "S" },
  modules: { ...flag, short: "M" },
  compiled: { ...flag, short: "l" },
  directives: { ...flag, short: "L" },
  version: { ...flag, short: "v" },
  settings: { ...flag, short: "V" },
  debug: { ...flag, short: "X" },
  help: { ...flag, short: "h" },
  format: value,
} as const;

/** What options mean that stand for names given with -D. */
const meant: Readonly<Record<string, readonly string[]>> = {
  hosts: ["DUMP_VHOSTS", "DUMP_RUN_CFG"],
  modules: ["DUMP_MODULES"],
  debug: ["DEBUG"],
};

/** Understands the arguments; undefined when usage is to be shown, with what is wrong if it is known. */
export function readCommandLine(args: readonly string[]): Command | { readonly wrong: string } {
  let given;
  try {
    given = parseArgs({ args: [...args], options, strict: true, allowPositionals: true, tokens: true });
  } catch (error) {
    const letter = /'-(\w)\b/.exec(error instanceof Error ? error.message : "")?.[1];
    return { wrong: letter ? `modhost: illegal option -- ${letter}` : String((error as Error).message) };
  }
  const { values, positionals, tokens } = given;
  const word = values.action?.at(-1);
  if (values.help || positionals.length !== (word === "restart-group" ? 1 : 0)) return { wrong: "" };
  // A long spelling is none of Apache's options.
  if (args.some((word) => /^--(?!format(=|$))/.test(word))) return { wrong: "" };
  const format = values.format?.at(-1) ?? "text";
  if (format !== "text" && format !== "json") return { wrong: "modhost: --format is text or json" };
  const action = word === undefined ? "start" : actions.find((known) => known === word);
  if (!action) return { wrong: "modhost: illegal option -- k" };
  const levelWord = values.level?.at(-1)?.toLowerCase();
  const startupLevel = levels.find((level) => level === levelWord);
  if (levelWord !== undefined && !startupLevel) return { wrong: "modhost: illegal option -- e" };
  const defines = tokens.flatMap((token) =>
    token.kind !== "option" ? [] : token.name === "define" ? (token.value ?? []) : (meant[token.name] ?? []),
  );
  const debug = values.debug === true || defines.includes("ONE_PROCESS");
  return {
    serverRoot: values.root?.at(-1),
    file: values.file?.at(-1),
    defines,
    before: values.before ?? [],
    after: values.after ?? [],
    action,
    group: positionals[0] ?? "",
    signals: word !== undefined,
    test: values.test === true || values.hosts === true || values.modules === true || defines.some(isDump),
    trust: values.trust === true,
    dump: values.settings
      ? "settings"
      : values.version
        ? "version"
        : values.compiled
          ? "compiled in"
          : values.directives
            ? "directives"
            : undefined,
    debug,
    foreground: debug || defines.includes("FOREGROUND") || defines.includes("NO_DETACH"),
    startupLevel,
    startupFile: values.startup?.at(-1),
    format,
  };
}

function isDump(name: string): boolean {
  return dumpNames.has(name);
}
