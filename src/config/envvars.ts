// The envvars file of a server root → the environment a configuration is read with.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../api/index.js";

/** An environment, and what went wrong in making it. */
export interface ReadEnvironment {
  readonly environment: Record<string, string>;
  readonly warnings: readonly ConfigError[];
}

/** Milliseconds a file may take; it is a script and may do anything. */
const patience = 10_000;
const maximumOutput = 1024 * 1024;

/**
 * Sources `envvars` in the server root (or the file APACHE_ENVVARS names) with `sh`, in the given environment with
 * APACHE_CONFDIR set, and gives the environment as it is afterwards, with what apachectl takes from it, exported or not. As with apache2ctl a plain assignment in the file
 * wins over the environment, and `: ${NAME:=value}` leaves the environment the last word. Without a file, or where it
 * fails, the environment comes back as it was.
 */
export function readEnvvars(serverRoot: string, given: Readonly<Record<string, string | undefined>>): ReadEnvironment {
  const environment = Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const file = environment["APACHE_ENVVARS"] || join(serverRoot, "envvars");
  if (!existsSync(file)) return { environment, warnings: [] };
  const { status, signal, error, stdout, stderr } = spawnSync(
    "sh",
    // What the file prints must not be taken for a variable. The full path keeps "." from searching PATH.
    ["-c", '. "$1" >/dev/null && export APACHE_ARGUMENTS APACHE_ULIMIT_MAX_FILES && exec env -0', "sh", file],
    {
      env: { ...environment, APACHE_CONFDIR: environment["APACHE_CONFDIR"] ?? serverRoot },
      timeout: patience,
      killSignal: "SIGKILL",
      maxBuffer: maximumOutput,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const said = stderr?.toString().trim().slice(0, 1000) ?? "";
  const warn = (reason: string) => new ConfigError(reason, { file, line: 1, column: 1 });
  if (error || status !== 0) {
    const why = error?.message ?? (signal ? `ended by ${signal}` : `exit status ${status}`);
    return { environment, warnings: [warn(`the file could not be sourced: ${why}${said ? `: ${said}` : ""}`)] };
  }
  return { environment: parseEnvironment(stdout.toString()), warnings: said ? [warn(`sh said: ${said}`)] : [] };
}

/** Variables that are the shell's own. */
const shellOnly: ReadonlySet<string> = new Set(["_", "SHLVL", "PWD", "OLDPWD"]);

function parseEnvironment(output: string): Record<string, string> {
  const entries: [string, string][] = [];
  for (const entry of output.split("\0")) {
    const equals = entry.indexOf("=");
    if (equals > 0 && !shellOnly.has(entry.slice(0, equals))) {
      entries.push([entry.slice(0, equals), entry.slice(equals + 1)]);
    }
  }
  return Object.fromEntries(entries);
}
