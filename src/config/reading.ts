// What is in force while files are read: variables, modules, ServerRoot, and the faults found so far.
import { ConfigError, type ConfigErrorDetail, type Origin } from "../api/index.js";
import { linkedIn, sourcesOf } from "./owners.js";
import type { LoadedModule, Macro, Source, Tree } from "./tree.js";

/** One of our modules, as far as reading is concerned. */
export interface ModuleNames {
  readonly name: string;
  readonly symbol: string;
  /** Source file names that `<IfModule>` knows it by. */
  readonly sources: readonly string[];
  /** "Alias", and sections as "<Location>". */
  readonly directives: readonly string[];
  readonly builtIn: boolean;
}

/** What is known of modules. */
export interface ModuleLists {
  readonly modules: readonly ModuleNames[];
  /** Directives of Apache's modules that are not among ours, by symbol. */
  readonly foreign: Readonly<Record<string, readonly string[]>>;
}

/**
 * Characters that the values of variables and the lines of macros may come to in all: each Define may double what is there.
 * Real files stay far below it, and what written files hold is not counted.
 */
export const maximumFilled = 32 * 1024 * 1024;

/** Faults of a kind kept at most; a file that is no configuration at all would bring one for each line. Reading ends with the last. */
export const maximumFaults = 300;

/** The state of one reading; it changes from line to line. */
export class Reading {
  readonly lists: ModuleLists;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly errors: ConfigError[] = [];
  readonly warnings: ConfigError[] = [];
  readonly sources: Source[] = [];
  readonly loaded: LoadedModule[] = [];
  /** By name in lower case. */
  readonly macros = new Map<string, Macro>();
  /** Lines that uses of macros have come to. */
  macroLines = 0;
  /** Characters that variables and macros have come to. */
  filled = 0;
  serverRoot: string;
  /** Set when reading cannot go on: an Include that leads back to itself, more errors than anybody reads. */
  stopped = false;
  /** True in .htaccess files, where most directives of this stage may not stand. */
  readonly accessFile: boolean;
  readonly conditions: "allowed" | "refused";
  /** `Define` flags, by exact name. */
  readonly #flags = new Set<string>();
  /** `Define` values, by lower-case name. */
  readonly #values = new Map<string, string>();
  readonly #moduleNames = new Set<string>();
  readonly #bySymbol: Map<string, ModuleNames>;
  readonly #foreign: ReadonlyMap<string, readonly string[]>;

  constructor(lists: ModuleLists, environment: Readonly<Record<string, string | undefined>>, from: Start) {
    this.lists = lists;
    this.environment = environment;
    this.serverRoot = from.serverRoot;
    this.accessFile = from.accessFile ?? false;
    this.conditions = from.conditions ?? "allowed";
    this.#bySymbol = new Map(lists.modules.map((module) => [module.symbol, module]));
    this.#foreign = new Map(Object.entries(lists.foreign));
    for (const macro of from.macros ?? []) this.macros.set(macro.name, macro);
    for (const [name, value] of Object.entries(from.defines)) this.define(name, value ?? undefined);
    if (from.loaded) for (const module of from.loaded) this.load(module);
    else this.#loadBuiltIns();
  }

  /** Notes an error; reading goes on. */
  fail(reason: string, origin: Origin, detail: ConfigErrorDetail = {}): void {
    this.keep(new ConfigError(reason, origin, detail));
  }

  /** Notes an error that somebody else made. */
  keep(error: ConfigError): void {
    if (this.errors.length < maximumFaults) this.errors.push(error);
    this.stopped ||= this.errors.length >= maximumFaults;
  }

  /** Counts characters that stand for a variable or a use of a macro; with too many of them reading ends, with an error. */
  fill(length: number, directive: string, origin: Origin): boolean {
    this.filled += length;
    if (this.filled <= maximumFilled || this.stopped) return !this.stopped;
    const reason = `${directive}: variables and macros come to more than ${maximumFilled} characters`;
    this.fail(reason, origin, { length: directive.length, advice: "does something grow each time it is used?" });
    this.stopped = true;
    return false;
  }

  /** Notes a fault that does not stop the server. */
  warn(reason: string, origin: Origin, detail: ConfigErrorDetail = {}): void {
    if (this.warnings.length < maximumFaults) this.warnings.push(new ConfigError(reason, origin, detail));
  }

  /** Sets a flag, and its value if there is one: a flag set again without a value keeps the one it has, as in Apache. */
  define(name: string, value: string | undefined): void {
    this.#flags.add(name);
    if (value !== undefined) this.#values.set(name.toLowerCase(), value);
  }

  undefine(name: string): void {
    this.#flags.delete(name);
    this.#values.delete(name.toLowerCase());
  }

  isDefined(name: string): boolean {
    return this.#flags.has(name);
  }

  /** The value of `${name}`: of Define in any case, else of the environment. */
  variable(name: string): string | undefined {
    const value = this.#values.get(name.toLowerCase());
    return value ?? (Object.hasOwn(this.environment, name) ? this.environment[name] : undefined);
  }

  /** All flags with their values. */
  defines(): Record<string, string | null> {
    return Object.fromEntries([...this.#flags].map((name) => [name, this.#values.get(name.toLowerCase()) ?? null]));
  }

  load(module: LoadedModule): void {
    this.loaded.push(module);
    this.#moduleNames.add(module.symbol);
    for (const source of this.moduleOf(module.symbol)?.sources ?? sourcesOf(module.symbol))
      this.#moduleNames.add(source);
  }

  /** A module that is not among ours, but was loaded from a file. */
  add(module: ModuleNames): void {
    this.#bySymbol.set(module.symbol, module);
  }

  /** One of our modules, or of those that were added, by symbol. */
  moduleOf(symbol: string): ModuleNames | undefined {
    return this.#bySymbol.get(symbol);
  }

  /** Whether it is a module of Apache's that is not among ours. */
  isForeign(symbol: string): boolean {
    return this.#foreign.has(symbol);
  }

  /** Whether a module is in force, by symbol ("alias_module") or source file name ("mod_alias.c"), in exact case. */
  hasModule(name: string): boolean {
    return this.#moduleNames.has(name);
  }

  /** Whether a module in force registers this directive, or section ("<Location>"), in any case. */
  hasDirective(name: string): boolean {
    const lower = name.toLowerCase();
    return this.loaded.some(({ symbol }) =>
      (this.moduleOf(symbol)?.directives ?? this.#foreign.get(symbol))?.some((each) => each.toLowerCase() === lower),
    );
  }

  #loadBuiltIns(): void {
    const ours = this.lists.modules.filter(({ builtIn }) => builtIn).map(({ symbol }) => symbol);
    for (const symbol of new Set([...linkedIn, ...ours])) {
      // What mod_so and mod_version do is done by this folder, whether or not there is a module of that name.
      const known = this.#bySymbol.has(symbol) || ["so_module", "version_module", "http_module"].includes(symbol);
      this.load({ symbol, known });
    }
  }
}

/** What a reading starts from. */
export interface Start {
  readonly serverRoot: string;
  readonly defines: Tree["defines"];
  /** Modules in force; without it, the built-in ones. */
  readonly loaded?: readonly LoadedModule[];
  readonly accessFile?: boolean;
  readonly conditions?: Reading["conditions"];
  readonly macros?: readonly Macro[];
}
