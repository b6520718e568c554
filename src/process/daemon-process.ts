// A command → one daemon process: its start, its control channel, what it prints, its end.
import { spawn, type ChildProcess } from "node:child_process";
import { setPriority } from "node:os";
import type { Duplex, Readable } from "node:stream";
import { longestTimer, type LogEntry, type ServerReport } from "../api/index.js";
import type { DaemonStart, DaemonToSupervisor, SupervisorToDaemon } from "./channel.js";
import { openControlLines, type ControlLines } from "./control-lines.js";
import type { DaemonCommand } from "./daemon-launch.js";
import { readLines } from "./output-lines.js";

/** How a process ended. */
export interface DaemonEnd {
  /** For the log and for the state of the pool: "was killed by SIGSEGV". */
  readonly reason: string;
  /** Set when it said itself that a script did not load. */
  readonly traceback: string | undefined;
  readonly script?: string | undefined;
  /** What did not load is what no process of the group can do without. */
  readonly required: boolean;
  readonly wasReady: boolean;
  /** A signal ended it that nobody here has sent. */
  readonly wasKilled: boolean;
  /** It had been told to end, or had announced it. */
  readonly wasPlanned: boolean;
  /** Milliseconds since its start. */
  readonly livedFor: number;
}

/** What a process tells of a script that is not the one it has loaded. */
export type StaleReport = Extract<DaemonToSupervisor, { readonly type: "stale" }>;

/** What a process tells its pool; `gone` comes last and once. */
export interface DaemonEvents {
  ready(process: DaemonProcess): void;
  stale(process: DaemonProcess, stale: StaleReport): void;
  leaving(process: DaemonProcess, reason: string): void;
  /** A request had a script loaded. */
  loaded(script: string): void;
  /** Nothing was heard of it for deadlock-timeout. */
  silent(process: DaemonProcess): void;
  gone(process: DaemonProcess, end: DaemonEnd): void;
}

/** What a process is started with. */
export interface DaemonProcessOptions {
  readonly command: DaemonCommand;
  /** The listening socket, which becomes its descriptor 3. */
  readonly socket: number;
  readonly start: DaemonStart;
  /** Milliseconds until it must be ready; 0 without limit. */
  readonly startupTimeout: number;
  /** Milliseconds after which a process that serves and does not answer counts as dead; 0 without limit. */
  readonly deadlockTimeout: number;
  /** As of nice(1), 0 as the supervisor. */
  readonly priority: number;
  /** Says what all workers do; undefined where applications may not know. */
  readonly report: (() => Promise<ServerReport>) | undefined;
  readonly log: (entry: LogEntry) => void;
  readonly events: DaemonEvents;
}

/** What has a Python daemon write the stacks of its threads: a real-time signal, which no application uses. */
const stacksSignal = 60;
const longestLogged = 8192;
/** Milliseconds between signs of life that are asked for, at most. */
const longestBetweenPings = 10_000;

/** One process of a pool, from its start to its end. */
export class DaemonProcess {
  readonly pid: number | undefined;
  isReady = false;
  /** Told to end: takes nothing new. */
  isEnding = false;
  /** Something in it never ends: nothing new is to go to it. */
  isGivenUp = false;
  readonly #options: DaemonProcessOptions;
  readonly #child: ChildProcess;
  readonly #control: ControlLines<SupervisorToDaemon>;
  /** A thread of its own reads it in Node, where a signal waits for the application. */
  readonly #watch: Duplex | undefined;
  readonly #startedAt = Date.now();
  readonly #timers: NodeJS.Timeout[] = [];
  #failure: Pick<DaemonEnd, "reason" | "traceback" | "required" | "script"> | undefined;
  #hasLeft = false;
  #isGone = false;
  /** The line that tells best why it ended: the last that speaks of an error, else the last. */
  #telling = "";
  #lastOutput = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  /** performance.now() of the first sign of life asked for since the last one given; undefined when none is owing. */
  #askedSince: number | undefined;
  /** Requests to be interrupted, by id, and what is to be done with those that go on. */
  readonly #interrupted = new Map<string, NodeJS.Timeout>();

