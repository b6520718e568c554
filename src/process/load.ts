// Server root and main file → the environment, the tree, the compiled server, and the supervisor's record of it.
import { lchownSync, existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve, sep } from "node:path";
import {
  core,
  isLogProgram,
  processes,
  serverBanner,
  workerCount,
  type ConfigError,
  type LogEntry,
  type Module,
  type ServerView,
} from "../api/index.js";
import { compile, type CompiledServer } from "../config/compile.js";
import { readEnvvars, type ReadEnvironment } from "../config/envvars.js";
import { readConfiguration } from "../config/expand.js";
import { foreignModules } from "../config/owners.js";
import { maximumFaults } from "../config/reading.js";
import { faultPrinter, showOutcome } from "../config/show-error.js";
import type { Node, Tree } from "../config/tree.js";
import { splitWords } from "../api/words.js";
import type { Identity } from "./channel.js";
import type { Configuration, Loaded } from "./configuration.js";
import { findIdentity, unreachableFor } from "./privileges.js";

/** Which configuration to read, and with what. */
export interface LoadRequest {
  /** Absolute. */
  readonly serverRoot: string;
  /** Relative to the server root, or absolute. */
  readonly file: string;
  readonly defines: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What envvars starts from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What envvars makes of it, where somebody has read the file already. */
  readonly envvars?: ReadEnvironment | undefined;
  /** Files and folders of our own that workers and daemons must be able to read. */
  readonly own: readonly string[];
  /** One worker, whatever the configuration says. */
  readonly debug: boolean;
  /** -T: without looking for the documents' directories. */
  readonly trust?: boolean;
  /** Nothing but a listing is wanted. */
  readonly listing?: boolean;
  readonly modules: readonly Module[];
}

