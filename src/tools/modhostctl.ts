// Arguments of modhostctl → a run of modhost on the server root, and its exit status.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Terminal } from "./a2.js";
import { terminal } from "./a2.js";
import { completionFor } from "./completion.js";
import { findServerRoot, NoServerRootError } from "./server-root.js";

const usage = `Usage: modhostctl [-d FOLDER] COMMAND
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
  const { root: given, rest } = takeRoot(args);
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
  let root: string;
  try {
    root = findServerRoot(given).path;
  } catch (error) {
    if (!(error instanceof NoServerRootError)) throw error;
    io.err(`modhostctl: ${error.message}`);
    return 1;
  }
  const status = runCommand(command, more, { root, run });
  if (status !== 0 && command !== "status" && command !== "fullstatus") {
    io.out(`Action '${rest.join(" ")}' failed.`);
    io.out("The error log may have more information.");
  }
  return status;
}

function runCommand(
  command: string,
  more: readonly string[],
  { root, run }: { root: string; run: RunModhost },
): number {
  switch (command) {
    case "start":
    case "stop":
    case "restart":
    case "graceful":
    case "graceful-stop":
    case "status":
    case "restart-group":
      return run(["-d", root, "-k", command, ...more]);
    case "fullstatus": {
      const status = run(["-d", root, "-k", "status", ...more]);
      return status === 0 ? run(["-d", root, "-S"]) || run(["-d", root, "-M"]) : status;
    }
    case "explain":
      return run(["explain", "-d", root, ...more]);
    case "configtest":
      return run(["-d", root, "-t", ...more]);
    default:
      return run(["-d", root, command, ...more]);
  }
}

function takeRoot(args: readonly string[]): { root: string | undefined; rest: string[] } {
  const rest = [...args];
  const at = rest.findIndex((arg) => arg.startsWith("-d"));
  if (at < 0) return { root: undefined, rest };
  const [flag = ""] = rest.splice(at, 1);
  return { root: flag.length > 2 ? flag.slice(2) : rest.splice(at, 1)[0], rest };
}