  constructor(options: DaemonProcessOptions) {
    this.#options = options;
    this.#child = start(options);
    this.pid = this.#child.pid;
    const [, stdout, stderr, , control] = this.#child.stdio;
    for (const output of [stdout, stderr]) readLines(output as Readable, (line) => this.#printed(line));
    this.#control = openControlLines<DaemonToSupervisor, SupervisorToDaemon>(control as Duplex, {
      message: (message) => this.#heard(message),
      closed: () => undefined,
    });
    this.#watch = (this.#child.stdio as unknown[])[5] as Duplex | undefined;
    this.#watch?.on("error", () => undefined);
    // One that ends at once does not read.
    if (options.command.input !== undefined) {
      this.#child.stdin?.on("error", () => undefined).end(options.command.input);
    }
    this.#control.send(options.start);
    if (options.priority !== 0) this.#setPriority(options.priority);
    this.#child.once("error", (error) => this.#gone(`could not be started: ${error.message}`));
    this.#child.once("exit", (code, signal) => this.#exited(code, signal));
    const { startupTimeout } = options;
    if (startupTimeout > 0) this.after(startupTimeout, () => this.#isReady(startupTimeout));
  }

  /** Goes on with what it has loaded of that script. */
  keep(script: string, mtime: number): void {
    this.#control.send({ type: "keep", script, mtime });
  }

