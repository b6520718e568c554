// Calls of applications of one pool → responses: the queue, the connections, the time limits.
import type { BigIntStats, Stats } from "node:fs";
import type { ApplicationCall, DaemonGroupSpec, Request, RequestBody, Response } from "../api/index.js";
import { refuse } from "../api/index.js";
import type { PoolState, WorkerToSupervisor } from "./channel.js";
import { DaemonClock } from "./daemon-clock.js";
import { DaemonConnection, type ConnectionEvents } from "./daemon-connection.js";
import { isTakenIn, takeIn } from "./daemon-intake.js";
import { DaemonQueue } from "./daemon-queue.js";
import { DaemonRun, type ResponseLimits } from "./daemon-run.js";
import { ShapeTable } from "./daemon-shapes.js";
import { GivenUp } from "./given-up.js";

/** What a worker tells the supervisor of a request that runs too long. */
export type OverdueReport = Extract<WorkerToSupervisor, { readonly type: "overdue" }>;

/** What a client is made from. */
export interface DaemonClientOptions {
  readonly spec: Pick<
    DaemonGroupSpec,
    "name" | "threads" | "processes" | "queueTimeout" | "socketTimeout" | "connectTimeout" | "requestTimeout"
  > &
    Partial<
      Pick<
        DaemonGroupSpec,
        "requestBufferSize" | "responseBufferSize" | "headerBufferSize" | "responseSocketTimeout" | "interruptTimeout"
      >
    >;
  readonly applicationGroup: string;
  /** Whether the daemons run as the same user and group as this process: only then may they hand files over. */
  readonly sharesAccount: boolean;
  readonly overdue: (report: OverdueReport) => void;
  /** Hears that the pool's socket is not to be found: somebody has deleted it. */
  readonly lost?: () => void;
  /** Makes a connection, and gives its descriptor; without, the socket of the pool is connected to. */
  readonly connect?: () => number;
}

/** Requests that may wait for a thread, per pool and worker. */
const longestQueue = 4096;
/** Milliseconds between tries to connect: the first, and the longest. */
const firstRetry = 10;
const longestRetry = 250;
/** Milliseconds after which a request that was sent back as stale is tried again, even if nothing was heard. */
const staleRetry = 500;
/** Milliseconds a request that was sent back as stale may wait where no limit is configured. */
const longestStale = 60_000;
/** Times a request is handed over again that no daemon has read, and milliseconds for which it is in any case. */
const mostReturns = 20;
const longestReturned = 10_000;
/** Milliseconds in which a process that is there says hello to a new connection, where it has a free thread. */
const longestHello = 250;

