// The envvars file of a server root → arguments that stand before those of every command line, as apachectl has it.
import type { ReadEnvironment } from "../config/envvars.js";
import { readCommandLine, type Command } from "./command-line.js";

/** A command line with what APACHE_ARGUMENTS puts before it; both are words without quotes. */
export function withStandingArguments(
  { environment }: ReadEnvironment,
  args: readonly string[],
): Command | { readonly wrong: string } {
  const standing = (environment["APACHE_ARGUMENTS"] ?? "").split(/\s+/).filter((word) => word !== "");
  const command = readCommandLine([...standing, ...args]);
  if (!("wrong" in command) || standing.length === 0) return command;
  return { wrong: `${command.wrong}\nAPACHE_ARGUMENTS of envvars: ${standing.join(" ")}`.trim() };
}