  /** Has RequestTimeout raised in a request; calls `failed` when that has not ended it in so many milliseconds. */
  interrupt(thread: number, requestId: string, milliseconds: number, failed: () => void): void {
    this.#control.send({ type: "interrupt", thread, requestId });
    const timer = this.after(milliseconds, () => {
      if (this.#interrupted.delete(requestId)) failed();
    });
    this.#interrupted.set(requestId, timer);
  }

  /** The request of that thread never ends: when the process is to end, that does not wait for it. */
  giveUp(thread: number): void {
    this.isGivenUp = true;
    this.#control.send({ type: "stuck", thread });
  }

  /** Kills it unless it gives a sign of life within that time: then nothing in it goes on any more. */
  killUnlessAlive(milliseconds: number): void {
    this.#askedSince ??= performance.now();
    this.#control.send({ type: "ping" });
    this.after(milliseconds, () => {
      if (this.#askedSince !== undefined) this.#child.kill("SIGKILL");
    });
  }

  /** Runs something later, if the process is still there. */
  after(milliseconds: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(run, Math.min(milliseconds, longestTimer));
    this.#timers.push(timer);
    return timer;
  }

  /**
   * Takes nothing new, and ends when what runs is done. After `milliseconds` it is told to stop by SIGTERM, and after
   * `killAfter` more it is killed; 0 for the latter: never.
   */
  end(milliseconds: number, killAfter: number, reason = "shutdown_signal"): void {
    this.isEnding = true;
    clearInterval(this.#heartbeat);
    this.#control.send({ type: "drain", milliseconds, reason });
    this.after(milliseconds, () => this.#child.kill("SIGTERM"));
    if (killAfter > 0) this.after(milliseconds + killAfter, () => this.#child.kill("SIGKILL"));
  }

  /** Lets the process write the stacks of its threads to its standard error; done when it has fallen silent, or after a second. */
  async dumpStacks(): Promise<void> {
    if (this.#isGone) return;
    const asked = Date.now();
    if (this.#watch) this.#watch.write("?");
    else this.#signalStacks();
    await new Promise<void>((done) => {
      const check = setInterval(() => {
        const now = Date.now();
        const isSilent = this.#lastOutput >= asked && now - this.#lastOutput > 100;
        if (!isSilent && !this.#isGone && now - asked < 1000) return;
        clearInterval(check);
        done();
      }, 20);
    });
  }

  /** ChildProcess.kill knows no real-time signals. */
  #signalStacks(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(pid, stacksSignal);
      // One that was stopped would write nothing; one that starts would go on, and take requests before it is killed.
      if (this.isReady) process.kill(pid, "SIGCONT");
    } catch {
      // It has ended just now.
    }
  }

  log(level: LogEntry["level"], message: string): void {
    const { pid } = this;
    this.#options.log({ level, module: "wsgi", message, ...(pid === undefined ? {} : { pid }) });
  }

  /** Asks for a sign of life again and again. */
  #listen(limit: number): void {
    const period = Math.min(longestBetweenPings, Math.max(20, limit / 4));
    let last = performance.now();
    this.#heartbeat = setInterval(() => {
      const now = performance.now();
      const wasLate = now - last > 2 * period;
      last = now;
      // Where the supervisor itself had no time, an answer may wait to be read.
      if (wasLate && this.#askedSince !== undefined) this.#askedSince = now;
      if (this.#askedSince === undefined) {
        this.#askedSince = now;
        this.#control.send({ type: "ping" });
      } else if (now - this.#askedSince >= limit) {
        clearInterval(this.#heartbeat);
        this.#options.events.silent(this);
      }
    }, period);
  }

  #setPriority(priority: number): void {
    try {
      if (this.pid !== undefined) setPriority(this.pid, priority);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.log("warn", `cpu-priority ${priority} cannot be set: ${why}`);
    }
  }

  #isReady(limit: number): void {
    if (this.isReady || this.isEnding) return;
    this.#failure = {
      reason: `was not ready within ${limit / 1000} s (startup-timeout)`,
      traceback: undefined,
      required: true,
    };
    void this.dumpStacks().then(() => this.#child.kill("SIGKILL"));
  }

  #heard(message: DaemonToSupervisor): void {
    const { events } = this.#options;
    switch (message.type) {
      case "ready":
        if (this.isReady || this.#failure) return;
        this.isReady = true;
        if (this.#options.deadlockTimeout > 0 && !this.isEnding) this.#listen(this.#options.deadlockTimeout);
        return events.ready(this);
      case "failed":
        this.#failure = {
          reason: message.reason,
          traceback: message.traceback,
          script: message.script,
          required: message.required ?? message.traceback === undefined,
        };
        // It exits by itself; one that does not is made to.
        this.after(1000, () => this.#child.kill("SIGKILL"));
        return;
      case "stale":
        return events.stale(this, message);
      case "leaving":
        this.#hasLeft = true;
        return events.leaving(this, message.reason);
      case "loaded":
        return events.loaded(message.script);
      case "pong":
        this.#askedSince = undefined;
        return;
      case "metrics":
        void this.#report();
        return;
      case "freed":
        clearTimeout(this.#interrupted.get(message.requestId));
        this.#interrupted.delete(message.requestId);
        return;
      case "log":
        return this.log(message.level, message.message.slice(0, longestLogged));
    }
  }

  async #report(): Promise<void> {
    let report: ServerReport | null = null;
    try {
      report = (await this.#options.report?.()) ?? null;
    } catch (error) {
      this.log("warn", `server_metrics: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!this.#isGone) this.#control.send({ type: "metrics", report });
  }

  #printed(line: string): void {
    this.#lastOutput = Date.now();
    if (!this.#telling || !isTelling(this.#telling)) this.#telling = line;
    else if (isTelling(line)) this.#telling = line;
    this.log("error", line);
  }

  /** Waits for what it said last, but not for children of its own that hold its output open. */
  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
    const gone = (): void => {
      const last = !this.isReady && this.#telling !== "" ? `: ${this.#telling}` : "";
      this.#gone(this.#failure?.reason ?? how + last);
    };
    this.#child.once("close", gone);
    // On a busy machine that time is over before anything was read.
    this.after(100, () => setImmediate(gone));
  }

  #gone(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#timers.forEach(clearTimeout);
    clearInterval(this.#heartbeat);
    this.#control.close();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#watch?.destroy();
    this.#options.events.gone(this, {
      reason,
      traceback: this.#failure?.traceback,
      script: this.#failure?.script,
      required: this.#failure?.required ?? true,
      wasReady: this.isReady,
      wasKilled: this.#child.signalCode !== null && !this.#failure && !this.isEnding,
      wasPlanned: this.isEnding || this.#hasLeft,
      livedFor: Date.now() - this.#startedAt,
    });
  }
}

function isTelling(line: string): boolean {
  return /error\b/i.test(line) && !/^\s+at /.test(line);
}

function start({ command, socket }: DaemonProcessOptions): ChildProcess {
  const { program, args, environment, folder, stacksBy, uid, gid, input } = command;
  return spawn(program, args, {
    stdio: [
      input === undefined ? "ignore" : "pipe",
      "pipe",
      "pipe",
      socket,
      "pipe",
      ...(stacksBy === "pipe" ? ["pipe" as const] : []),
    ],
    env: { ...environment },
    cwd: folder,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}
