// A program → its whole family of processes, found by a mark in their environment, and ended with the test.
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

/** A program that runs, and what it wrote. */
export interface Running {
  readonly child: ChildProcess;
  /** Everything on standard output and error. */
  output(): string;
  /** Resolves with the exit status, or the signal. */
  readonly exit: Promise<number | string | null>;
  /** Process ids of the whole family that are alive. */
  family(): number[];
  /** Kills the whole family. */
  end(): Promise<void>;
}

/** Runs Node with these arguments, the loader of the tests included, and a channel for messages. */
export function runNode(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  return runProgram([process.execPath, "--import", "tsx", ...args], environment);
}

/** Runs a program in a session of its own. */
export function runProgram(
  [program = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Running {
  const mark = `RUNNING_MARK=${randomUUID()}`;
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...environment, RUNNING_MARK: mark.slice("RUNNING_MARK=".length) },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const exit = new Promise<number | string | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  const family = (): number[] => marked(mark, child.pid ?? 0);
  return {
    child,
    output: () => output,
    exit,
    family,
    end: async () => {
      for (const pid of family()) kill(pid);
      await exit;
      await until("the family has ended", () => family().length === 0);
    },
  };
}

/** Waits until the condition holds; fails after 40 seconds with its name. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Processes of a run of tests have ranges of their own; two runs at a time seldom meet. */
const portsEach = 2500;
const firstPort = 10_000 + (Number(process.env["MOCHA_WORKER_ID"] ?? 0) % 9) * portsEach;
let lastPort = firstPort + Math.floor(Math.random() * portsEach);

/**
 * Ports of the loopback address that were free a moment ago, none of them twice. They lie below those the kernel gives
 * to clients: a connection of another test cannot take one before its server is started.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    // Others may ask while this one waits.
    const port = (lastPort = firstPort + ((lastPort + 1 - firstPort) % portsEach));
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Processes that carry the mark, or belong to the session: daemons get an environment of their own. */
function marked(mark: string, session: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        const [state, , , sid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z") return false;
        return Number(sid) === session || readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
      } catch {
        return false;
      }
    });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}
