// A peer's configuration → a running server whose whole process tree can be measured.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { dirname, join } from "node:path";

/** How to start one server: files to write, then a command that stays in the foreground. */
export interface ServerPlan {
  readonly files: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Files that must exist on the machine; what to install otherwise. */
  readonly needs: readonly { readonly path: string; readonly install: string }[];
}

/** A server that takes requests. */
export interface RunningServer {
  /** Processor time used by all its processes so far, in seconds. */
  cpuSeconds(): number;
  /** Resident memory of all its processes, in MiB. */
  memory(): number;
  stop(): Promise<void>;
}

/** What is missing for a plan, or undefined. */
export function missingFor(plan: ServerPlan): string | undefined {
  return plan.needs.find(({ path }) => !existsSync(path))?.install;
}

/** Writes the plan's files below `folder` and starts it; resolves when `port` accepts. */
export async function startServer(plan: ServerPlan, folder: string, port: number): Promise<RunningServer> {
  for (const [name, text] of Object.entries(plan.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const [program = "", ...args] = plan.command;
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...plan.environment },
  });
  await accepting(port, child);
  const session = child.pid ?? 0;
  return {
    cpuSeconds: () => sumOver(session, ({ utime, stime }) => utime + stime) / 100,
    memory: () => (sumOver(session, ({ pages }) => pages) * 4096) / 1048576,
    stop: () => stop(child),
  };
}

async function accepting(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode} before it accepted`);
    const connected = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ port, host: "127.0.0.1" });
      socket.once("connect", () => (socket.destroy(), resolve(true)));
      socket.once("error", () => resolve(false));
    });
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing accepts on port ${port}`);
}

interface ProcessStat {
  readonly session: number;
  readonly utime: number;
  readonly stime: number;
  readonly pages: number;
}

/** Every process of a session: a server started detached is the leader of its own. */
function sumOver(session: number, part: (stat: ProcessStat) => number): number {
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
      continue;
    }
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const stat = { session: fields[3] ?? 0, utime: fields[11] ?? 0, stime: fields[12] ?? 0, pages: fields[21] ?? 0 };
    if (stat.session === session) sum += part(stat);
  }
  return sum;
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-(child.pid ?? 0), "SIGTERM");
  const late = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), 5000);
  if (child.exitCode === null && child.signalCode === null) await ended;
  clearTimeout(late);
}
