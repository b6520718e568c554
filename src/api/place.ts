// The place of a directive: its origin, with what a directive may ask there.
import type { Origin } from "./origin.js";

/** Where a directive may stand, by the names of Apache's manual. */
export type Context = "server config" | "virtual host" | "directory" | ".htaccess";

/** The AllowOverride class that lets a directive stand in .htaccess files. */
export type Override = "AuthConfig" | "FileInfo" | "Indexes" | "Limit" | "Options" | "All";

/** A section around a directive: `name` as the manual writes it, "Directory", and its first argument as written. */
export interface EnclosingSection {
  readonly name: string;
  readonly argument: string;
}

/** The place of one directive while the configuration is applied. */
export interface Place {
  readonly origin: Origin;
  /** Name of the directive standing here, as registered. */
  readonly directive: string;
  readonly context: Context;
  /** Sections around the directive, outermost first. */
  readonly sections: readonly EnclosingSection[];
  /** An absolute path; a relative one is taken from ServerRoot. */
  resolve(path: string): string;
  /** Whether `-D name` or `Define name` is in force. */
  defined(name: string): boolean;
  /** Throws a ConfigError at this place; `who` is added in front: "Alias: URL-path: ...". */
  fail(reason: string, advice?: string): never;
  /** Notes a fault that does not stop the server. */
  warn(reason: string, code?: string): void;
}
