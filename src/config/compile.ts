// Expanded tree + modules → the compiled server: virtual hosts, plans, hook order, checks done.
import {
  ConfigError,
  core,
  AddressNames,
  localHost,
  type DaemonGroupSpec,
  type EmbeddedPythonSpec,
  type ErrorLog,
  type Listen,
  type LocalHost,
  type Module,
  type Origin,
  type ReadOnce,
  type ServerView,
  type SettingsOf,
} from "../api/index.js";
import { accessFileReader, type AccessFileReader, type ReadAccessFile } from "./access-file.js";
import { addAliases } from "./provider-alias.js";
import { applyTree, type Applied } from "./apply.js";
import { LazyHost, type CompiledHost, type HostContext, type OpenErrorLog } from "./compiled-host.js";
import { everywhereIn } from "./everywhere.js";
import { mainSettings, planLimit, walksOf, type PlanContext } from "./merge.js";
import { conditionsWith } from "./expression/expression.js";
import { HookOrderError, orderHooks, steps, type Step } from "./order.js";
import { withOthers } from "./other-modules.js";
import { maximumFaults } from "./reading.js";
import type { Tree } from "./tree.js";
export type { CompiledHost } from "./compiled-host.js";

/** A configuration ready to serve. */
export interface CompiledServer extends ServerView {
  readonly tree: Tree;
  readonly modules: readonly Module[];
  /** The main server first. */
  readonly virtualHosts: readonly CompiledHost[];
  readonly listens: readonly Listen[];
  readonly daemonGroups: readonly DaemonGroupSpec[];
  /** How Python runs inside the workers, as the module for it says; undefined without one. */
  readonly embeddedPython: EmbeddedPythonSpec | undefined;
  /** What it goes by without ServerName; the system is asked once. */
  readonly machine: () => LocalHost;
  /** The names of the addresses of virtual hosts that were given none. */
  readonly addressNames: AddressNames;
  /** What readOnce has read, by name. */
  readonly readings: Readings;
  /** Reads the files named by AccessFileName that stand under it. */
  readonly readAccessFile: AccessFileReader;
}

/** What files of a configuration held when it was loaded, by name. */
export type Readings = ReadonlyMap<string, readonly string[]>;

/** What compiling gave: a server where there are no errors. */
export interface Compiled {
  readonly server: CompiledServer | undefined;
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigError[];
}

/** How to compile. */
export interface CompileOptions {
  /** The logs of a mere check take nothing. */
  readonly openErrorLog?: OpenErrorLog;
  /** Skips the modules' checks: a worker compiles what the supervisor has checked. */
  readonly unchecked?: boolean;
  /** The checks do not look for the documents' directories. */
  readonly trustDocumentRoots?: boolean;
  /** Nothing but a listing is wanted. */
  readonly listing?: boolean;
  /** What the supervisor has read: a worker reads nothing of it again. */
  readonly readings?: Readings;
  /** Runs with the modules' checks. */
  check?(server: ServerView): void;
}

const silent: ErrorLog = { write: () => undefined, takes: () => false };

/** Compiles an expanded tree. Nothing is thrown for a fault of the configuration: see `errors`. */
export function compile(tree: Tree, ours: readonly Module[], options: CompileOptions = {}): Compiled {
  const available = withOthers(ours, tree.modules);
  const readings = new Map(options.readings);
  const readOnce = readInto(readings);
  const applied = applyTree(tree, available, readOnce);
  const errors = [...applied.errors];
  const warnings = [...applied.warnings];
  const start: Origin = { file: tree.mainFile, line: 1, column: 1 };
  let server: CompiledServer | undefined;
  try {
    const built = build(tree, { applied, available, readings, readOnce }, options, { errors, warnings, start });
    server = built;
    if (!options.unchecked) {
      // With errors already there the checks show what else is wrong; what they would only warn of may follow from those.
      const isSound = errors.length === 0;
      const noted = warnings.length;
      for (const { lifecycle } of applied.modules) collect(errors, () => lifecycle.check?.(built));
      collect(errors, () => options.check?.(built));
      if (!isSound) warnings.length = noted;
    }
  } catch (error) {
    if (error instanceof ConfigError) errors.push(error);
    else if (error instanceof HookOrderError) errors.push(new ConfigError(error.message, start));
    else throw error;
  }
  return { server: errors.length === 0 ? server : undefined, errors, warnings };
}

/** One check's fault does not hide what the others find. */
function collect(errors: ConfigError[], check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    errors.push(error);
  }
}

function readInto(readings: Map<string, readonly string[]>): ReadOnce {
  return (name, read) => {
    let found = readings.get(name);
    if (!found) readings.set(name, (found = read()));
    return found;
  };
}

interface Ingredients {
  readonly applied: Applied;
  readonly available: readonly Module[];
  readonly readings: Readings;
  readonly readOnce: ReadOnce;
}

interface Findings {
  readonly errors: ConfigError[];
  readonly warnings: ConfigError[];
  readonly start: Origin;
}

