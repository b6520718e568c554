// The entry program of a Node daemon: listening socket on descriptor 3, supervisor on descriptor 4, requests to answers.
import { createServer, Socket, type Server } from "node:net";
import { Worker } from "node:worker_threads";
import { kindOf } from "./application-kind.js";
import type { DaemonStart, DaemonToSupervisor, SupervisorToDaemon } from "./channel.js";
import { openControlLines, type ControlLines } from "./control-lines.js";
import { describeError } from "./node/call.js";
import { DaemonConnection, type ConnectionHost } from "./node/daemon-connection.js";
import { DaemonScripts } from "./node/daemon-scripts.js";
import { mtimeOf } from "./node/scripts.js";

const listener = 3;
const control = 4;

/** Milliseconds a worker may keep a connection although another one waits. */
const quantum = 15;
/** Milliseconds after which a connection that got no thread is sent elsewhere: another process may have one free. */
const patience = 100;
/** Milliseconds within which workers close connections that were given up. */
const lingering = 1000;
/** Milliseconds before the end of a drain at which connections that have changed protocols are ended. */
const farewell = 2000;

class NodeDaemon implements ConnectionHost {
  readonly scripts = new DaemonScripts((script, mtime) => this.#tell({ type: "stale", script, mtime }));
  readonly #supervisor: ControlLines<DaemonToSupervisor>;
  readonly #server: Server;
  readonly #open = new Set<DaemonConnection>();
  /** Connections that have a thread, by its number minus one. */
  readonly #threads: (DaemonConnection | undefined)[] = [];
  /** Connections that wait for a thread, the longest first. */
  readonly #waiting = new Set<DaemonConnection>();
  #start: DaemonStart | undefined;
  /** Connections with a request that will not end: a drain does not wait for them. */
  readonly #stuck = new WeakSet<DaemonConnection>();
  #activeAt = 0;
  #requests = 0;
  #hasLeft = false;
  #isDraining = false;
  #handover: NodeJS.Timeout | undefined;

  constructor() {
    // The supervisor is gone: nothing may survive it.
    this.#supervisor = openControlLines<SupervisorToDaemon, DaemonToSupervisor>(new Socket({ fd: control }), {
      message: (message) => this.#heard(message),
      closed: () => process.exit(0),
    });
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accepted(socket));
    this.#server.on("error", (error) => this.#fail(`cannot accept connections: ${error.message}`));
    process.on("unhandledRejection", (reason) => this.#uncaught("an unhandled rejection", reason));
    process.on("uncaughtException", (error) => this.#uncaught("an uncaught exception", error));
  }

  answered(): void {
    const most = this.#start?.spec.maximumRequests ?? 0;
    this.#activeAt = performance.now();
    if (++this.#requests === most) this.#leaving("maximum_requests");
  }

  givesUp(connection: DaemonConnection): boolean {
    return this.#isDraining || (this.#waiting.size > 0 && performance.now() - connection.since >= quantum);
  }

  switched(connection: DaemonConnection): void {
    this.#threads[connection.thread - 1] = undefined;
    if (!this.#isDraining) this.#handOut();
  }

  left(connection: DaemonConnection): void {
    this.#waiting.delete(connection);
    const at = this.#threads.indexOf(connection);
    if (at >= 0) this.#threads[at] = undefined;
    if (this.#isDraining) this.#endWhenIdle();
    else this.#handOut();
  }

  closed(connection: DaemonConnection): void {
    this.#open.delete(connection);
    if (this.#isDraining) this.#endWhenIdle();
  }

  log(level: "error" | "warn" | "info" | "debug", message: string): void {
    for (const line of message.split("\n")) this.#tell({ type: "log", level, message: line });
  }

  #tell(message: DaemonToSupervisor): void {
    this.#supervisor.send(message);
  }

  #heard(message: SupervisorToDaemon): void {
    if (message.type === "start") void this.#begin(message);
    else if (message.type === "keep") this.scripts.keep(message.script, message.mtime);
    else if (message.type === "ping") this.#tell({ type: "pong" });
    else if (message.type === "interrupt") {
      // The worker has given the request up, which it hears of by itself; as long as this runs nothing else is held up.
      this.#tell({ type: "freed", thread: message.thread, requestId: message.requestId });
    } else if (message.type === "stuck") this.#giveUp(message.thread);
    else if (message.type === "drain") this.#drain(message.milliseconds);
  }

  #giveUp(thread: number): void {
    const connection = this.#threads[thread - 1];
    if (connection) this.#stuck.add(connection);
    if (this.#isDraining) this.#endWhenIdle();
  }

  async #begin(start: DaemonStart): Promise<void> {
    this.#start = start;
    const { spec } = start;
    process.title = spec.displayName?.replaceAll("%{GROUP}", `(wsgi:${spec.name})`) ?? `(wsgi:${spec.name})`;
    if (spec.umask !== undefined) process.umask(spec.umask);
    const forever = 86_400_000;
    process.on("SIGTERM", () => this.#drain(spec.shutdownTimeout || forever));
    process.on("SIGUSR1", () => this.#leaving(spec.evictionTimeout > 0 ? "eviction_signal" : "graceful_signal"));
    process.once("SIGXCPU", () => {
      process.on("SIGXCPU", () => undefined);
      this.#leaving("cpu_time_limit");
    });
    if (spec.inactivityTimeout > 0) this.#watchActivity(spec.inactivityTimeout);
    if (spec.preload !== undefined && kindOf(spec.preload) === "node") {
      const { failure } = await this.scripts.load(spec.preload);
      if (failure !== undefined) {
        return this.#fail(`${spec.preload} did not load`, { traceback: failure, script: spec.preload, required: true });
      }
    }
    for (const { script, applicationGroup } of spec.preloads) {
      if (applicationGroup !== start.applicationGroup) continue;
      // One that was deleted is not to keep the others from being loaded anew.
      if (mtimeOf(script) === 0) {
        this.#tell({ type: "log", level: "error", message: `${script} is not there` });
        continue;
      }
      const { failure } = await this.scripts.load(script);
      if (failure !== undefined) return this.#fail(`${script} did not load`, { traceback: failure, script });
    }
    this.#threads.push(...new Array<undefined>(spec.threads).fill(undefined));
    this.#server.listen({ fd: listener, backlog: start.listenBacklog }, () => this.#tell({ type: "ready" }));
  }

  /** Asks for a successor when there has been no request for that time, after the first one. */
  #watchActivity(limit: number): void {
    const jitter = (this.#start?.spec.processes ?? 1) > 1 ? 1 + Math.random() * 0.1 : 1;
    setInterval(
      () => {
        const isActive = [...this.#open].some((connection) => connection.isServing);
        if (isActive) this.#activeAt = performance.now();
        else if (this.#activeAt > 0 && performance.now() - this.#activeAt >= limit * jitter) {
          this.#leaving("inactivity_timeout");
        }
      },
      Math.max(10, limit / 10),
    ).unref();
  }

  /** Says why this process cannot serve, and ends it when that was heard. */
  #fail(reason: string, more: Omit<Extract<DaemonToSupervisor, { type: "failed" }>, "type" | "reason"> = {}): void {
    this.#tell({ type: "failed", reason, ...more });
    setTimeout(() => process.exit(1), 50);
  }

  #accepted(socket: Socket): void {
    const connection = new DaemonConnection(socket, this);
    this.#open.add(connection);
    if (this.#isDraining) return connection.leave();
    this.#waiting.add(connection);
    this.#handOut();
    if (!this.#waiting.has(connection) || this.#start?.spec.processes === 1) return;
    setTimeout(() => {
      if (this.#waiting.has(connection)) connection.leave();
    }, patience);
  }

  /** Gives free threads to connections that wait; where there are none, takes one from a connection that idles. */
  #handOut(): void {
    for (const connection of this.#waiting) {
      const free = this.#threads.indexOf(undefined);
      if (free < 0) return this.#takeOne();
      this.#waiting.delete(connection);
      this.#threads[free] = connection;
      connection.greet(free + 1);
    }
  }

  #takeOne(): void {
    clearTimeout(this.#handover);
    const now = performance.now();
    const idle = this.#threads.filter((connection) => connection?.isIdle);
    const oldest = idle.reduce((first, next) => (next && first && next.since < first.since ? next : first), idle[0]);
    if (!oldest) return;
    const left = oldest.since + quantum - now;
    // `left` is called for it, and hands its thread out.
    if (left <= 0) oldest.leave();
    else this.#handover = setTimeout(() => this.#handOut(), Math.ceil(left));
  }

  /** The process may be unsound: it goes on until a successor has taken its place. */
  #uncaught(what: string, error: unknown): void {
    this.log("error", `${what}: ${describeError(error)}`);
    if (what === "an uncaught exception") this.#leaving("uncaught_exception");
  }

  #leaving(reason: string): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#tell({ type: "leaving", reason });
  }

  #drain(milliseconds: number): void {
    setTimeout(() => this.#end(), milliseconds);
    setTimeout(
      () => {
        for (const connection of this.#open) connection.endTunnel();
      },
      milliseconds - Math.min(farewell, milliseconds / 4),
    );
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#server.close();
    for (const connection of this.#open) if (!connection.isServing) connection.leave();
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if ([...this.#open].some((connection) => connection.isServing && !this.#stuck.has(connection))) return;
    if (this.#open.size === 0) process.exit(0);
    setTimeout(() => process.exit(0), lingering);
  }

  #end(): void {
    for (const { running } of this.#open) {
      if (running !== "") this.log("error", `a request was still running when its time was over: ${running}`);
    }
    setTimeout(() => process.exit(0), 50);
  }
}

for (const signal of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) process.on(signal, () => undefined);
// Without it the process serves all the same.
new Worker(new URL("./node/watcher.js", import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 32 } })
  .on("error", (error) => console.error(`stacks cannot be shown: ${error.message}`))
  .unref();
new NodeDaemon();
