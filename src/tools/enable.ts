// Names of modules, confs and sites → links in the enabled folders, made and removed as Debian's a2 tools do.
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { linkState, makeLink, removeFile } from "./links.js";

/** The three kinds of thing that can be enabled. */
export type Kind = "mod" | "conf" | "site";

/** What a tool works with. */
export interface EnableRun {
  readonly folders: (kind: Kind) => Folders;
  readonly kind: Kind;
  readonly quiet: boolean;
  readonly force: boolean;
  readonly purge: boolean;
  /** Modules whose dependencies, or dependants, are being seen to. */
  readonly underWay: ReadonlySet<string>;
  /** Notes what was done to a name; not called when nothing changed. */
  readonly mark: (kind: Kind, name: string, what: "enabled" | "disabled") => void;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** One line of input. */
  readonly ask: () => Promise<string>;
}

/** Somebody thought better of it: the tool ends at once. */
export class AbortedError extends Error {
  override readonly name = "AbortedError";
}

/** Where the files of a kind are. */
export interface Folders {
  readonly available: string;
  readonly enabled: string;
  readonly suffix: string;
  /** "Module", as messages begin with. */
  readonly word: string;
}

const words: Readonly<Record<Kind, string>> = { mod: "Module", conf: "Conf", site: "Site" };
const plurals: Readonly<Record<Kind, string>> = { mod: "mods", conf: "conf", site: "sites" };

/** Modules whose absence breaks most configurations, as Debian has them: disabling one needs -f, or a phrase. */
const essential = new Set(
  (
    "alias auth_basic authn_file authz_host authz_user autoindex deflate dir env filter logio mime negotiation " +
    "setenvif unixd version watchdog"
  ).split(" "),
);

/** The folders of a kind: under the server root, or what APACHE_SITES_ENABLED and its like name, as with Debian's tools. */
export function foldersOf(root: string, kind: Kind, environment: Readonly<Record<string, string>> = {}): Folders {
  const named = (state: string): string => environment[`APACHE_${plurals[kind]}_${state}`.toUpperCase()] ?? "";
  return {
    available: named("available") || join(root, `${plurals[kind]}-available`),
    enabled: named("enabled") || join(root, `${plurals[kind]}-enabled`),
    suffix: kind === "mod" ? ".load" : ".conf",
    word: words[kind],
  };
}

/** Names that could be enabled, or are; hidden files are none. */
export function namesIn(folder: string, suffix: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(suffix) && !file.startsWith("."))
    .map((file) => file.slice(0, -suffix.length))
    .sort();
}

/** Enables one name; false when it could not be. `changed` is called when a link was made. */
export function enable(given: string, run: EnableRun, changed: () => void): boolean {
  const { available, enabled, suffix, word } = run.folders(run.kind);
  const name = run.kind === "mod" && given === "cgi" ? cgiFor(run) : given;
  const target = join(available, name + suffix);
  const link = join(enabled, name + suffix);
  if (!existsSync(target)) {
    if (linkState(link, target) === "dangling") run.err(`ERROR: ${link} is a dangling symlink!`);
    if (run.purge) run.mark(run.kind, name, "enabled");
    else run.err(`ERROR: ${word} ${name} does not exist!`);
    return run.purge;
  }
  if (!(run.kind === "mod" ? enableDependencies(name, target, run, changed) : checkDependencies(name, target, run))) {
    return false;
  }
  let state = linkState(link, target);
  if (state === "dangling") {
    if (!run.quiet) run.out(`Removing dangling link ${link}`);
    removeFile(link);
    state = "absent";
  }
  if (state === "real file" || state === "elsewhere") {
    const reason = state === "real file" ? "is a real file" : `exists but does not point to ${target}`;
    run.err(`ERROR: ${word} ${name} not properly enabled: ${link} ${reason}, not touching it`);
    return false;
  }
  const config = run.kind === "mod" ? linkModuleConfig(name, run) : "absent";
  if (config === "failed") return false;
  if (state === "enabled") {
    if (config === "made") {
      run.out(`Enabling config file ${name}.conf.`);
      changed();
    } else if (!run.quiet) run.out(`${word} ${name} already enabled`);
    return true;
  }
  run.out(`Enabling ${word.toLowerCase()} ${name}.`);
  makeLink(target, link);
  run.mark(run.kind, name, "enabled");
  changed();
  return true;
}

/** The module that runs CGI scripts under the enabled multi-processing module: cgid where that has threads. */
function cgiFor(run: EnableRun): string {
  const { enabled } = run.folders("mod");
  const isEnabled = (mpm: string): boolean => existsSync(join(enabled, `mpm_${mpm}.load`));
  if (isEnabled("prefork") || !["event", "worker"].some(isEnabled)) return "cgi";
  run.out("Your MPM seems to be threaded. Selecting cgid instead of cgi.");
  return "cgid";
}

/** The .conf of a module goes with its .load. */
function linkModuleConfig(name: string, run: EnableRun): "absent" | "there" | "made" | "failed" {
  const { available, enabled } = run.folders("mod");
  const target = join(available, `${name}.conf`);
  const link = join(enabled, `${name}.conf`);
  if (!existsSync(target)) return "absent";
  let state = linkState(link, target);
  if (state === "dangling") {
    removeFile(link);
    state = "absent";
  }
  if (state === "enabled") return "there";
  if (state !== "absent") {
    const reason = state === "real file" ? "is a real file" : `exists but does not point to ${target}`;
    run.err(`ERROR: Config file ${name}.conf not properly enabled: ${link} ${reason}, not touching it`);
    return "failed";
  }
  makeLink(target, link);
  return "made";
}

