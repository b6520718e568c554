// Names of modules, confs and sites → links in the enabled folders, made and removed as Debian's a2 tools do.
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, symlinkSync, unlinkSync } from "node:fs";
import { join, relative } from "node:path";

/** The three kinds of thing that can be enabled. */
export type Kind = "mod" | "conf" | "site";

/** What a tool works with. */
export interface EnableRun {
  readonly root: string;
  readonly kind: Kind;
  readonly quiet: boolean;
  readonly force: boolean;
  readonly purge: boolean;
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

interface Folders {
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

/** The folders of a kind under a server root. */
export function foldersOf(root: string, kind: Kind): Folders {
  return {
    available: join(root, `${plurals[kind]}-available`),
    enabled: join(root, `${plurals[kind]}-enabled`),
    suffix: kind === "mod" ? ".load" : ".conf",
    word: words[kind],
  };
}

/** Names that could be enabled, or are. */
export function namesIn(folder: string, suffix: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort();
}

/** State of one link: "enabled", absent, dangling, or something that is not ours to touch. */
type LinkState = "enabled" | "absent" | "dangling" | "elsewhere" | "real file";

function linkState(link: string, target: string): LinkState {
  const stat = lstatSync(link, { throwIfNoEntry: false });
  if (!stat) return "absent";
  if (!stat.isSymbolicLink()) return "real file";
  if (!existsSync(link)) return "dangling";
  return realpathSync(link) === realpathSync(target) ? "enabled" : "elsewhere";
}

/** Enables one name; false when it could not be. `changed` is called when a link was made. */
export function enable(name: string, run: EnableRun, changed: () => void): boolean {
  const { available, enabled, suffix, word } = foldersOf(run.root, run.kind);
  const target = join(available, name + suffix);
  const link = join(enabled, name + suffix);
  if (!existsSync(target)) {
    if (linkState(link, target) === "dangling") run.err(`ERROR: ${link} is a dangling symlink!`);
    run.err(`ERROR: ${word} ${name} does not exist!`);
    return false;
  }
  if (!(run.kind === "mod" ? enableDependencies(name, target, run, changed) : checkDependencies(name, target, run))) {
    return false;
  }
  let state = linkState(link, target);
  if (state === "dangling") {
    run.out(`Removing dangling link ${link}`);
    unlinkSync(link);
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
  symlinkSync(relative(enabled, target), link);
  run.mark(run.kind, name, "enabled");
  changed();
  return true;
}

/** The .conf of a module goes with its .load. */
function linkModuleConfig(name: string, run: EnableRun): "absent" | "there" | "made" | "failed" {
  const { available, enabled } = foldersOf(run.root, "mod");
  const target = join(available, `${name}.conf`);
  const link = join(enabled, `${name}.conf`);
  if (!existsSync(target)) return "absent";
  let state = linkState(link, target);
  if (state === "dangling") {
    unlinkSync(link);
    state = "absent";
  }
  if (state === "enabled") return "there";
  if (state !== "absent") {
    const reason = state === "real file" ? "is a real file" : `exists but does not point to ${target}`;
    run.err(`ERROR: Config file ${name}.conf not properly enabled: ${link} ${reason}, not touching it`);
    return "failed";
  }
  symlinkSync(relative(enabled, target), link);
  return "made";
}

/** The words of a "# Depends:" or "# Conflicts:" line in the head of a file. */
function headerOf(file: string, field: string): string[] {
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line.trim() !== "" && !line.startsWith("#")) break;
    const match = new RegExp(`^#\\s*${field}:\\s*(.*)$`, "i").exec(line);
    if (match) return (match[1] ?? "").split(/\s+/).filter((each) => each !== "");
  }
  return [];
}

function enableDependencies(name: string, target: string, run: EnableRun, changed: () => void): boolean {
  for (const dependency of headerOf(target, "Depends")) {
    if (!run.quiet) run.out(`Considering dependency ${dependency} for ${name}:`);
    if (!enable(dependency, run, changed)) {
      run.err(`ERROR: Could not enable dependency ${dependency} for ${name}, aborting`);
      return false;
    }
  }
  let free = true;
  const { enabled } = foldersOf(run.root, "mod");
  for (const conflict of headerOf(target, "Conflicts")) {
    if (!run.quiet) run.out(`Considering conflict ${conflict} for ${name}:`);
    if (!existsSync(join(enabled, `${conflict}.load`))) continue;
    run.err(`ERROR: Module ${conflict} is enabled - cannot proceed due to conflicts. It needs to be disabled first!`);
    free = false;
  }
  return free;
}

function checkDependencies(name: string, target: string, run: EnableRun): boolean {
  const { enabled } = foldersOf(run.root, "mod");
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
  const { available, enabled, suffix, word } = foldersOf(run.root, run.kind);
  const target = join(available, name + suffix);
  const link = join(enabled, name + suffix);
  const isThere = lstatSync(link, { throwIfNoEntry: false }) !== undefined;
  if (!existsSync(target)) return disableMissing(name, link, run);
  if (run.kind === "mod" && isThere && !(await releaseDependants(name, run, changed))) return false;
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
  } else if (!run.quiet) {
    run.out(`${word} ${name} already disabled`);
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
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) {
    run.out(`removing dangling symlink ${link}`);
    unlinkSync(link);
    const config = link.replace(/\.load$/, ".conf");
    // Nothing was loaded from there: there is nothing to take over.
    if (run.kind === "mod" && linkState(config, config) === "dangling") {
      run.out(`removing dangling symlink ${config}`);
      unlinkSync(config);
    }
    return true;
  }
  if (run.purge) return true;
  run.err(`ERROR: ${words[run.kind]} ${name} does not exist!`);
  return false;
}

/** Modules that depend on this one go first, with -f; else they are named and nothing is done. */
async function releaseDependants(name: string, run: EnableRun, changed: () => void): Promise<boolean> {
  const { available, enabled } = foldersOf(run.root, "mod");
  const dependants = namesIn(enabled, ".load").filter((other) => {
    const file = join(available, `${other}.load`);
    return existsSync(file) && headerOf(file, "Depends").includes(name);
  });
  if (dependants.length === 0) return true;
  if (!run.force) {
    run.err(`ERROR: The following modules depend on ${name} and need to be disabled first: ${dependants.join(" ")}`);
    return false;
  }
  for (const dependant of dependants) {
    if (!run.quiet) run.out(`Considering dependency ${dependant} for ${name}:`);
    if (!(await disable(dependant, run, changed))) return false;
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
  unlinkSync(link);
  changed();
}
