// A module: one record of five leaves (name and summary, settings, directives, hooks, lifecycle).
import type { Argument, Values } from "./arguments.js";
import type { DaemonGroupSpec, EmbeddedPythonSpec } from "./application.js";
import type { ConfigurationRead } from "./configuration-line.js";
import type { ConfigErrorDetail } from "./error.js";
import type { Condition, ExpressionFunction } from "./expression.js";
import type { MarkRise, RiseVerdict } from "./high-marks.js";
import type { Hooks } from "./hooks.js";
import type { ErrorLog, LogEntry } from "./log.js";
import type { Context, Methods, Override, Place, ReadOnce } from "./place.js";
import type { Request, VirtualHost } from "./request.js";
import type { ServerReport } from "./server-report.js";
import type { Change, Settings, SettingsOf } from "./settings.js";
import type { SharedTable } from "./shared-table.js";

/** What a section matches, or does with its body. */
export type Matcher =
  | { readonly kind: "virtual host"; readonly addresses: readonly string[] }
  /** `path` is absolute without trailing slash ("/" is ""), `pattern` matches whole paths, `regex` anywhere in it. */
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "directory pattern"; readonly pattern: RegExp; readonly depth: number }
  | { readonly kind: "directory regex"; readonly regex: RegExp; readonly depth: number }
  | { readonly kind: "files"; readonly name: string }
  | { readonly kind: "files regex"; readonly regex: RegExp }
  | { readonly kind: "location"; readonly path: string }
  | { readonly kind: "location regex"; readonly regex: RegExp }
  /** URLs of back ends, from their beginning on or anywhere in them. */
  | { readonly kind: "proxy"; readonly prefix: string }
  | { readonly kind: "proxy regex"; readonly regex: RegExp }
  /** A chain of `<If>`, `<ElseIf>` and `<Else>`: the first whose condition is true. */
  | { readonly kind: "if" | "else if"; readonly condition: Condition }
  | { readonly kind: "else" }
  /** A provider under another name, asked under the section's settings; `text` are the words it is given (Require). */
  | {
      readonly kind: "provider alias";
      readonly provider: "authnProvider" | "authzProvider";
      readonly base: string;
      readonly name: string;
      readonly text: string;
    };

interface DirectiveCommon {
  readonly contexts: readonly Context[];
  /** Needed where contexts hold ".htaccess". */
  readonly override?: Override | readonly Override[];
  /** One sentence: what it does. */
  readonly summary: string;
  /** Some sentences for the reference page: defaults, units, what happens when. Markdown. */
  readonly doc: string;
  /** Configuration lines that show its use; compiled by a test. */
  readonly example: string;
  /** As the manual would write the default. */
  readonly default?: string;
  /** Acts while the file is read, before directives are applied (Define, LoadModule, `<IfModule>`): config/ does it. */
  readonly onRead?: true;
}

/** A directive: data, and a function from its arguments to the change it makes. */
export interface Directive<S extends Settings = Settings> extends DirectiveCommon {
  readonly args: readonly Argument<unknown>[];
  set(values: readonly unknown[], place: Place): Change<S> | undefined;
}

/** A section with a matcher: its body is kept apart and laid over a request that matches. */
export interface Section extends DirectiveCommon {
  readonly args: readonly Argument<unknown>[];
  opens(values: readonly unknown[], place: Place): Matcher;
  /** What its opening line sets for its body. */
  sets?(values: readonly unknown[], place: Place): Readonly<Record<string, unknown>> | undefined;
  /** Sections of these names may not stand around it, at any distance: "Directory", "Limit". */
  readonly notInside?: readonly string[];
  /** The kind of the last section of a chain that stands before it in the same scope must be one of these. */
  readonly follows?: readonly Matcher["kind"][];
}

/** A section that is a value: its body, applied to empty settings of the module, becomes a change (`<RequireAll>`). */
export interface Wrapper<S extends Settings = Settings> extends DirectiveCommon {
  readonly args: readonly Argument<unknown>[];
  wrap(values: readonly unknown[], inner: SettingsOf<S>, place: Place): Change<S> | undefined;
  /** The only directives and sections that may stand in it. */
  readonly holds: readonly string[];
}

/** A section whose lines belong to the section around it: they find at their place to which methods it narrows them. */
export interface Narrowing extends DirectiveCommon {
  readonly args: readonly Argument<unknown>[];
  narrows(values: readonly unknown[], place: Place): Methods;
}

export type AnyDirective<S extends Settings = Settings> = Directive<S> | Section | Wrapper<S> | Narrowing;

/** Directives by name; sections stand as "<Location>". */
export type Directives<S extends Settings = Settings> = Readonly<Record<string, AnyDirective<S>>>;