/** A configuration as far as it could be understood. */
export interface ReadServer {
  readonly tree: Tree;
  /** Only where there are no errors. */
  readonly server: CompiledServer | undefined;
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigError[];
  /** The process's environment as envvars changed it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Reads, expands, compiles and checks. Starts nothing. */
export function readServer({ modules, envvars, ...request }: LoadRequest): ReadServer {
  const { environment, warnings: early } = envvars ?? readEnvvars(request.serverRoot, request.environment);
  makeFolders(request.serverRoot, environment);
  const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
  const read = readConfiguration({ ...request, environment, modules: names, foreign: foreignModules(names) });
  const { tree } = read;
  const warnings = [...early, ...read.warnings];
  if (read.errors.length >= maximumFaults || (tree.nodes.length === 0 && read.errors.length > 0)) {
    return { tree, server: undefined, errors: read.errors, warnings, environment };
  }
  const { trust: trustDocumentRoots = false, listing = false } = request;
  const compiled = compile(tree, modules, { check: checkIdentity, trustDocumentRoots, listing });
  const errors = [...read.errors, ...compiled.errors];
  return {
    tree,
    server: errors.length === 0 ? compiled.server : undefined,
    errors,
    warnings: [...warnings, ...compiled.warnings],
    environment,
  };
}

/** User and Group as errors at their lines, or of the whole where User is missing. */
function checkIdentity(server: ServerView): void {
  const [main] = server.virtualHosts;
  if (!main) return;
  const places = [...server.everywhere(processes)];
  for (const error of findIdentity(server.settings(processes, main)).errors) {
    const setting = error.startsWith("AH00544") ? "group" : "user";
    server.error(error, places.map(({ origin }) => origin(setting)).find(Boolean));
  }
}

/** Where the pid file is, as far as that can be read: a server runs on when its files have been broken. */
export function pidFileOf(request: LoadRequest): string {
  const { tree } = readServer(request);
  const isPidFile = (node: Node): boolean => node.key === "pidfile";
  const [word] = splitWords(tree.nodes.filter(isPidFile).at(-1)?.text ?? processes.settings.pidFile.initial);
  return resolve(tree.serverRoot, word?.text ?? "");
}

/** The same for the supervisor: its record, or all errors as texts. */
export function loadConfiguration(request: LoadRequest): Loaded & { readonly environment: ReadServer["environment"] } {
  const { tree, server, errors, warnings, environment } = readServer(request);
  if (!server) return { errors: [showOutcome({ errors, warnings: [] }, tree.sources)], environment };
  const { configuration: configured, errors: more } = configurationOf(server, request.debug);
  if (more.length > 0) return { errors: more, environment };
  const { configuration, lair } = underAccount(configured, request, environment);
  const show = faultPrinter(tree.sources);
  const texts = warnings.map((warning) => show(warning, "warning"));
  texts.push(...unnamed(server));
  if (lair === undefined) texts.push(...closedPaths(server, configuration, request.own));
  else texts.push(asRoot(lair, configured));
  return { configuration, warnings: texts, environment };
}

/** Addresses without a name that are told one by one. */
const maximumNameless = 20;

/** What is to be said of a server without a name, with the one it goes by. */
export function unnamed(server: CompiledServer): string[] {
  const main = mainOf(server);
  const { nameless } = server.addressNames;
  const unknown = nameless
    .slice(0, maximumNameless)
    .map(
      (address) =>
        `AH00549: Failed to resolve server name for ${address} (check DNS) -- or specify an explicit ServerName`,
    );
  if (nameless.length > maximumNameless) unknown.push(`AH00549: ... and for ${nameless.length - maximumNameless} more`);
  if (server.settings(core, main).serverName || server.machine().isFull) return unknown;
  return [
    `AH00558: modhost: Could not reliably determine the server's fully qualified domain name, using ${main.serverName}. ` +
      "Set the 'ServerName' directive globally to suppress this message",
    ...unknown,
  ];
}

/** The same with the account that really serves; `lair` where that is root, and why. */
export function underAccount(
  configured: Configuration,
  request: LoadRequest,
  environment: ReadServer["environment"],
): { readonly configuration: Configuration; readonly lair: string | undefined } {
  const lair = closedToAll(configured, request, environment);
  const configuration =
    lair === undefined ? configured : { ...configured, user: "root", group: "root", identity: root };
  return { configuration, lair };
}

const root: Identity = { user: "root", uid: 0, gid: 0, group: "root" };

/**
 * The folder that keeps User from the server root, or from our own programs: as root's home does with a checkout in it.
 * Nothing could be served then. Looked for only where envvars asks to serve as root in that case.
 */
function closedToAll(
  { identity }: Configuration,
  { serverRoot, own }: LoadRequest,
  environment: ReadServer["environment"],
): string | undefined {
  if (!identity || environment["MODHOST_AS_ROOT"] !== "if-closed") return undefined;
  return [serverRoot, ...own].map((path) => unreachableFor(identity, path)).find((at) => at !== undefined);
}

function asRoot(lair: string, { user }: Configuration): string {
  return (
    `warning: pages and applications are served as root, because User ${user} cannot get at ${lair}. That is for trying ` +
    "things out: move the server root elsewhere, or chmod o+x the folder; MODHOST_AS_ROOT in envvars says what is to happen"
  );
}

/** A server started as root may name folders that the user it serves as cannot get at: a checkout in root's home. */
function closedPaths(server: CompiledServer, { identity }: Configuration, own: readonly string[]): string[] {
  if (!identity) return [];
  const roots = [...server.everywhere(core)].flatMap(({ settings }) => settings.documentRoot ?? []);
  const paths = new Set([...roots.map((path) => resolve(server.serverRoot, path)), ...own]);
  const closed = new Map<string, string>();
  for (const path of paths) {
    const at = unreachableFor(identity, path);
    if (at !== undefined && !closed.has(at)) closed.set(at, path);
  }
  return [...closed].map(
    ([at, path]) =>
      `warning: User ${identity.user} cannot get at ${path}: ` +
      `${at === path ? "it" : at} is closed to it (chmod o+x folders and o+r files, or move the files elsewhere)`,
  );
}

/** What the supervisor has to know; `errors` when User or Group cannot be had. */
export function configurationOf(
  server: CompiledServer,
  debug = false,
): { readonly configuration: Configuration; readonly errors: readonly string[] } {
  const main = mainOf(server);
  const coreSettings = server.settings(core, main);
  const settings = server.settings(processes, main);
  const absolute = (path: string): string => resolve(server.serverRoot, path);
  const workers = debug ? 1 : workerCount(settings, availableParallelism(), server.daemonGroups.length > 0);
  const { identity, errors } = findIdentity(settings);
  const { errorLog } = coreSettings;
  const configuration: Configuration = {
    tree: server.tree,
    readings: server.readings,
    listens: server.listens,
    daemonGroups: server.daemonGroups,
    user: settings.user,
    group: settings.group,
    identity,
    pidFile: absolute(settings.pidFile),
    runtimeDir: absolute(settings.defaultRuntimeDir),
    serverRoot: server.serverRoot,
    errorLog: isLogProgram(errorLog) ? errorLog : absolute(errorLog),
    logPrograms: logPrograms(server),
    logLevels: coreSettings.logLevels,
    errorLogFormat: {
      serverName: main.serverName,
      message: coreSettings.errorLogFormat,
      connection: [],
      request: [],
    },
    workers,
    maxConnections: Math.ceil(settings.maxRequestWorkers / workers),
    listenBacklog: settings.listenBacklog,
    gracefulShutdownTimeout: settings.gracefulShutdownTimeout,
    hasKeeper: server.modules.some(({ lifecycle }) => lifecycle.keeps?.(server) === true),
    prepare: (log) => prepareModules(server, identity, log),
    banner: serverBanner("Full"),
  };
  return { configuration, errors };
}

/** The programs that read access logs and the like, and error logs of virtual hosts. */
function logPrograms(server: CompiledServer): readonly string[] {
  const targets = [
    ...[...server.everywhere(core)].flatMap(({ settings }) => settings.errorLog ?? []),
    ...server.modules.flatMap(({ lifecycle }) => lifecycle.logs?.(server) ?? []),
  ];
  return [...new Set(targets.filter(isLogProgram))];
}

async function prepareModules(
  server: CompiledServer,
  account: Identity | undefined,
  log: (entry: LogEntry) => void,
): Promise<void> {
  for (const { lifecycle } of server.modules) await lifecycle.prepare?.(server, account, log);
}

/** The main server, which is always the first. */
export function mainOf({ virtualHosts: [main] }: CompiledServer): CompiledServer["virtualHosts"][number] {
  if (!main) throw new TypeError("a compiled server has a main server");
  return main;
}

/**
 * Folders that envvars names: inside the server root all of them, since a fresh checkout has none yet; elsewhere those
 * that apachectl makes, since they are gone after a restart of the machine.
 */
function makeFolders(serverRoot: string, environment: Readonly<Record<string, string>>): void {
  for (const name of ["APACHE_RUN_DIR", "APACHE_LOCK_DIR", "APACHE_LOG_DIR"]) {
    const folder = resolve(serverRoot, environment[name] ?? "");
    if (name === "APACHE_LOG_DIR" && !folder.startsWith(serverRoot + sep)) continue;
    if (existsSync(folder)) continue;
    try {
      mkdirSync(folder, { recursive: true });
      if (name === "APACHE_LOCK_DIR") giveTo(environment["APACHE_RUN_USER"], folder);
    } catch {
      // Whoever needs the folder says so: the pid file and the logs name it in their errors.
    }
  }
}

function giveTo(user: string | undefined, folder: string): void {
  const { identity } = findIdentity({ user: user ?? "www-data", group: undefined });
  // Not through a link that somebody else has put there.
  if (identity) lchownSync(folder, identity.uid, identity.gid);
}
