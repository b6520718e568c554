// Expanded tree + modules → the compiled server: virtual hosts, plans, hook order, checks done.
import {
  ConfigError,
  core,
  localHost,
  nameInHosts,
  type Change,
  type DaemonGroupSpec,
  type EmbeddedPythonSpec,
  type ErrorLog,
  type Listen,
  type Module,
  type Origin,
  type ServerView,
  type SettingsOf,
  type VirtualHost,
} from "../api/index.js";
import { accessFileReader, type AccessFileReader, type ReadAccessFile } from "./access-file.js";
import { addAliases } from "./provider-alias.js";
import { applyTree, isCondition, type Applied, type AppliedSection, type Body } from "./apply.js";
import { hostSettings, mainSettings, Plan, planLimit, type PlanContext } from "./merge.js";
import { conditionsWith } from "./expression/expression.js";
import { HookOrderError, orderHooks, steps, type Step } from "./order.js";
import { withOthers } from "./other-modules.js";
import { maximumFaults } from "./reading.js";
import type { Tree } from "./tree.js";

/** A virtual host as compiled: what modules see of it, and what the server needs. */
export interface CompiledHost extends VirtualHost {
  /** Addresses of its `<VirtualHost>` line as written; none for the main server. */
  readonly addresses: readonly string[];
  /** Paths that are its own for clients without a Host field (ServerPath). */
  readonly serverPath: string | undefined;
  /** The plan with no section matched. */
  readonly plan: Plan;
  /** Its own sections, and the main server's, which come first; in order. */
  readonly ownSections: readonly AppliedSection[];
  readonly mainSections: readonly AppliedSection[];
  /** What the lines outside of sections set: the main server's, then its own. */
  readonly bodies: readonly Body[];
}

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
  /** Reads the files named by AccessFileName that stand under it. */
  readonly readAccessFile: AccessFileReader;
}

/** What compiling gave: a server where there are no errors. */
export interface Compiled {
  readonly server: CompiledServer | undefined;
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigError[];
}

/** How to compile. */
export interface CompileOptions {
  /** Opens the error log of a virtual host; the logs of a mere check take nothing. */
  readonly openErrorLog?: (host: {
    readonly index: number;
    readonly serverName: string;
    readonly core: SettingsOf<typeof core.settings>;
  }) => ErrorLog;
  /** Skips the modules' checks: a worker compiles what the supervisor has checked. */
  readonly unchecked?: boolean;
  /** The checks do not look for the documents' directories. */
  readonly trustDocumentRoots?: boolean;
  /** Nothing but a listing is wanted. */
  readonly listing?: boolean;
  /** Runs with the modules' checks. */
  check?(server: ServerView): void;
}

const silent: ErrorLog = { write: () => undefined, takes: () => false };

/** Compiles an expanded tree. Nothing is thrown for a fault of the configuration: see `errors`. */
export function compile(tree: Tree, ours: readonly Module[], options: CompileOptions = {}): Compiled {
  const available = withOthers(ours, tree.modules);
  const applied = applyTree(tree, available);
  const errors = [...applied.errors];
  const warnings = [...applied.warnings];
  const start: Origin = { file: tree.mainFile, line: 1, column: 1 };
  let server: CompiledServer | undefined;
  try {
    server = build(tree, { applied, available }, options, { errors, warnings, start });
    if (!options.unchecked) {
      // With errors already there the checks show what else is wrong; what they would only warn of may follow from those.
      const isSound = errors.length === 0;
      const noted = warnings.length;
      for (const { lifecycle } of applied.modules) lifecycle.check?.(server);
      options.check?.(server);
      if (!isSound) warnings.length = noted;
    }
  } catch (error) {
    if (error instanceof ConfigError) errors.push(error);
    else if (error instanceof HookOrderError) errors.push(new ConfigError(error.message, start));
    else throw error;
  }
  return { server: errors.length === 0 ? server : undefined, errors, warnings };
}

interface Findings {
  readonly errors: ConfigError[];
  readonly warnings: ConfigError[];
  readonly start: Origin;
}