/** The compiled server, as far as a module may look at it. */
export interface ServerView {
  readonly serverRoot: string;
  /** The configuration as it was read. */
  readonly tree: ConfigurationRead;
  /** Those in force, built-in ones first, then in load order. */
  readonly modules: readonly Module[];
  /** The main server first. */
  readonly virtualHosts: readonly VirtualHost[];
  /** Merged settings at the top of a virtual host. */
  settings<S>(definition: { readonly module: string; readonly settings: S }, virtualHost: VirtualHost): SettingsOf<S>;
  /** Everything set for a module anywhere: virtual hosts and sections, unmerged, with the virtual host each is in. */
  everywhere<S>(definition: { readonly module: string; readonly settings: S }): Iterable<{
    readonly virtualHost: VirtualHost;
    readonly settings: Change<S>;
    /** The directive that set it there; of several the last. */
    readonly origin: (setting: keyof S & string) => import("./origin.js").Origin | undefined;
  }>;
  /** -T: nobody looks whether the documents' directories exist. */
  readonly trustsDocumentRoots: boolean;
  /** It is read for a listing alone (-S, -M ...): files of certificates need not be there, as in Apache. */
  readonly isListing: boolean;
  readonly readOnce: ReadOnce;
  /** Providers registered under that kind. */
  providers(kind: string): ReadonlyMap<string, unknown>;
  /**
   * A compiler for conditions that are met while serving (server-side includes): with functions of the module's own, by
   * name in lower case, and without those that read files. It throws an Error that says what is wrong.
   */
  conditions(functions: Readonly<Record<string, ExpressionFunction>>): (text: string) => Condition;
  /** Notes a fault that does not stop the server, at a place or of the whole. */
  warn(reason: string, origin?: import("./origin.js").Origin, detail?: ConfigErrorDetail): void;
  /** Adds an error; the configuration is refused after all checks have run. */
  error(reason: string, origin?: import("./origin.js").Origin, detail?: ConfigErrorDetail): void;
}

/** A worker process, as far as a module may use it. */
export interface WorkerView {
  readonly server: ServerView;
  readonly errorLog: ErrorLog;
  /** Opens a log for appending: a path, or "|program". `write` takes whole lines; buffered, bounded, never blocks. */
  openLog(target: string): LogWriter;
  /** Random bytes that all workers of this supervisor share, and nobody else knows. */
  readonly secret: Buffer;
  /** The same for the workers of one configuration: what it protects ends with a reload. Missing where nothing is served. */
  readonly passingSecret?: Buffer;
  /** Set where nothing is served but one request explained: programs are not started. */
  readonly isRehearsal?: true;
  /** What this worker is at: requests in work, and the connections it may hold. Missing where nothing is served. */
  readonly load?: () => { readonly active: number; readonly capacity: number };
  /** Asks all workers what they do; rejects when no answer comes. Missing where nothing is served. */
  readonly report?: () => Promise<ServerReport>;
  /**
   * A table that all workers share. It goes with its configuration, unless it is `kept` through reloads. Missing where
   * nothing is served.
   */
  readonly sharedTable?: (name: string, kept?: "kept") => SharedTable;
  /**
   * Has something done in one worker alone, for all of them: `begin` is called where this is the one, at once or when another
   * has ended, and what it gives is called when it leaves. Through a reload there may be one of each configuration for a
   * moment. Missing where nothing is served.
   */
  readonly duty?: (begin: () => () => void) => void;
  /**
   * Raises a mark that all workers share, through reloads too: of two workers that use up the same thing one alone is told
   * that it did. Rejects when no answer comes. Missing where nothing is served.
   */
  readonly raise?: (rise: MarkRise) => Promise<RiseVerdict>;
  /** A GET request that nobody has sent, for settings and conditions that are asked outside of any. */
  readonly imagine?: (virtualHost: VirtualHost) => Request;
  /** Resolves when all workers have heard what was changed here in shared tables before. Missing where nothing is served. */
  readonly settled?: () => Promise<void>;
}

/** The account that workers serve as, where that is not the supervisor's own. */
export interface ServingAccount {
  readonly uid: number;
  readonly gid: number;
}

/** An open access log. */
export interface LogWriter {
  /** A line without its newline, latin1. */
  write(line: string): void;
}

/** What a module does outside of requests. */
export interface Lifecycle {
  /** What the module offers by names that the configuration gives: kind, then name; see Module.provides. */
  provides?(server: ServerView): Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Looks for what only the whole configuration shows; runs with -t too, starts nothing. */
  check?(server: ServerView): void;
  /** The same for an .htaccess file: everywhere() gives what stands in it, and an error ends the requests it is for. */
  checkAccessFile?(server: ServerView): void;
  /** The daemon groups the supervisor is to run. */
  daemons?(server: ServerView): readonly DaemonGroupSpec[];
  /** The targets of the logs it opens: the supervisor starts the programs among them before anything is served. */
  logs?(server: ServerView): readonly string[];
  /** How Python is to run inside the workers. */
  embeddedPython?(server: ServerView): EmbeddedPythonSpec;
  /**
   * Runs in the supervisor, with its privileges, each time before a configuration is served: for files that must be
   * there. Rejects where the configuration cannot be served.
   */
  prepare?(server: ServerView, account: ServingAccount | undefined, log: (entry: LogEntry) => void): Promise<void>;
  /** Whether there is work for a single process beside the workers, the keeper. */
  keeps?(server: ServerView): boolean;
  /** Runs in the keeper with the privileges it began with; what it gives is called when they have been dropped. */
  keep?(keeper: WorkerView): () => void;
  /** Runs in each worker before it takes requests. */
  start?(worker: WorkerView): void | Promise<void>;
  /** Runs in a worker that has drained. */
  stop?(worker: WorkerView): void | Promise<void>;
}