/** Runs applications in one pool of daemons. */
export class DaemonClient {
  readonly #options: DaemonClientOptions;
  readonly #shapes: ShapeTable;
  readonly #capacity: number;
  readonly #queue: DaemonQueue;
  readonly #stale = new Set<DaemonRun>();
  readonly #connections = new Set<DaemonConnection>();
  /** Those without a run, the last used last. */
  readonly #idle: DaemonConnection[] = [];
  readonly #busy = new Set<DaemonConnection>();
  /** Those whose run has changed protocols. They take no thread. */
  readonly #switched = new Set<DaemonConnection>();
  /** Those whose process is given up: what they run may end, and they count for nothing. */
  readonly #forsaken = new Set<DaemonConnection>();
  readonly #givenUp = new GivenUp();
  readonly #clock: DaemonClock;
  readonly #limits: ResponseLimits;
  readonly #runsOfClients = new WeakMap<AbortSignal, Set<DaemonRun>>();
  #state: PoolState | undefined;
  #retryDelay = 0;
  #retry: NodeJS.Timeout | undefined;
  #staleRetry: NodeJS.Timeout | undefined;
  #helloTimer: NodeJS.Timeout | undefined;
  /** Times that connections without a hello are made anew: as many threads of a process that is given up may accept one. */
  #silentLeft = 0;
  #isClosed = false;
  readonly #events: ConnectionEvents = {
    free: (connection) => this.#free(connection),
    left: (connection, run) => this.#left(connection, run),
    switched: (connection) => this.#leftThread(connection),
    returned: (run, why) => this.#returned(run, why),
    gone: (connection, error) => this.#gone(connection, error),
  };

  constructor(options: DaemonClientOptions) {
    const { spec, sharesAccount } = options;
    this.#options = options;
    this.#shapes = new ShapeTable(sharesAccount);
    this.#limits = {
      buffer: spec.responseBufferSize ?? 0,
      longestField: spec.headerBufferSize || Infinity,
      writeTimeout: spec.responseSocketTimeout ?? 0,
    };
    this.#capacity = Math.max(1, spec.threads * spec.processes);
    this.#queue = new DaemonQueue({
      wait: spec.queueTimeout || spec.socketTimeout,
      connect: spec.connectTimeout,
      expired: (run, limit) => this.#expired(run, limit),
    });
    this.#clock = new DaemonClock([this.#busy, this.#forsaken], {
      request: spec.requestTimeout,
      silence: spec.socketTimeout,
      expired: (connection, run, limit) => this.#ranTooLong(connection, run, limit),
    });
  }

  /** What waits and what runs, for the status page. */
  get load(): { readonly waiting: number; readonly running: number; readonly connections: number } {
    const waiting = this.#queue.size + this.#stale.size;
    const { size: forsaken } = this.#forsaken;
    return { waiting, running: this.#busy.size + forsaken, connections: this.#connections.size + forsaken };
  }

  /**
   * Runs an application: its response, or a refusal, already logged: 500 it failed, 502 its process ended, 503 there is no
   * process, 504 out of time. Rejects only with a RequestBodyError, when the body of the request broke off before there
   * was a response.
   */
  run(call: ApplicationCall, request: Request): Response | Promise<Response> {
    if (this.#state?.state === "failed") {
      return this.#unavailable(request, this.#state.reason ?? "no process", this.#state.note);
    }
    if (this.#queue.size >= longestQueue) {
      return this.#unavailable(request, `${longestQueue} requests are waiting for it`);
    }
    if (!isTakenIn(request, this.#options.spec.requestBufferSize ?? 0)) return this.#run(call, request, request.body);
    return takeIn(request.body).then(({ body, release }) => this.#run(call, request, body).finally(release));
  }

  #run(call: ApplicationCall, request: Request, body: RequestBody): Promise<Response> {
    const run = new DaemonRun(call, request, { body, ...this.#limits });
    this.#watch(run);
    const connection = this.#idle.pop();
    if (connection) this.#start(connection, run);
    else {
      this.#queue.push(run);
      this.#connect();
    }
    return run.answered;
  }

  /** Takes news of the pool. */
  update(state: PoolState): void {
    const before = this.#state;
    this.#state = state;
    if (state.state === "failed") return this.#refuseAll(state.reason ?? "no process", state.note);
    if (before && (before.revision !== state.revision || before.socket !== state.socket)) this.#renew();
    for (const pid of this.#givenUp.tell(state.givenUp)) this.#forsake(pid);
    this.#connect();
  }

  /** Ends all connections; what waits and what runs is refused. */
  close(): void {
    this.#isClosed = true;
    this.#refuseAll("the server stops");
    clearTimeout(this.#retry);
    clearInterval(this.#helloTimer);
    this.#clock.stop();
    for (const connection of [...this.#connections, ...this.#forsaken, ...this.#switched]) connection.close();
  }

  #unavailable(request: Request, reason: string, note?: string): Response {
    request.log("error", "wsgi", `${this.#name()} is not available: ${reason}`);
    return refuse(503, note === undefined ? {} : { note });
  }

  #refuseAll(reason: string, note?: string): void {
    for (const run of [...this.#queue.clear(), ...this.#stale]) {
      this.#forget(run);
      this.#unavailable(run.request, reason);
      run.fail(503, reason, note);
    }
  }

  /** Hears, once for each client's connection, when that client leaves. */
  #watch(run: DaemonRun): void {
    const { signal } = run.request.connection;
    let runs = this.#runsOfClients.get(signal);
    if (!runs) {
      const watched = (runs = new Set<DaemonRun>());
      this.#runsOfClients.set(signal, watched);
      const leave = (): void => watched.forEach((each) => this.#clientLeft(each));
      if (signal.aborted) queueMicrotask(leave);
      else signal.addEventListener("abort", leave, { once: true });
    }
    runs.add(run);
  }

  #clientLeft(run: DaemonRun): void {
    if (!run.connection) this.#forget(run);
    run.abandon("the client has closed the connection");
  }

  /** The run neither waits nor runs any more. */
  #forget(run: DaemonRun): void {
    this.#queue.delete(run);
    this.#stale.delete(run);
    this.#runsOfClients.get(run.request.connection.signal)?.delete(run);
  }

  #start(connection: DaemonConnection, run: DaemonRun): void {
    this.#busy.add(connection);
    this.#clock.start(run);
    const { shape, values } = this.#shapes.describe(run.call);
    connection.start(run, { shape, values, mtime: scriptTime(run) });
  }

  #free(connection: DaemonConnection): void {
    if (this.#givenUp.has(connection.pid)) return connection.close();
    this.#retryDelay = 0;
    this.#queue.setRefused(false);
    const next = this.#queue.take();
    if (next) this.#start(connection, next);
    else this.#idle.push(connection);
  }

  #left(connection: DaemonConnection, run: DaemonRun): void {
    if (!this.#busy.delete(connection)) this.#forsaken.delete(connection);
    this.#runsOfClients.get(run.request.connection.signal)?.delete(run);
  }

  #leftThread(connection: DaemonConnection): void {
    if (!this.#busy.delete(connection)) this.#forsaken.delete(connection);
    this.#connections.delete(connection);
    this.#switched.add(connection);
    this.#connect();
  }

  #returned(run: DaemonRun, why: "unread" | "stale"): void {
    if (run.isAbandoned) return;
    this.#watch(run);
    if (why === "stale") return this.#waitForReload(run);
    run.returns++;
    // On a machine with too much to do each thread may have given up waiting by the time the request comes.
    if (run.returns <= mostReturns || performance.now() - run.waitingSince < longestReturned) {
      return this.#queue.putBack(run);
    }
    this.#unavailable(run.request, `no process took the request in ${run.returns} tries`);
    this.#forget(run);
    run.fail(503, "no process took the request");
  }

  #gone(connection: DaemonConnection, error: NodeJS.ErrnoException | undefined): void {
    if (this.#switched.delete(connection)) return;
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#isClosed) return;
    // One that ended without a hello met a process that is about to end; one that was refused, none or a full backlog.
    if (error || connection.pid === 0) this.#refused(error);
    else this.#connect();
  }

  #refused(error: NodeJS.ErrnoException | undefined): void {
    const code = error?.code;
    const isLost = code === "ENOENT" && this.#options.lost !== undefined;
    if (isLost) this.#options.lost?.();
    const isTransient =
      isLost || code === undefined || code === "EAGAIN" || code === "ECONNREFUSED" || code === "ECONNRESET";
    if (!isTransient && this.#state?.state !== "starting" && this.#connections.size === 0) {
      return this.#refuseAll(`cannot connect to ${this.#state?.socket ?? "it"}: ${code}`);
    }
    if (this.#connections.size === 0 && code !== undefined) this.#queue.setRefused(true);
    this.#retryDelay = Math.min(longestRetry, Math.max(firstRetry, this.#retryDelay * 2));
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#connect();
    }, this.#retryDelay);
  }

  /** Opens as many connections as runs wait, within what the pool has threads for. */
  #connect(): void {
    if (!this.#state || this.#isClosed || this.#retry) return;
    const waiting = this.#queue.size;
    let connecting = this.#connections.size - this.#idle.length - this.#busy.size;
    while (connecting < waiting && this.#connections.size < this.#capacity) {
      connecting++;
      const target = this.#options.connect?.() ?? this.#state.socket;
      this.#connections.add(new DaemonConnection(target, this.#events));
    }
  }

  /** Nothing new goes to that process, and what it holds counts for nothing. */
  #forsake(pid: number): void {
    for (const connection of this.#connections) {
      if (connection.pid !== pid) continue;
      if (this.#busy.delete(connection)) {
        this.#connections.delete(connection);
        this.#forsaken.add(connection);
        connection.isLeaving = true;
      } else connection.close();
    }
    this.#silentLeft = this.#options.spec.threads;
    this.#connectAnew(0);
    this.#helloTimer ??= setInterval(() => this.#lookForHellos(), longestHello).unref();
  }

  /** As long as a process that is given up is there. */
  #lookForHellos(): void {
    if (!this.#givenUp.isAny) {
      clearInterval(this.#helloTimer);
      this.#helloTimer = undefined;
    } else if (this.#silentLeft > 0 && this.#state?.state === "serving") this.#connectAnew(longestHello);
  }

  /** A thread that waits for the interpreter's lock may have accepted a connection, and never says hello on it. */
  #connectAnew(age: number): void {
    const made = performance.now() - age;
    const silent = [...this.#connections].filter(({ pid, since }) => pid === 0 && since <= made);
    if (silent.length > 0) this.#silentLeft--;
    for (const connection of silent) connection.close();
    this.#connect();
  }

  /** The pool was reloaded: what idles may belong to processes that are to end. */
  #renew(): void {
    for (const connection of this.#busy) connection.isLeaving = true;
    for (const connection of this.#idle.splice(0)) connection.close();
    this.#sendStaleAgain();
  }

  #waitForReload(run: DaemonRun): void {
    if (!run.isStale) {
      run.isStale = true;
      run.waitingSince = performance.now();
    }
    this.#stale.add(run);
    this.#staleRetry ??= setTimeout(() => this.#sendStaleAgain(), staleRetry);
  }

  #sendStaleAgain(): void {
    clearTimeout(this.#staleRetry);
    this.#staleRetry = undefined;
    const { queueTimeout, socketTimeout } = this.#options.spec;
    const limit = queueTimeout || socketTimeout || longestStale;
    for (const run of this.#stale) {
      this.#stale.delete(run);
      if (performance.now() - run.waitingSince > limit) this.#expired(run, "wait");
      else this.#queue.putBack(run);
    }
    for (const connection of this.#idle.splice(0)) connection.close();
    this.#connect();
  }

  #expired(run: DaemonRun, limit: "wait" | "connect"): void {
    this.#forget(run);
    if (limit === "connect") {
      this.#unavailable(run.request, "connect-timeout is over");
      return run.fail(503, "connect-timeout");
    }
    const waited = ((performance.now() - run.waitingSince) / 1000).toFixed(1);
    run.log("error", `no thread of ${this.#name()} took the request within ${waited} s`);
    run.fail(504, "queue-timeout");
  }

  #ranTooLong(connection: DaemonConnection, run: DaemonRun, limit: "request-timeout" | "socket-timeout"): void {
    this.#options.overdue(this.#report(connection, run, limit));
    if (limit === "request-timeout" && !this.#options.spec.interruptTimeout) {
      this.#givenUp.add(connection.pid);
      this.#forsake(connection.pid);
    }
    if (run.isAbandoned) return;
    const seconds = (run.ranFor / 1000).toFixed(1);
    run.log("error", `${limit} of ${this.#name()} is over: the request has run for ${seconds} s`);
    run.refuse(504);
    run.abandon(`${limit} is over`);
  }

  #report(
    { pid, thread }: DaemonConnection,
    { request, ranFor }: DaemonRun,
    limit: OverdueReport["limit"],
  ): OverdueReport {
    return {
      type: "overdue",
      limit,
      processGroup: this.#options.spec.name,
      applicationGroup: this.#options.applicationGroup,
      pid,
      thread,
      requestLine: request.requestLine,
      requestId: request.id,
      virtualHost: request.virtualHost.serverName,
      runningFor: Math.round(ranFor),
    };
  }

  #name(): string {
    const { name } = this.#options.spec;
    return name === "" ? "Python in the server" : `daemon group "${name}"`;
  }
}

/** When the script was changed, if the request's file is the script: then the daemon need not look. */
function scriptTime({ request, call }: DaemonRun): number {
  const { file } = request;
  if (!call.scriptReloading || !file || request.filename !== call.script) return 0;
  if (!isExact(file)) return file.mtimeMs;
  // As node:fs computes it for a Stats.
  return Number(file.mtimeNs / 1_000_000_000n) * 1000 + Number(file.mtimeNs % 1_000_000_000n) / 1e6;
}

function isExact(file: Stats | BigIntStats): file is BigIntStats {
  return typeof file.mtimeMs === "bigint";
}
