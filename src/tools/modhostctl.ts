// Arguments of modhostctl → a run of modhost on the server root, and its exit status.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { completionFor } from "./completion.js";
import { findServerRoot, NoServerRootError } from "./server-root.js";
import { terminal, type Terminal } from "./terminal.js";

const usage = `Usage: modhostctl [-d FOLDER] [-f FILE] COMMAND
  start           start the server; returns when it serves, or says why not
  stop            stop now
  restart         restart now, with the configuration as it is
  graceful        take over the configuration without losing a request
  graceful-stop   finish what runs, then stop
  configtest      check the configuration
  status          what runs: workers, daemon groups, requests
  fullstatus      the same, and what it is configured for: hosts, modules
  help DIRECTIVE  what a directive does
  completion bash|zsh
                  a script that completes these commands: eval "$(modhostctl completion bash)"
  restart-group NAME   replace the processes of a daemon group one by one, without losing a request
  explain URL     what happens to a request, and by which lines; "explain" alone shows its options
Anything else is handed to modhost: modhostctl -S, modhostctl -t -D DUMP_MODULES
`;

/** Runs modhost; replaced in tests. */
export type RunModhost = (args: readonly string[]) => number;

const modhost: RunModhost = (args) =>
  spawnSync(process.execPath, [fileURLToPath(new URL("../../bin/modhost", import.meta.url)), ...args], {
    stdio: "inherit",
  }).status ?? 1;

/** Runs a command and gives its exit status. */
export async function modhostctl(
  args: readonly string[],
  io: Terminal = terminal,
  run: RunModhost = modhost,
): Promise<number> {
  const { root: given, file, rest } = takeOptions(args);
  const [command, ...more] = rest;
  if (command === "help" && more[0] !== undefined) {
    // The one command that needs all modules in this process.
    const { help } = await import("./help.js");
    return help(more[0], io);
  }
  if (command === undefined || ["usage", "help", "--help", "-h"].includes(command)) {
    io.err(usage.trimEnd());
    return 1;
  }
  if (/^(startssl|sslstart|start-SSL)$/.test(command)) {
    io.err(
      `${command} is no longer supported, as in Apache: a2enmod ssl, a site with SSLEngine On, then modhostctl start`,
    );
    return 2;
  }
  if (command === "completion") {
    const script = completionFor(more[0] ?? "");
    if (script === undefined) io.err("Usage: modhostctl completion bash|zsh");
    else io.out(script.trimEnd());
    return script === undefined ? 1 : 0;
  }
  let where: string[];
  try {
    // With a main file of its own, the root is found as modhost does.
    where =
      file === undefined
        ? ["-d", findServerRoot(given).path]
        : [...(given === undefined ? [] : ["-d", given]), "-f", file];
  } catch (error) {
    if (!(error instanceof NoServerRootError)) throw error;
    io.err(`modhostctl: ${error.message}`);
    return 1;
  }
  const status = runCommand(command, more, { where, run });
  if (status !== 0 && command !== "status" && command !== "fullstatus") {
    io.out(`Action '${rest.join(" ")}' failed.`);
    io.out("The error log may have more information.");
  }
  return status;
}

function runCommand(
  command: string,
  more: readonly string[],
  { where, run }: { where: readonly string[]; run: RunModhost },
): number {
  switch (command) {
    case "start":
    case "stop":
    case "restart":
    case "graceful":
    case "graceful-stop":
    case "status":
    case "restart-group":
      return run([...where, "-k", command, ...more]);
    case "fullstatus": {
      const status = run([...where, "-k", "status", ...more]);
      return status === 0 ? run([...where, "-S"]) || run([...where, "-M"]) : status;
    }
    case "explain":
      return run(["explain", ...where, ...more]);
    case "configtest":
      return run([...where, "-t", ...more]);
    default:
      return run([...where, command, ...more]);
  }
}

/** Takes -d and -f out of the arguments, wherever they stand. */
function takeOptions(args: readonly string[]): { root: string | undefined; file: string | undefined; rest: string[] } {
  const rest = [...args];
  const take = (name: string): string | undefined => {
    const at = rest.findIndex((arg) => arg.startsWith(name));
    const [flag] = at < 0 ? [] : rest.splice(at, 1);
    if (flag === undefined) return undefined;
    return flag.length > 2 ? flag.slice(2) : rest.splice(at, 1)[0];
  };
  return { root: take("-d"), file: take("-f"), rest };
}