/** A module with its types forgotten, as the lists of modules hold it. */
export interface Module {
  /** "mod_alias"; "core". */
  readonly name: string;
  /** "alias_module", as LoadModule and IfModule name it. */
  readonly symbol: string;
  /** Source file names that `<IfModule>` knows it by: "mod_alias.c". */
  readonly sources: readonly string[];
  readonly summary: string;
  /** Built in as in Debian's Apache: there without LoadModule. */
  readonly builtIn: boolean;
  /** See ModuleDefinition. */
  readonly checksEachUrl: boolean;
  /** Empty where `settingsOwner` is another module. */
  readonly settings: Settings;
  /** Name of the module whose settings its directives change: its own, or that of the built-in module it shares with. */
  readonly settingsOwner: string;
  readonly directives: Directives;
  readonly hooks: Hooks<never>;
  readonly lifecycle: Lifecycle;
  /** What it offers to other modules: kind, then name. */
  readonly provides: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Names a module's settings, so that others can ask a request for them. */
export interface SettingsDefinition<S extends Settings> {
  readonly module: string;
  readonly settings: S;
}

/** Names the settings of a module; one per module, kept in api/ only where server or process need them. */
export function defineSettings<S extends Settings>(module: string, settings: S): SettingsDefinition<S> {
  return { module, settings };
}

/** Types a directive's `set` by its arguments. */
export interface DirectiveMaker<S extends Settings> {
  <const Args extends readonly Argument<unknown>[]>(
    directive: DirectiveCommon & {
      readonly args: Args;
      set(values: Values<Args>, place: Place): Change<S> | undefined;
    },
  ): Directive<S>;
}

/** Types a section's `opens` by its arguments. */
export function section<const Args extends readonly Argument<unknown>[]>(
  definition: DirectiveCommon & {
    readonly args: Args;
    readonly notInside?: readonly string[];
    readonly follows?: readonly Matcher["kind"][];
    opens(values: Values<Args>, place: Place): Matcher;
    sets?(values: Values<Args>, place: Place): Readonly<Record<string, unknown>> | undefined;
  },
): Section {
  return definition;
}

/** Types a narrowing section's `narrows` by its arguments. */
export function narrowing<const Args extends readonly Argument<unknown>[]>(
  definition: DirectiveCommon & { readonly args: Args; narrows(values: Values<Args>, place: Place): Methods },
): Narrowing {
  return definition;
}

/** What a module's author writes. */
export interface ModuleDefinition<S extends Settings> {
  readonly name: string;
  /** Only where it is not name without "mod_" plus "_module". */
  readonly symbol?: string;
  /** Only where it is not name plus ".c". */
  readonly sources?: readonly string[];
  readonly summary: string;
  readonly builtIn?: boolean;
  /**
   * Its access and user checks look at more than the settings: where it is loaded, sub-requests and internal redirects
   * are checked anew even under the settings of the request they came of. Of Apache's modules those that do not promise
   * AP_AUTH_INTERNAL_PER_CONF.
   */
  readonly checksEachUrl?: true;
  readonly settings: S;
  /** A built-in module whose settings these are; this one then has none of its own (http_core, the mpm_* family). */
  readonly sharesWith?: string;
  directives(directive: DirectiveMaker<S>): Directives<S>;
  readonly hooks?: Hooks<SettingsOf<S>>;
  readonly lifecycle?: Lifecycle;
  readonly provides?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The one way to make a module. */
export function defineModule<const S extends Settings>(definition: ModuleDefinition<S>): Module {
  const { name } = definition;
  const maker = ((directive: unknown) => directive) as DirectiveMaker<S>;
  return {
    name,
    symbol: definition.symbol ?? `${name.replace(/^mod_/, "")}_module`,
    sources: definition.sources ?? [`${name}.c`],
    summary: definition.summary,
    builtIn: definition.builtIn ?? false,
    checksEachUrl: definition.checksEachUrl ?? false,
    settings: definition.sharesWith === undefined ? definition.settings : {},
    settingsOwner: definition.sharesWith ?? name,
    directives: definition.directives(maker),
    hooks: definition.hooks ?? {},
    lifecycle: definition.lifecycle ?? {},
    provides: definition.provides ?? {},
  };
}