function build(
  tree: Tree,
  { applied, available, readings, readOnce }: Ingredients,
  options: CompileOptions,
  findings: Findings,
): CompiledServer {
  const { modules } = applied;
  const context: PlanContext = {
    modules,
    hooks: Object.fromEntries(steps.map((step) => [step, orderHooks(modules, step)])) as Record<
      Step,
      ReturnType<typeof orderHooks>
    >,
    walks: walksOf(modules),
    kept: 0,
    limit: planLimit,
  };
  const main = mainSettings(applied.main, modules);
  const { openErrorLog = () => silent } = options;
  const mainCore = main["core"] as SettingsOf<typeof core.settings>;
  const machine = once(localHost);
  const addressNames = new AddressNames();
  const shared: HostContext = {
    main,
    mainName: () => mainCore.serverName?.host ?? machine().name,
    mainPort: isNamedFirst(tree) ? mainCore.serverName?.port : undefined,
    addressNames,
    mainBody: applied.main,
    plans: context,
    openErrorLog,
    start: findings.start,
  };
  const virtualHosts = [undefined, ...applied.virtualHosts].map(
    (section, index): CompiledHost => new LazyHost(index, section, shared),
  );
  const providers = collectProviders(modules.map(({ provides }) => provides));
  addAliases(providers, applied.main.sections);
  const readFile = accessFileReader(tree, modules, available);
  const server: CompiledServer = {
    serverRoot: tree.serverRoot,
    tree,
    modules,
    virtualHosts,
    listens: mainCore.listens,
    machine,
    addressNames,
    readings,
    get daemonGroups() {
      return modules.flatMap(({ lifecycle }) => lifecycle.daemons?.(server) ?? []);
    },
    get embeddedPython() {
      return modules
        .find(({ lifecycle }) => lifecycle.embeddedPython !== undefined)
        ?.lifecycle.embeddedPython?.(server);
    },
    readAccessFile: (file) => checkedFile(readFile(file), server),
    settings: (definition, host) =>
      virtualHosts[host.index]?.plan.settings[definition.module] as SettingsOf<typeof definition.settings>,
    everywhere: everywhereIn(() =>
      virtualHosts.map((virtualHost, index) => ({
        body: applied.virtualHosts[index - 1]?.body ?? applied.main,
        virtualHost,
      })),
    ),
    trustsDocumentRoots: options.trustDocumentRoots === true,
    isListing: options.listing === true,
    readOnce,
    providers: (kind) => providers.get(kind) ?? new Map(),
    conditions: (functions) => conditionsWith(functions, modules, findings.start),
    warn: (reason, origin, detail) =>
      note(findings.warnings, new ConfigError(reason, origin ?? findings.start, detail)),
    error: (reason, origin, detail) => note(findings.errors, new ConfigError(reason, origin ?? findings.start, detail)),
  };
  const named = modules.map(({ lifecycle }) => lifecycle.provides?.(server) ?? {});
  collectProviders(named, providers);
  return server;
}

/** Whether the main server has its name before the first virtual host. */
function isNamedFirst({ nodes }: Tree): boolean {
  return nodes.find(({ key }) => key === "servername" || key === "<virtualhost>")?.key === "servername";
}

/** What checks find in each of ten thousand lines is shown for some hundreds of them. */
function note(faults: ConfigError[], fault: ConfigError): void {
  if (faults.length < maximumFaults) faults.push(fault);
}

/** Worked out when it is first asked for. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function collectProviders(
  offered: readonly Module["provides"][],
  kinds = new Map<string, Map<string, unknown>>(),
): Map<string, Map<string, unknown>> {
  for (const provides of offered) {
    for (const [kind, offers] of Object.entries(provides)) {
      const known = kinds.get(kind) ?? new Map<string, unknown>();
      for (const [name, offer] of Object.entries(offers)) known.set(name, offer);
      kinds.set(kind, known);
    }
  }
  return kinds;
}

/** An .htaccess file with what the modules' checks find in it. */
function checkedFile(file: ReadAccessFile, server: CompiledServer): ReadAccessFile {
  const [main] = server.virtualHosts;
  if (file.errors.length > 0 || !main) return file;
  const errors: ConfigError[] = [];
  const warnings = [...file.warnings];
  const { serverRoot, tree, modules, virtualHosts, trustsDocumentRoots, isListing } = server;
  const { origin: start } = file.section;
  const view: ServerView = {
    ...{ serverRoot, tree, modules, virtualHosts, trustsDocumentRoots, isListing },
    settings: (definition, host) => server.settings(definition, host),
    readOnce: (name, read) => server.readOnce(name, read),
    providers: (kind) => server.providers(kind),
    conditions: (functions) => server.conditions(functions),
    everywhere: everywhereIn(() => [{ body: file.section.body, virtualHost: main }]),
    warn: (reason, origin, detail) => void warnings.push(new ConfigError(reason, origin ?? start, detail)),
    error: (reason, origin, detail) => void errors.push(new ConfigError(reason, origin ?? start, detail)),
  };
  for (const { lifecycle } of modules) lifecycle.checkAccessFile?.(view);
  return { ...file, errors, warnings };
}
