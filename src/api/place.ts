// The place of a directive: its origin, with what a directive may ask there.
import type { ExpressionCompiler } from "./expression.js";
import type { Origin } from "./origin.js";

/** Where a directive may stand, by the names of Apache's manual. */
export type Context = "server config" | "virtual host" | "directory" | ".htaccess";

/** The AllowOverride class that lets a directive stand in .htaccess files. */
export type Override = "AuthConfig" | "FileInfo" | "Indexes" | "Limit" | "Options" | "All";

/** What the files named by AccessFileName may hold where they stand: AllowOverride and AllowOverrideList. */
export interface OverrideRights {
  readonly classes: ReadonlySet<Exclude<Override, "All">>;
  /** Options that an Options line may name. */
  readonly options: ReadonlySet<string>;
  /** Single directives, in lower case. */
  readonly directives: ReadonlySet<string>;
  /** Whether directives that are not allowed, and unknown ones, are passed over instead of refused. */
  readonly ignoresForbidden: boolean;
  readonly ignoresUnknown: boolean;
}

/** A section around a directive: `name` as the manual writes it, "Directory", and its first argument as written. */
export interface EnclosingSection {
  readonly name: string;
  readonly argument: string;
}

/** A set of methods: those named, or all but those. HEAD is not told from GET. */
export interface Methods {
  readonly methods: readonly string[];
  readonly except: boolean;
}

/** Whether a request is among the methods; undefined stands for all. */
export function coversMethod(methods: Methods | undefined, { method }: { readonly method: string }): boolean {
  return methods === undefined || methods.methods.includes(method) !== methods.except;
}

/**
 * Gives what was read under a name when the configuration was loaded: workers get what the supervisor has read, so that one
 * that comes later serves as the others do, whatever has become of a file since. `read` gives it where nothing is known yet,
 * and may throw.
 */
export type ReadOnce = (name: string, read: () => readonly string[]) => readonly string[];

/** The place of one directive while the configuration is applied. */
export interface Place extends ExpressionCompiler {
  readonly origin: Origin;
  /** Name of the directive standing here, as registered. */
  readonly directive: string;
  /** What stands behind its name, as written: quotes and escapes are still there. */
  readonly text: string;
  readonly context: Context;
  /** Sections around the directive, outermost first. */
  readonly sections: readonly EnclosingSection[];
  /** What the `<Limit>` and `<LimitExcept>` around it leave of the methods; for access rules, as in Apache. */
  readonly methods?: Methods | undefined;
  /** In an .htaccess file: its directory with a slash at the end, as a latin1 string of bytes, and what it may hold. */
  readonly directory?: string | undefined;
  readonly rights?: OverrideRights | undefined;
  /** An absolute path; a relative one is taken from ServerRoot. */
  resolve(path: string): string;
  readonly readOnce: ReadOnce;
  /** Whether `-D name` or `Define name` is in force. */
  defined(name: string): boolean;
  /** The contexts of a directive or section ("<Files>") of the loaded modules; undefined where none has it. */
  contextsOf(directive: string): readonly Context[] | undefined;
  /** Throws a ConfigError at this place; `who` is added in front: "Alias: URL-path: ...". */
  fail(reason: string, advice?: string): never;
  /** Notes a fault that does not stop the server. */
  warn(reason: string, code?: string): void;
}