/** The words of a "# Depends:" or "# Conflicts:" line in the head of a file. */
function headerOf(file: string, field: string): string[] {
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line.trim() !== "" && !line.startsWith("#")) break;
    const match = new RegExp(`^# ${field}:\\s+(.*)$`).exec(line);
    if (match) return (match[1] ?? "").split(/\s+/).filter((each) => each !== "");
  }
  return [];
}

function enableDependencies(name: string, target: string, run: EnableRun, changed: () => void): boolean {
  for (const dependency of headerOf(target, "Depends")) {
    if (!run.quiet) run.out(`Considering dependency ${dependency} for ${name}:`);
    // Two that need each other are enabled together.
    if (!run.underWay.has(dependency) && !enable(dependency, { ...run, underWay: withName(run, name) }, changed)) {
      run.err(`ERROR: Could not enable dependency ${dependency} for ${name}, aborting`);
      return false;
    }
  }
  let free = true;
  const { enabled } = run.folders("mod");
  for (const conflict of headerOf(target, "Conflicts")) {
    if (!run.quiet) run.out(`Considering conflict ${conflict} for ${name}:`);
    if (!existsSync(join(enabled, `${conflict}.load`))) continue;
    run.err(`ERROR: Module ${conflict} is enabled - cannot proceed due to conflicts. It needs to be disabled first!`);
    free = false;
  }
  return free;
}

function withName({ underWay }: EnableRun, name: string): ReadonlySet<string> {
  return new Set([...underWay, name]);
}

function checkDependencies(name: string, target: string, run: EnableRun): boolean {
  const { enabled } = run.folders("mod");
  for (const dependency of headerOf(target, "Depends")) {
    if (!run.quiet) run.out(`Checking dependency ${dependency} for ${name}:`);
    if (existsSync(join(enabled, `${dependency}.load`))) continue;
    run.err(`WARNING: Module ${dependency} is not enabled, but ${name} depends on it, aborting`);
    return false;
  }
  return true;
}

/** Disables one name; false when it could not be. Throws an AbortedError. */
export async function disable(name: string, run: EnableRun, changed: () => void): Promise<boolean> {
  const { available, enabled, suffix, word } = run.folders(run.kind);
  const target = join(available, name + suffix);
  const link = join(enabled, name + suffix);
  const isThere = lstatSync(link, { throwIfNoEntry: false }) !== undefined;
  if (!existsSync(target)) return disableMissing(name, link, run);
  if (run.kind === "mod" && !(await releaseDependants(name, run, changed))) return false;
  if (run.kind === "mod" && isThere && essential.has(name) && !run.force) await confirm(name, run);
  if (isThere) {
    removeLink(link, run, changed);
    if (run.kind === "mod") removeLink(join(enabled, `${name}.conf`), run, changed);
    run.mark(run.kind, name, "disabled");
    run.out(`${word} ${name} disabled.`);
    return true;
  }
  const stale = join(enabled, `${name}.conf`);
  if (run.kind === "mod" && lstatSync(stale, { throwIfNoEntry: false })) {
    removeLink(stale, run, changed);
    run.out(`Disabling stale config file ${name}.conf.`);
  } else {
    if (!run.quiet) run.out(`${word} ${name} already disabled`);
    if (run.purge) run.mark(run.kind, name, "disabled");
  }
  return true;
}

/** Asks for the phrase of Debian's tools. */
async function confirm(name: string, run: EnableRun): Promise<void> {
  run.out("WARNING: The following essential module will be disabled.");
  run.out("Most configurations need it, and fail without it:");
  run.out(` ${name}`);
  run.out("");
  run.out("To continue type in the phrase 'Yes, do as I say!' or retry by passing '-f': ");
  if ((await run.ask()).trim() === "Yes, do as I say!") return;
  run.out("Aborting");
  throw new AbortedError();
}

function disableMissing(name: string, link: string, run: EnableRun): boolean {
  const say = run.quiet ? () => undefined : run.out;
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) {
    say(`removing dangling symlink ${link}`);
    removeFile(link);
    const config = link.replace(/\.load$/, ".conf");
    // Nothing was loaded from there: there is nothing to take over.
    if (run.kind === "mod" && linkState(config, config) === "dangling") {
      say(`removing dangling symlink ${config}`);
      removeFile(config);
    }
    return true;
  }
  if (run.purge) run.mark(run.kind, name, "disabled");
  else run.err(`ERROR: ${words[run.kind]} ${name} does not exist!`);
  return run.purge;
}

/** Modules that depend on this one go first, with -f; else they are named and nothing is done. */
async function releaseDependants(name: string, run: EnableRun, changed: () => void): Promise<boolean> {
  const { enabled } = run.folders("mod");
  const dependants = namesIn(enabled, ".load").filter((other) => {
    const file = join(enabled, `${other}.load`);
    return !run.underWay.has(other) && existsSync(file) && headerOf(file, "Depends").includes(name);
  });
  if (dependants.length === 0) return true;
  if (!run.force) {
    run.err(`ERROR: The following modules depend on ${name} and need to be disabled first: ${dependants.join(" ")}`);
    return false;
  }
  for (const dependant of dependants) {
    if (!run.quiet) run.out(`Considering dependency ${dependant} for ${name}:`);
    if (await disable(dependant, { ...run, underWay: withName(run, name) }, changed)) continue;
    run.err(`ERROR: Could not disable dependency ${dependant} for ${name}, aborting`);
    return false;
  }
  return true;
}

function removeLink(link: string, run: EnableRun, changed: () => void): void {
  const stat = lstatSync(link, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSymbolicLink()) {
    run.err(`ERROR: ${link} is not a symbolic link, not deleting`);
    return;
  }
  removeFile(link);
  changed();
}
