// A command line → its exit status: a check, a listing, a signal, or a server that runs.
import { appendFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { levels, type Level, type Module } from "../api/index.js";
import { readEnvvars, type ReadEnvironment } from "../config/envvars.js";
import type { CompiledServer } from "../config/compile.js";
import { lintServer } from "../config/lint/index.js";
import { outcomeJson, showFaults, showOutcome } from "../config/show-error.js";
import { dumpNames, readCommandLine, usage, type Command } from "./command-line.js";
import type { Configuration } from "./configuration.js";
import { control, restartGroup, type Output } from "./control.js";
import type { DaemonSurroundings } from "./daemon-launch.js";
import { isDetached, report, startDetached } from "./detach.js";
import { compiledIn, directiveList, dumps, includeList, loadedModules, settingLines, versionLines } from "./dump.js";
import {
  configurationOf,
  loadConfiguration,
  pidFileOf,
  readServer,
  underAccount,
  unnamed,
  type LoadRequest,
  type ReadServer,
} from "./load.js";
import { checkEmbeddedPython } from "./embedded-check.js";
import { checkPythons, type PythonCheck } from "./python-check.js";
import { withStandingArguments } from "./standing-arguments.js";
import { StartError } from "./start-error.js";
import { Supervisor } from "./supervisor.js";

/** What a command needs of the program around it. */
export interface Program {
  readonly modules: readonly Module[];
  /** Finds the server root and the main file; throws an Error that says how to give one. */
  findRoot(given: Pick<Command, "serverRoot" | "file">): { readonly path: string; readonly mainFile: string };
  /** Programs that daemons run. */
  readonly daemons: Pick<DaemonSurroundings, "pythonDaemon" | "nodeDaemon" | "nodeOptions">;
}

/** Runs a command to its end and gives the exit status. */
export async function runCommand(args: readonly string[], program: Program): Promise<number> {
  const asked = readCommandLine(args);
  if ("wrong" in asked) return misused(asked);
  const detached = isDetached();
  let command: Command = asked;
  let terminal = terminalOf(command);
  if (command.dump === "version") return say(versionLines());
  if (command.dump === "compiled in") return say(compiledIn(program.modules));
  if (command.dump === "directives") return say(directiveList(program.modules));
  let root: ReturnType<Program["findRoot"]>;
  let envvars: ReadEnvironment | undefined;
  try {
    root = program.findRoot(command);
    // The process in the background was given them by the one in the terminal.
    const { path } = root;
    if (!detached) envvars = readEnvvars(path, process.env);
    const whole = envvars ? withStandingArguments(envvars, args) : command;
    if ("wrong" in whole) return misused(whole);
    if (whole.file !== command.file || whole.serverRoot !== command.serverRoot) root = program.findRoot(whole);
    if (root.path !== path) envvars = undefined;
    command = whole;
    terminal = terminalOf(command);
  } catch (error) {
    terminal.err(`modhost: ${messageOf(error)}`);
    return command.dump === "settings" ? say(settingLines(undefined)) || 1 : 1;
  }
  const { defines, before, after, debug, trust } = command;
  const { daemons, modules } = program;
  const shared = {
    before,
    after,
    debug,
    trust,
    defines,
    modules,
    own: [daemons.pythonDaemon, daemons.nodeDaemon, process.execPath],
  };
  const environment = { ...process.env };
  const request: LoadRequest = { ...shared, environment, serverRoot: root.path, file: root.mainFile };
  const run: Run = { request, program, terminal, detached, envvars };
  return command.test || command.dump === "settings" ? check(command, run) : act(command, run);
}

function misused({ wrong }: { readonly wrong: string }): 1 {
  process.stderr.write(wrong ? `${wrong}\n${usage}` : usage);
  return 1;
}

interface Run {
  readonly request: LoadRequest;
  readonly program: Program;
  readonly terminal: Output;
  /** Whether this process is the supervisor that another one waits for. */
  readonly detached: boolean;
  /** What envvars made of the environment, for the first time the configuration is read. */
  readonly envvars: ReadEnvironment | undefined;
}

/** Syntax check and listings. */
async function check(command: Command, { request, program, terminal: { err }, envvars }: Run): Promise<number> {
  const isTest = command.test && !command.defines.some((name) => dumpNames.has(name));
  const read = readServer({ ...request, listing: !isTest, envvars });
  const { tree, server } = read;
  const lints = server && isTest ? lintServer(server) : [];
  const accounts = server ? configurationOf(server).errors : [];
  const pythons =
    server && isTest && accounts.length === 0 ? await pythonsOf(server, { request, program, read }) : undefined;
  const errors = [...read.errors, ...(pythons?.errors ?? [])];
  const all = [...read.warnings, ...lints, ...(pythons?.warnings ?? [])];
  const warnings = shows(command, "warn") ? all : [];
  if (shows(command, "debug")) for (const line of loadedModules(tree)) err(line);
  if (command.dump === "settings") {
    if (!server) err(showOutcome({ errors, warnings }, tree.sources).trimEnd());
    return say(settingLines(tree)) || Number(!server);
  }
  if (command.format === "json") {
    say(`${outcomeJson({ errors, warnings }, tree.sources, pythons?.notes)}\n`);
    return errors.length === 0 ? 0 : 1;
  }
  if (server && shows(command, "warn")) for (const line of unnamed(server)) err(line);
  const asked = command.defines.filter((name) => dumpNames.has(name));
  const listing = server ? dumps(server, asked) : asked.includes("DUMP_INCLUDES") ? includeList(tree) : "";
  for (const line of accounts) err(line);
  if (accounts.length > 0) return 1;
  if (shows(command, "warn")) for (const note of pythons?.notes ?? []) err(note);
  say(listing);
  // As in Apache, where a module prints DUMP_CONFIG beside the check, and the others are in place of its verdict.
  const isListed = errors.length === 0 && asked.some((name) => name !== "DUMP_CONFIG");
  if (!isListed) err(showOutcome({ errors, warnings }, tree.sources).trimEnd());
  else for (const text of showFaults({ errors, warnings }, tree.sources)) err(text);
  return errors.length === 0 ? 0 : 1;
}

/** What the interpreters of the daemon groups say of themselves. */
async function pythonsOf(
  server: CompiledServer,
  { request, program, read }: Pick<Run, "request" | "program"> & { readonly read: ReadServer },
): Promise<PythonCheck> {
  const { configuration } = configurationOf(server);
  const { user, group, daemonGroups } = underAccount(configuration, request, read.environment).configuration;
  const environment = changesOf(request.environment, read.environment);
  const { embeddedPython } = server;
  const all = await Promise.all([
    checkPythons(daemonGroups, { ...program.daemons, user, group, environment }),
    ...(embeddedPython ? [checkEmbeddedPython(embeddedPython, { user, group })] : []),
  ]);
  return {
    notes: all.flatMap(({ notes }) => notes),
    warnings: all.flatMap(({ warnings }) => warnings),
    errors: all.flatMap(({ errors }) => errors),
  };
}

/** Whether -e wants messages of that level. */
function shows({ startupLevel = "warn" }: Command, level: Level): boolean {
  return levels.indexOf(level) <= levels.indexOf(startupLevel);
}

/** -k words, and the start. */
async function act(command: Command, { request, program, terminal, detached, envvars }: Run): Promise<number> {
  const first = loadConfiguration({ ...request, envvars });
  if ("errors" in first) {
    for (const text of first.errors) terminal.err(text.trimEnd());
    if (detached) await report({ failed: first.errors });
    if (command.action === "status") await control("status", pidFileOf(request), terminal);
    return 1;
  }
  const { configuration } = first;
  if (command.action === "restart-group") return restartGroup(configuration.pidFile, command.group, terminal);
  const outcome = detached ? "start" : await control(command.action, configuration.pidFile, terminal);
  if (outcome !== "start") return outcome;
  if (!detached && shows(command, "warn")) for (const warning of first.warnings) terminal.err(warning);
  if (!detached && !command.foreground) {
    // As apachectl has it, which leaves limits alone where it is not run by root.
    const limit = process.getuid?.() === 0 ? first.environment["APACHE_ULIMIT_MAX_FILES"] : undefined;
    const failed = await startDetached(argsOf(command, request), configuration.errorLog, limit);
    for (const line of failed ?? []) terminal.err(line);
    return failed ? 1 : 0;
  }
  const load = (): ReturnType<typeof loadConfiguration> => {
    const loaded = loadConfiguration(request);
    // Workers, and what they hand on with PassEnv, see what envvars exported.
    if (!("errors" in loaded)) Object.assign(process.env, loaded.environment);
    return loaded;
  };
  Object.assign(process.env, first.environment);
  const surroundings = ({ user, group }: Configuration): DaemonSurroundings => ({
    ...program.daemons,
    user,
    group,
    environment: changesOf(request.environment, process.env),
  });
  const hasTerminal = command.foreground && [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  const supervisor = new Supervisor({
    first: configuration,
    load: () => Promise.resolve().then(load),
    surroundings,
    commandLine: ["modhost", ...argsOf(command, request)].join(" "),
    hasTerminal,
  });
  return serve(supervisor, terminal, () => {
    if (hasTerminal) terminal.out(`modhost serves ${placesOf(configuration).join(" ")} - Ctrl-C stops it`);
  });
}

/** URLs of the listening sockets, as somebody at this machine would open them. */
function placesOf({ listens }: Configuration): string[] {
  return listens.map(({ address, port, protocol, unix }) => {
    if (unix) return address;
    const host = address === "" || /^\[?::\]?$|^0\.0\.0\.0$/.test(address) ? "localhost" : address;
    return `${protocol === "https" ? "https" : "http"}://${isIPv6(host) ? `[${host}]` : host}:${port}/`;
  });
}

/** The variables that envvars exported or changed. */
function changesOf(before: LoadRequest["environment"], after: LoadRequest["environment"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(after).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && before[entry[0]] !== entry[1],
    ),
  );
}

async function serve(supervisor: Supervisor, terminal: Output, serving: () => void): Promise<number> {
  process.title = "modhost: supervisor";
  let serves: boolean;
  try {
    serves = await supervisor.start();
  } catch (error) {
    const lines = error instanceof StartError ? error.lines : [messageOf(error)];
    if (process.connected) await report({ failed: lines });
    else for (const line of lines) terminal.err(line);
    return 1;
  }
  await report(serves ? { serving: true } : { failed: ["the server was stopped before it served"] });
  if (serves) serving();
  await supervisor.ended;
  return 0;
}

/** The command line again, with absolute paths: for the process in the background, and for the log. */
function argsOf(
  { defines, before, after, debug, trust, startupFile }: Command,
  { serverRoot, file }: LoadRequest,
): string[] {
  return [
    ...["-d", serverRoot, "-f", file],
    ...defines.filter((name) => name !== "DEBUG").flatMap((name) => ["-D", name]),
    ...before.flatMap((line) => ["-C", line]),
    ...after.flatMap((line) => ["-c", line]),
    ...(startupFile === undefined ? [] : ["-E", startupFile]),
    ...(trust ? ["-T"] : []),
    ...(debug ? ["-X"] : []),
  ];
}

/** The process's own terminal. */
export const standardOutput: Output = terminalOf(undefined);

function terminalOf(command: Command | undefined): Output {
  const file = command?.startupFile;
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => {
      if (file === undefined) process.stderr.write(`${text}\n`);
      else appendFileSync(file, `${text}\n`);
    },
  };
}

function say(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
