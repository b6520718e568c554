// -k words → signals to the running supervisor, with Apache's texts.
import { causeText } from "../log/error-cause.js";
import { askSupervisor } from "./control-socket.js";
import type { Action } from "./command-line.js";
import { readPidFile } from "./pid-file.js";
import type { SupervisorStatus } from "./status.js";

/** Where texts go. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Milliseconds that a reload, and a stop, may take before the command no longer waits for its end. */
const reloadLimit = 120_000;
const stopLimit = 15_000;
/** The same for a daemon group, whose processes each may take a minute to load. */
const groupLimit = 600_000;

const signals = { stop: "SIGTERM", restart: "SIGHUP", graceful: "SIGUSR1", "graceful-stop": "SIGWINCH" } as const;

/** Carries a word out and gives the exit status, or says that the server is to be started. */
export async function control(
  action: Exclude<Action, "restart-group">,
  pidFile: string,
  { out, err }: Output,
): Promise<number | "start"> {
  const found = readPidFile(pidFile);
  if (found.state === "corrupt") {
    err(`(20014)Internal error (specific information not available): AH00058: Error retrieving pid file ${pidFile}`);
    err("AH00059: Remove it before continuing if it is corrupted.");
    return 1;
  }
  const pid = found.state === "running" ? found.pid : undefined;
  if (action === "status") return showStatus(pidFile, pid, out);
  if (action === "start") {
    if (pid === undefined) return "start";
    out(`httpd (pid ${pid}) already running`);
    return 0;
  }
  if (pid === undefined) {
    if (action === "restart" || action === "graceful") {
      out("httpd not running, trying to start");
      return "start";
    }
    out(found.state === "stale" ? `httpd (pid ${found.pid}?) not running` : "httpd (no pid file) not running");
    return 0;
  }
  if (action === "graceful" || action === "restart") {
    const refusal = await reload(pidFile, action);
    for (const line of refusal === "not heard" ? [] : refusal) err(line);
    if (refusal !== "not heard") return refusal.length > 0 ? 1 : 0;
  }
  // A supervisor in a terminal takes SIGWINCH for a change of the window.
  if (action === "graceful-stop" && (await askedToFinish(pidFile))) return 0;
  try {
    process.kill(pid, signals[action]);
    if (action === "stop" && !(await hasEnded(pidFile, pid))) out(`httpd (pid ${pid}) is still being stopped`);
    return 0;
  } catch (error) {
    err(`${causeText(error)}: AH00057: sending signal to server`);
    return 1;
  }
}

/** Replaces the processes of a daemon group one by one, and gives the exit status: 1 when the new code does not load. */
export async function restartGroup(pidFile: string, group: string, { out, err }: Output): Promise<number> {
  const found = readPidFile(pidFile);
  if (found.state !== "running") {
    err("modhost is not running");
    return 1;
  }
  try {
    const answer = await askSupervisor(pidFile, `restart-group ${group}`, groupLimit);
    const { errors = [] } = answer as { readonly errors?: readonly string[] };
    for (const line of errors) err(line);
    if (errors.length > 0) return 1;
    out(`daemon group "${group}": all processes are replaced`);
    return 0;
  } catch (error) {
    err(`modhost: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** What stood against the new configuration, [] when it is in force; "not heard" when only a signal can tell of the wish. */
async function reload(pidFile: string, action: "graceful" | "restart"): Promise<readonly string[] | "not heard"> {
  try {
    const answer = (await askSupervisor(pidFile, action, reloadLimit)) as { readonly errors?: readonly string[] };
    return answer.errors ?? [];
  } catch (error) {
    // The connection failed: the supervisor is still starting, or it could not make the socket.
    if (error instanceof Error && "code" in error) return "not heard";
    return [`modhost: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Waits for the end of the server: its pid file goes when the last process of it has, and then it goes itself. */
async function hasEnded(pidFile: string, pid: number): Promise<boolean> {
  const isThere = (): boolean => {
    const found = readPidFile(pidFile);
    return found.state === "running" && found.pid === pid;
  };
  for (let waited = 0; waited < stopLimit && isThere(); waited += 20) await pause(20);
  return !isThere();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function askedToFinish(pidFile: string): Promise<boolean> {
  try {
    await askSupervisor(pidFile, "graceful-stop");
    return true;
  } catch {
    return false;
  }
}

/** 3 when nothing runs, as service managers have it. */
async function showStatus(pidFile: string, pid: number | undefined, out: Output["out"]): Promise<number> {
  if (pid === undefined) {
    out("modhost is not running");
    return 3;
  }
  try {
    for (const line of statusLines((await askSupervisor(pidFile, "status")) as SupervisorStatus)) out(line);
    return 0;
  } catch (error) {
    out(`modhost (pid ${pid}) does not tell its status: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** The status as a person reads it. */
export function statusLines(status: SupervisorStatus, now = Date.now()): string[] {
  const ago = (since: number): string => duration(now - since);
  const total = status.workers.reduce((sum, { requests }) => sum + requests, 0);
  return [
    `${status.version} (pid ${status.pid}): ${status.state}, up ${ago(status.startedAt)}, ` +
      `configuration ${status.generation} for ${ago(status.configuredAt)}, ${total} requests`,
    "",
    "Workers:",
    ...status.workers.map(
      ({ pid, generation, state, startedAt, connections, active, upgraded, requests }) =>
        `  pid ${pid}  configuration ${generation}  ${state}  up ${ago(startedAt)}  ` +
        `${connections} connections, ${active} active, ${upgraded} WebSockets, ${requests} requests`,
    ),
    ...(status.pools.length === 0 ? [] : ["", "Daemons:"]),
    ...status.pools.map(
      ({ processGroup, applicationGroup, kind, state, reason, generation }) =>
        `  ${processGroup} "${applicationGroup}" (${kind})  configuration ${generation}  ${state}${reason ? `: ${reason}` : ""}`,
    ),
    ...(status.lastFailure
      ? ["", `The last reload, ${ago(status.lastFailure.at)} ago, failed:`, ...status.lastFailure.errors]
      : []),
  ];
}

function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (days) return `${days} d ${(hours ?? 0) % 24} h`;
  if (hours) return `${hours} h ${(minutes ?? 0) % 60} min`;
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
