// A program to run for a request → a process group of its own, fed, listened to and ended.
import { spawn, type ChildProcess } from "node:child_process";
import { isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { ProcessLimit } from "./core.js";
import { fileSystemPath } from "./file-name.js";
import { beginGuard, guardGroup, releaseGroup } from "./program-guard.js";
import { outputPipe } from "./program-pipe.js";

/** What to run. All texts are latin1 strings of bytes, as in requests. */
export interface ProgramSpec {
  /** Absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Iterable<readonly [string, string]>;
  /** By "cpu", "memory" and "processes". */
  readonly limits: Readonly<Record<string, ProcessLimit>>;
  /** What it reads: an open file (still the caller's to close), "nothing", or by default what `stdin` is fed. */
  readonly input?: number | "nothing";
}

/** A program that runs. */
export interface Program {
  readonly process: ChildProcess;
  /** Undefined where it has an input already. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Whether its first process has ended, and its output has been read. */
  readonly hasEnded: boolean;
  /** Ends its whole process group: by SIGTERM, and by SIGKILL three seconds later. */
  end(): void;
}

/** Milliseconds between SIGTERM and SIGKILL. */
const grace = 3000;
const running = new Set<ChildProcess>();
let watchesExit = false;

/**
 * Starts a program in a process group of its own. Where it cannot be executed, its process emits "error". Throws where
 * the file is a text without a first line that names its interpreter: nothing but a shell would run that.
 */
export function startProgram(spec: ProgramSpec): Program {
  refuseBareText(spec.file);
  const shell = shellText(spec);
  const [output, errors] = [outputPipe(), outputPipe()];
  const input = spec.input === "nothing" ? "ignore" : (spec.input ?? "pipe");
  beginGuard();
  let process: ChildProcess;
  try {
    process = spawn(shell === undefined ? text(spec.file) : "/bin/sh", shell ?? spec.args.map(text), {
      cwd: isText(spec.directory) ? text(spec.directory) : "/",
      env: environmentOf(spec.environment),
      detached: true,
      stdio: [input, output?.end ?? "pipe", errors?.end ?? "pipe"],
    });
  } finally {
    for (const pipe of [output, errors]) if (pipe) closeSync(pipe.end);
  }
  watchExit();
  running.add(process);
  const { pid } = process;
  if (pid !== undefined) guardGroup(pid);
  let hasEnded = false;
  process.once("error", () => running.delete(process));
  process.once("exit", () => {
    running.delete(process);
    if (pid !== undefined) releaseGroup(pid);
    hasEnded = true;
  });
  return {
    process,
    stdin: process.stdin ?? undefined,
    stdout: output?.output ?? readable(process.stdout),
    stderr: errors?.output ?? readable(process.stderr),
    get hasEnded() {
      return hasEnded;
    },
    end: () => endGroup(process),
  };
}

function readable(stream: Readable | null): Readable {
  if (!stream) throw new TypeError("a program was started without a pipe for its output");
  return stream;
}

/** Ends all programs that still run, at once; for a worker that stops. */
export function endPrograms(): void {
  for (const each of running) signalGroup(each, "SIGKILL");
  running.clear();
}

function watchExit(): void {
  if (watchesExit) return;
  watchesExit = true;
  process.once("exit", endPrograms);
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  signalGroup(child, "SIGTERM");
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), grace);
  child.once("exit", () => {
    clearTimeout(timer);
    // What its first process leaves behind has no one to wait for it.
    signalGroup(child, "SIGKILL");
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

/** The system's execvp runs a text that names no interpreter by the shell; Apache's execve does not. */
function refuseBareText(file: string): void {
  const start = Buffer.alloc(4);
  let length = 0;
  try {
    const descriptor = openSync(fileSystemPath(file), "r");
    try {
      length = readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A program may be executable and not readable.
    return;
  }
  const isBare = start.subarray(0, length).every((byte) => byte >= 9 && byte < 127) && start[0] !== 35;
  if (isBare || (start[0] === 35 && start[1] !== 33)) throw new Error("Exec format error");
}

/** Names as the system's environment holds them: letters and digits, no digit in front. */
function environmentOf(variables: Iterable<readonly [string, string]>): Record<string, string> {
  const environment: Record<string, string> = {};
  const zone = process.env["TZ"];
  if (zone !== undefined) environment["TZ"] = zone;
  for (const [name, value] of variables) environment[variableName(name)] = text(value);
  return environment;
}

function variableName(name: string): string {
  return name.replace(/^\d/, "_").replace(/[^A-Za-z0-9]/g, "_");
}

/** Node writes strings as UTF-8, so bytes that are no UTF-8 cannot be passed as they are. */
function isText(bytes: string): boolean {
  return /^[\t\n\r -~]*$/.test(bytes) || isUtf8(Buffer.from(bytes, "latin1"));
}

function text(bytes: string): string {
  return /^[\t\n\r -~]*$/.test(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

/** Arguments for a shell that sets what Node cannot (limits, bytes that are no UTF-8) and becomes the program. */
function shellText({ file, args, directory, environment, limits }: ProgramSpec): string[] | undefined {
  const lines = limitLines(limits);
  for (const [name, value] of environment) {
    if (!isText(value)) lines.push(`${assign(variableName(name), value)} export ${variableName(name)}`);
  }
  if (!isText(directory)) lines.push(`${assign("d", directory)} cd "$d" || exit 126`);
  if (lines.length === 0 && [file, ...args].every(isText)) return undefined;
  lines.push("set --");
  for (const each of args) lines.push(`${assign("a", each)} set -- "$@" "$a"`);
  lines.push(assign("f", file), 'exec "$f" "$@"');
  return ["-c", lines.join("\n")];
}

function limitLines(limits: Readonly<Record<string, ProcessLimit>>): string[] {
  const lines: string[] = [];
  const add = (name: string, set: (kind: string, amount: string) => string, unit: number): void => {
    const limit = limits[name];
    if (!limit) return;
    const show = (amount: number | "max") => (amount === "max" ? undefined : String(Math.floor(amount / unit)));
    const soft = show(limit.soft);
    const hard = limit.hard === undefined ? undefined : show(limit.hard);
    if (soft !== undefined) lines.push(set("S", soft));
    if (hard !== undefined) lines.push(set("H", hard));
  };
  add("cpu", (kind, amount) => `ulimit -${kind} -t ${amount}`, 1);
  add("memory", (kind, amount) => `ulimit -${kind} -v ${amount}`, 1024);
  add(
    "processes",
    (kind, amount) => `ulimit -${kind} -u ${amount} 2>/dev/null || ulimit -${kind} -p ${amount} || exit 126`,
    1,
  );
  return lines;
}

/** A shell variable with these bytes; the dot saves newlines at the end from the shell. */
function assign(name: string, bytes: string): string {
  const octal = Array.from(Buffer.from(bytes, "latin1"), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return `${name}=$(printf '${octal}.'); ${name}="\${${name}%.}";`;
}