function build(
  tree: Tree,
  { applied, available }: { readonly applied: Applied; readonly available: readonly Module[] },
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
    kept: 0,
    limit: planLimit,
  };
  const main = mainSettings(applied.main, modules);
  const { openErrorLog = () => silent } = options;
  let unnamed: string | undefined;
  const mainName = (): string =>
    (main["core"] as SettingsOf<typeof core.settings>).serverName?.host ?? (unnamed ??= localHost().name);
  const makeHost = (index: number, body: Body, section: AppliedSection | undefined): CompiledHost =>
    lazyHost({
      index,
      body,
      section,
      main,
      mainName,
      mainBody: applied.main,
      context,
      openErrorLog,
      start: findings.start,
    });
  const virtualHosts = [
    makeHost(0, applied.main, undefined),
    ...applied.virtualHosts.map((section, index) => makeHost(index + 1, section.body, section)),
  ];
  const providers = collectProviders(modules.map(({ provides }) => provides));
  addAliases(providers, applied.main.sections);
  const readFile = accessFileReader(tree, modules, available);
  const server: CompiledServer = {
    serverRoot: tree.serverRoot,
    tree,
    modules,
    virtualHosts,
    listens: (main["core"] as SettingsOf<typeof core.settings>).listens,
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
    everywhere: everywhereIn(applied, virtualHosts),
    trustsDocumentRoots: options.trustDocumentRoots === true,
    isListing: options.listing === true,
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

/** What checks find in each of ten thousand lines is shown for some hundreds of them. */
function note(faults: ConfigError[], fault: ConfigError): void {
  if (faults.length < maximumFaults) faults.push(fault);
}

interface HostParts {
  readonly index: number;
  readonly body: Body;
  readonly section: AppliedSection | undefined;
  readonly main: Plan["settings"];
  /** The name of the main server. */
  readonly mainName: () => string;
  readonly mainBody: Body;
  readonly context: PlanContext;
  readonly openErrorLog: NonNullable<CompileOptions["openErrorLog"]>;
  readonly start: Origin;
}

/** A virtual host whose plan is made when it is first asked for: 10,000 hosts are loaded faster than merged. */
function lazyHost(parts: HostParts): CompiledHost {
  const { index, body, section, main, mainName, mainBody, context, openErrorLog, start } = parts;
  let plan: Plan | undefined;
  let errorLog: ErrorLog | undefined;
  const own = (section ? body.changes.get("core") : undefined) as Change<typeof core.settings> | undefined;
  const mainCore = main["core"] as SettingsOf<typeof core.settings>;
  const name = section ? own?.serverName : mainCore.serverName;
  const laid = () => ({
    sections: [],
    conditions: (section ? [...mainBody.sections, ...body.sections] : body.sections).filter(isCondition),
  });
  const addresses = section?.matcher.kind === "virtual host" ? section.matcher.addresses : [];
  return {
    index,
    isMain: !section,
    addresses,
    serverName: name?.host ?? nameOfAddress(addresses) ?? mainName(),
    serverPort: name ? name.port : section ? portOf(addresses[0]) : undefined,
    serverScheme: name?.scheme,
    serverPath: section ? own?.serverPath : mainCore.serverPath,
    aliases: section ? (own?.serverAliases ?? []) : mainCore.serverAliases,
    origin: section?.origin ?? start,
    ownSections: section ? body.sections : [],
    mainSections: mainBody.sections,
    bodies: section ? [mainBody, body] : [mainBody],
    get plan() {
      plan ??= new Plan(section ? hostSettings(main, body, context.modules) : main, laid(), context);
      return plan;
    },
    get errorLog() {
      errorLog ??= openErrorLog({
        index,
        serverName: this.serverName,
        core: this.plan.settings["core"] as SettingsOf<typeof core.settings>,
      });
      return errorLog;
    },
  };
}

/** What Apache calls a virtual host of an address of its own; undefined where it is for any, or nobody knows. */
function nameOfAddress(addresses: readonly string[]): string | undefined {
  const hosts = addresses.map((each) => /^\[(.*)\]|^([^:]*)/.exec(each)).map((match) => match?.[1] ?? match?.[2] ?? "");
  const isForAny = hosts.some((host) => ["", "*", "_default_", "0.0.0.0", "::"].includes(host));
  return isForAny || hosts[0] === undefined ? undefined : nameInHosts(hosts[0]);
}

function portOf(address: string | undefined): number | undefined {
  const port = Number(/:(\d+)$/.exec(address ?? "")?.[1]);
  return port > 0 ? port : undefined;
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

/** What the lines of a module set, in every body of the configuration, main server first. */
function everywhereIn(applied: Applied, hosts: readonly CompiledHost[]): ServerView["everywhere"] {
  let bodies: PlacedBody[] | undefined;
  // One walk for all modules that ask: there may be 10,000 virtual hosts.
  const allBodies = (): PlacedBody[] => {
    if (bodies) return bodies;
    bodies = [];
    for (const [index, host] of hosts.entries()) {
      const body = index === 0 ? applied.main : applied.virtualHosts[index - 1]?.body;
      if (body) enter(body, host, bodies);
    }
    return bodies;
  };
  return settingsIn(allBodies);
}

interface PlacedBody {
  readonly body: Body;
  readonly virtualHost: VirtualHost;
}

function enter(body: Body, virtualHost: VirtualHost, into: PlacedBody[]): void {
  into.push({ body, virtualHost });
  for (const section of body.sections) enter(section.body, virtualHost, into);
}

function settingsIn(bodies: () => readonly PlacedBody[]): ServerView["everywhere"] {
  return function* <S>({ module }: { readonly module: string; readonly settings: S }) {
    for (const { body, virtualHost } of bodies()) {
      const changes = body.changes.get(module);
      const origin = (setting: string): Origin | undefined => body.setBy.get(`${module}.${setting}`)?.at(-1)?.origin;
      if (changes) yield { virtualHost, settings: changes as Change<S>, origin };
    }
  };
}

/** An .htaccess file with what the modules' checks find in it. */
function checkedFile(file: ReadAccessFile, server: CompiledServer): ReadAccessFile {
  const [main] = server.virtualHosts;
  if (file.errors.length > 0 || !main) return file;
  const bodies: PlacedBody[] = [];
  enter(file.section.body, main, bodies);
  const errors: ConfigError[] = [];
  const warnings = [...file.warnings];
  const { serverRoot, tree, modules, virtualHosts, trustsDocumentRoots, isListing } = server;
  const { origin: start } = file.section;
  const view: ServerView = {
    ...{ serverRoot, tree, modules, virtualHosts, trustsDocumentRoots, isListing },
    settings: (definition, host) => server.settings(definition, host),
    providers: (kind) => server.providers(kind),
    conditions: (functions) => server.conditions(functions),
    everywhere: settingsIn(() => bodies),
    warn: (reason, origin, detail) => void warnings.push(new ConfigError(reason, origin ?? start, detail)),
    error: (reason, origin, detail) => void errors.push(new ConfigError(reason, origin ?? start, detail)),
  };
  for (const { lifecycle } of modules) lifecycle.checkAccessFile?.(view);
  return { ...file, errors, warnings };
}
