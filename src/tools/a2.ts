// Arguments of a2enmod, a2dissite and their family → what they do, and their exit status.
import { parseArgs } from "node:util";
import { globToRegExp } from "../api/index.js";
import { readEnvvars } from "../config/envvars.js";
import { AbortedError, disable, enable, foldersOf, namesIn, type EnableRun, type Kind } from "./enable.js";
import { LinkError } from "./links.js";
import { findServerRoot, NoServerRootError } from "./server-root.js";
import { mark, stateFolder } from "./state-markers.js";
import { terminal, type Terminal } from "./terminal.js";

/** Runs the tool of that name ("a2ensite") and gives its exit status: 0, 1 when a name failed, 2 for bad options, the system's number of an error. */
export async function a2(tool: string, args: readonly string[], io: Terminal = terminal): Promise<number> {
  const { action, kind } = /^a2(?<action>en|dis)(?<kind>mod|site|conf)$/.exec(tool)?.groups ?? {};
  if (!action || !kind) {
    io.err(`${tool} call name unknown`);
    return 1;
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const root = findServerRoot(values.root).path;
    // Where the working folder leads to another server root, or to none, the command says which one is meant.
    const isNamed = (values.root ?? process.env["APACHE_CONFDIR"]) !== undefined;
    const { quiet = false, force = false, purge = false } = values;
    const { environment } = readEnvvars(root, process.env);
    const keeper = {
      folder: stateFolder(root, environment),
      actor: values.maintmode ? "maint" : "admin",
      purge,
    } as const;
    const out = (line: string): void => io.out(line);
    return await runAll(
      action === "en",
      {
        folders: (each) => foldersOf(root, each, environment),
        kind: kind as Kind,
        quiet,
        force,
        purge,
        underWay: new Set(),
        mark: (...what) => mark(...what, keeper),
        out,
        err: (line) => io.err(line),
        ask: () => io.ask(),
      },
      { names: positionals, restart: `modhostctl ${isNamed ? `-d ${root} ` : ""}graceful` },
      io,
    );
  } catch (error) {
    if (error instanceof AbortedError) return 1;
    if (error instanceof NoServerRootError) {
      io.err(`${tool}: ${error.message}`);
      return 1;
    }
    if (error instanceof TypeError && "code" in error) {
      const option = /'(-{1,2}[^' ,]+)/.exec(error.message)?.[1]?.replace(/^-+/, "");
      io.err(option === undefined ? error.message : `Unknown option: ${option}`);
      io.err(`Usage: ${tool} [-d FOLDER] [-q] [-f] [-m] [-p] [NAME ...]`);
      return 2;
    }
    if (!(error instanceof LinkError)) throw error;
    io.err(error.message);
    return error.status;
  }
}

const options = {
  quiet: { type: "boolean", short: "q" },
  force: { type: "boolean", short: "f" },
  maintmode: { type: "boolean", short: "m" },
  purge: { type: "boolean", short: "p" },
  root: { type: "string", short: "d" },
} as const;

async function runAll(
  enabling: boolean,
  run: EnableRun,
  { names, restart }: { readonly names: readonly string[]; readonly restart: string },
  io: Terminal,
): Promise<number> {
  const { available, enabled, suffix } = run.folders(run.kind);
  const choices = namesIn(enabling ? available : enabled, suffix);
  const wanted = names.length > 0 ? names : await askFor(enabling, run, choices, io);
  let changed = false;
  let failed = false;
  const found: string[] = [];
  for (const each of wanted) {
    const plain = each.endsWith(suffix) ? each.slice(0, -suffix.length) : each;
    const matching = matchesOf(plain, choices);
    if (matching.length === 0) {
      io.err(`ERROR: No ${run.kind === "mod" ? "module" : run.kind} found matching ${plain}!`);
      failed = true;
    }
    found.push(...matching);
  }
  for (const name of found) {
    const change = (): boolean => (changed = true);
    const isDone = enabling ? enable(name, run, change) : await disable(name, run, change);
    failed = !isDone || failed;
  }
  if (changed && !run.quiet) {
    run.out("To activate the new configuration, you need to run:");
    run.out(`  ${restart}`);
  }
  return failed ? 1 : 0;
}

async function askFor(enabling: boolean, run: EnableRun, choices: readonly string[], io: Terminal): Promise<string[]> {
  const word = { mod: "module(s)", conf: "conf(s)", site: "site(s)" }[run.kind];
  io.out(`Your choices are: ${choices.join(" ")}`);
  io.out(`Which ${word} do you want to ${enabling ? "enable" : "disable"} (wildcards ok)?`);
  return (await io.ask()).split(/\s+/).filter((name) => name !== "");
}

/** The names that a pattern matches; a plain name stands for itself. */
function matchesOf(name: string, choices: readonly string[]): readonly string[] {
  if (!/[*?[]/.test(name)) return [name];
  const pattern = globToRegExp(name);
  return choices.filter((choice) => pattern.test(choice));
}
