// One application group of a daemon group → processes that serve it, and their replacement.
import type { DaemonGroupSpec, LogEntry, Preload, ServerReport } from "../api/index.js";
import type { ApplicationKind, PoolState, WorkerToSupervisor } from "./channel.js";
import { daemonCommand, socketOwner, type DaemonSurroundings } from "./daemon-launch.js";
import { DaemonProcess, type DaemonEnd, type DaemonEvents, type StaleReport } from "./daemon-process.js";
import { underLayers } from "./interpreter-layers.js";
import { NoPythonError } from "./python-interpreter.js";
import { bindPoolSocket, type PoolSocket } from "./pool-socket.js";

/** A request that ran past request-timeout, as a worker tells of it. */
export type Overdue = Extract<WorkerToSupervisor, { readonly type: "overdue" }>;

/** What a pool is made from. */
export interface DaemonPoolOptions {
  readonly spec: DaemonGroupSpec;
  readonly applicationGroup: string;
  readonly kind: ApplicationKind;
  readonly socketPath: string;
  readonly surroundings: DaemonSurroundings;
  /** Says what all workers of the server do. */
  readonly report?: (() => Promise<ServerReport>) | undefined;
  readonly log: (entry: LogEntry) => void;
  readonly onState: (state: PoolState) => void;
}

/** A place for one process: the one that serves, and the one that is to take over when it is ready. */
interface Slot {
  current: DaemonProcess | undefined;
  successor: DaemonProcess | undefined;
  retry: NodeJS.Timeout | undefined;
  /** Why `current` is to end; it serves until there is a successor. */
  leaving: string | undefined;
}

interface Reload {
  readonly script: string;
  readonly mtime: number;
  /** The process that tries the changed script. */
  readonly trial: DaemonProcess;
}

/** A process that ends earlier than this after its start counts as failing: milliseconds. */
const shortLife = 5000;
const firstDelay = 100;
const longestDelay = 30_000;
/** Milliseconds for which requests wait for a process, where the one before served, rather than being refused. */
const patience = 5000;
const mostRemembered = 16;
/** Milliseconds for which a script that did not load is not tried again for reasons of its own: as long as processes do not ask it. */
const unasked = 10_000;
/** Milliseconds after which a changed script, and a start within limits of memory, counts as failed, where startup-timeout is off. */
const longestTrial = 60_000;
/** The most that a process of several ends earlier than its restart-interval: all at once they would be missed. */
const restartJitter = 0.1;
/** Where there is no limit on the end of a process: a day. */
const forever = 86_400_000;
/** A process that leaves for this has no time to wait until others have left. */
const urgent = new Set(["cpu_time_limit", "descriptor_limit"]);

/** The processes of one pool, from the first start to the stop. */
export class DaemonPool {
  readonly #options: DaemonPoolOptions;
  readonly #slots: Slot[] = [];
  /** Every process that has not ended, those that are being ended included. */
  readonly #alive = new Set<DaemonProcess>();
  readonly #waiting: (() => void)[] = [];
  readonly #events: DaemonEvents;
  #socket: PoolSocket | undefined;
  #preloads: readonly Preload[];
  #state: PoolState;
  #reload: Reload | undefined;
  /** What did not load, and is not tried again until it changes. */
  readonly #kept = new Map<string, { readonly mtime: number; readonly since: number }>();
  /** Successors whose start somebody waits for: "" when one is ready, else why it is not. */
  readonly #trials = new Map<DaemonProcess, (failure: string) => void>();
  #isRestarting = false;
  /** A script that changed while the pool was restarted. */
  #missed: { readonly script: string; readonly mtime: number } | undefined;
  #failing = 0;
  #reason: string | undefined;
  /** For the page of a refused request, HTML. */
  #note: string | undefined;
  #isStopping = false;

  constructor(options: DaemonPoolOptions) {
    const { spec, applicationGroup, kind, socketPath } = options;
    this.#options = options;
    this.#preloads = spec.preloads;
    this.#state = {
      processGroup: spec.name,
      applicationGroup,
      kind,
      socket: socketPath,
      state: "starting",
      revision: 0,
    };
    this.#events = {
      ready: (process) => this.#onReady(process),
      stale: (process, stale) => this.#onStale(process, stale),
      leaving: (process, reason) => this.#onLeaving(process, reason),
      loaded: (script) => this.#onLoaded(script),
      silent: (process) => this.#onSilent(process),
      gone: (process, end) => this.#onGone(process, end),
    };
  }

  get state(): PoolState {
    return this.#state;
  }

  /** Binds the socket and starts the processes; what goes wrong shows in the state. */
  start(): void {
    const { spec, socketPath, surroundings } = this.#options;
    this.#options.onState(this.#state);
    try {
      this.#socket = bindPoolSocket(socketPath, socketOwner(spec, surroundings));
    } catch (error) {
      return this.#fail(messageOf(error), "alert");
    }
    for (let i = 0; i < spec.processes; i++) {
      const slot: Slot = { current: undefined, successor: undefined, retry: undefined, leaving: undefined };
      this.#slots.push(slot);
      this.#fill(slot);
    }
  }

  /** A worker asks for it: tells its state; where the socket is not to be found any more, it is bound anew. */
  want(): void {
    if (this.#isStopping || !this.#socket || this.#socket.isThere()) return this.#options.onState(this.#state);
    const { spec, socketPath, surroundings } = this.#options;
    this.#log("error", `socket ${socketPath} of daemon group ${this.#name()} was deleted: its processes are replaced`);
    this.#socket.close();
    try {
      this.#socket = bindPoolSocket(socketPath, socketOwner(spec, surroundings));
    } catch (error) {
      this.#socket = undefined;
      return this.#fail(messageOf(error), "alert");
    }
    for (const slot of this.#slots) {
      if (slot.successor) this.#retire(slot.successor);
      slot.successor = undefined;
      if (slot.current) slot.leaving = "socket_lost";
      this.#fill(slot);
    }
  }

  /** Resolves once the pool serves, or has failed to. */
  settled(): Promise<void> {
    if (this.#state.state !== "starting" || this.#isStopping) return Promise.resolve();
    return new Promise((done) => this.#waiting.push(done));
  }

  /**
   * Interrupts a request that runs too long, or ends the process it is stuck in, if it is one of this pool's. Says
   * whether it was.
   */
  overdue(report: Overdue): boolean {
    const process = [...this.#alive].find(({ pid }) => pid === report.pid);
    if (!process) return false;
    const { interruptTimeout } = this.#options.spec;
    const { limit, thread, requestId } = report;
    const interrupts = limit === "request-timeout" && interruptTimeout > 0 && !process.isEnding;
    const next = interrupts ? "it is interrupted" : "the process is replaced";
    process.log("error", `${this.#describe(report)}${limit === "request-timeout" ? `: ${next}` : ""}`);
    if (limit === "socket-timeout") void process.dumpStacks();
    else if (interrupts) {
      process.interrupt(thread, requestId, interruptTimeout, () => {
        const seconds = interruptTimeout / 1000;
        process.log(
          "error",
          `the interrupt did not end request ${requestId} in ${seconds} s (interrupt-timeout): the process is replaced`,
        );
        this.#giveUp(process, thread);
      });
    } else this.#giveUp(process, thread);
    return true;
  }

  #describe({ requestLine, requestId, virtualHost, runningFor, thread, pid, limit }: Overdue): string {
    return (
      `request "${requestLine}" (${requestId}, ${virtualHost}) has run for ${(runningFor / 1000).toFixed(1)} s in thread ${thread} ` +
      `of process ${pid} of daemon group ${this.#name()}, longer than ${limit}`
    );
  }

  /** The request of that thread will not end: the others may, within graceful-timeout, and nothing new is taken. */
  #giveUp(process: DaemonProcess, thread: number): void {
    const { gracefulTimeout, shutdownTimeout } = this.#options.spec;
    const wasEnding = process.isEnding;
    process.giveUp(thread);
    // Workers and the process are told before it is continued for its stacks, where it was stopped.
    if (wasEnding) this.#publish();
    else {
      this.#release(process);
      process.end(gracefulTimeout || shutdownTimeout || forever, shutdownTimeout || 1000, "request_timeout");
    }
    const stacks = process.dumpStacks();
    if (!wasEnding) void stacks.then(() => process.killUnlessAlive(shutdownTimeout || 5000));
  }

  #onSilent(process: DaemonProcess): void {
    if (process.isEnding || this.#isStopping) return;
    const { deadlockTimeout, shutdownTimeout } = this.#options.spec;
    process.log(
      "error",
      `process ${process.pid} of daemon group ${this.#name()} has given no sign of life for ${deadlockTimeout / 1000} s ` +
        "(deadlock-timeout): the process is replaced",
    );
    process.isGivenUp = true;
    this.#release(process);
    process.end(shutdownTimeout || 5000, 500, "deadlock_timeout");
    void process.dumpStacks();
  }

  /**
   * Replaces the processes one by one, each when its successor is ready. Resolves with undefined, or with why a
   * successor did not start: those that were not replaced yet go on.
   */
  async restart(): Promise<string | undefined> {
    if (this.#isStopping) return "the server stops";
    if (this.#isRestarting) return "it is being restarted already";
    if (this.#reload) return `${this.#reload.script} is being loaded anew just now`;
    this.#isRestarting = true;
    const failure = await this.#renewAll();
    this.#isRestarting = false;
    const missed = this.#missed;
    this.#missed = undefined;
    // What did not load is not tried again until it changes.
    if (failure !== undefined && missed) this.#keep(missed.script, missed.mtime);
    else this.#publish(1);
    return failure;
  }

  async #renewAll(): Promise<string | undefined> {
    for (const slot of this.#slots) {
      if (slot.successor) this.#retire(slot.successor, "restart_group");
      slot.successor = undefined;
      if (slot.current) slot.leaving = "restart_group";
      clearTimeout(slot.retry);
      slot.retry = undefined;
      const trial = this.#fill(slot, this.#preloads, this.#options.spec.startupTimeout || longestTrial);
      const failure = trial ? await new Promise<string>((told) => this.#trials.set(trial, told)) : this.#reason;
      if (failure === undefined || failure === "") continue;
      slot.leaving = undefined;
      return failure;
    }
    return undefined;
  }

  #told(process: DaemonProcess, failure: string): void {
    this.#trials.get(process)?.(failure);
    this.#trials.delete(process);
  }

  /** Ends all processes, for which each has shutdown-timeout, and removes the socket. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const slot of this.#slots) clearTimeout(slot.retry);
    const { shutdownTimeout } = this.#options.spec;
    for (const process of this.#alive) process.end(shutdownTimeout || 10_000, 500, "shutdown_signal");
    this.#wake();
    if (this.#alive.size > 0) await new Promise<void>((done) => this.#waiting.push(done));
    this.#socket?.close();
  }

  /** Starts a process into the slot; beside one that serves it is the successor. */
  #fill(
    slot: Slot,
    preloads = this.#preloads,
    startupTimeout = startLimit(this.#options.spec),
  ): DaemonProcess | undefined {
    const { spec, kind, surroundings, applicationGroup } = this.#options;
    if (this.#isStopping || !this.#socket) return undefined;
    let process: DaemonProcess;
    try {
      process = new DaemonProcess({
        command: daemonCommand(spec, kind, surroundings),
        socket: this.#socket.fd,
        start: {
          type: "start",
          spec: { ...spec, ...underLayers(spec, applicationGroup), preloads },
          applicationGroup,
          listenBacklog: spec.listenBacklog,
        },
        startupTimeout,
        deadlockTimeout: spec.deadlockTimeout,
        priority: spec.cpuPriority,
        report: spec.serverMetrics ? this.#options.report : undefined,
        log: this.#options.log,
        events: this.#events,
      });
    } catch (error) {
      this.#failing++;
      this.#note = error instanceof NoPythonError ? error.note : undefined;
      if (!this.#serves()) this.#fail(messageOf(error), "error");
      this.#retry(slot, this.#delay());
      return undefined;
    }
    this.#alive.add(process);
    if (slot.current) slot.successor = process;
    else slot.current = process;
    return process;
  }

  #retry(slot: Slot, delay: number): void {
    clearTimeout(slot.retry);
    slot.retry = setTimeout(() => {
      slot.retry = undefined;
      if (!slot.current) this.#fill(slot);
      else this.#renewNext();
    }, delay);
  }

  #delay(): number {
    return Math.min(longestDelay, firstDelay * 2 ** (this.#failing - 1));
  }

  #onReady(process: DaemonProcess): void {
    const slot = this.#slotOf(process);
    if (!slot) return;
    this.#reason = undefined;
    if (slot.successor === process) {
      const old = slot.current;
      const reason = slot.leaving;
      slot.current = process;
      slot.successor = undefined;
      slot.leaving = undefined;
      if (old) this.#retire(old, reason);
    }
    const { restartInterval, processes } = this.#options.spec;
    if (restartInterval > 0) {
      const early = processes > 1 ? Math.random() * restartJitter : 0;
      process.after(restartInterval * (1 - early), () => this.#onLeaving(process, "restart_interval"));
    }
    this.#told(process, "");
    this.#renewNext();
    if (this.#reload?.trial === process) this.#reloaded(this.#reload);
    else this.#publish();
  }

  /** The changed script loads: all processes with the former one go, and the other slots are filled anew. */
  #reloaded({ script, trial }: Reload): void {
    this.#reload = undefined;
    this.#preloads = this.#preloadsWith(script);
    this.#log("info", `${script} has changed and was loaded anew`);
    for (const slot of this.#slots) {
      if (slot.current === trial) continue;
      for (const old of [slot.current, slot.successor]) if (old) this.#retire(old);
      slot.successor = undefined;
      promote(slot);
      this.#fill(slot);
    }
    this.#publish(1);
  }

  #onStale(process: DaemonProcess, { script, mtime, isAsked }: StaleReport): void {
    const slot = this.#slotOf(process);
    if (this.#isRestarting) this.#missed = { script, mtime };
    if (!slot || this.#reload || this.#isStopping || this.#isRestarting) return;
    // A script with a reload_required of its own may have reasons that do not show in its time.
    const kept = this.#kept.get(script);
    if (kept?.mtime === mtime && (!isAsked || performance.now() - kept.since < unasked)) {
      process.keep(script, mtime);
      return this.#publish(1);
    }
    // One that was to take over for another reason has loaded who knows what.
    if (slot.successor) this.#retire(slot.successor);
    slot.successor = undefined;
    const trial = this.#fill(slot, this.#preloadsWith(script), this.#options.spec.startupTimeout || longestTrial);
    if (trial) this.#reload = { script, mtime, trial };
    else this.#keep(script, mtime);
  }

  #keep(script: string, mtime: number): void {
    if (this.#kept.size >= mostRemembered) this.#kept.clear();
    this.#kept.set(script, { mtime, since: performance.now() });
    for (const process of this.#alive) process.keep(script, mtime);
    this.#publish(1);
  }

  #preloadsWith(script: string): readonly Preload[] {
    const known = this.#preloads.find((preload) => preload.script === script);
    const preload = known ?? { script, callable: "", applicationGroup: this.#options.applicationGroup };
    return [...this.#preloads.filter((other) => other !== known).slice(-mostRemembered), preload];
  }

  #onLeaving(process: DaemonProcess, reason: string): void {
    process.log("info", `process ${process.pid} of daemon group ${this.#name()} leaves: ${reason}`);
    const slot = this.#slotOf(process);
    if (slot?.current !== process) return;
    slot.leaving = reason;
    if (slot.successor) return;
    if (urgent.has(reason)) this.#fill(slot);
    else this.#renewNext();
  }

  /** Starts the successor of one process that is to end: one at a time, the others serve meanwhile. */
  #renewNext(): void {
    if (this.#slots.some(({ successor }) => successor && !successor.isReady)) return;
    const slot = this.#slots.find(({ leaving, current, retry }) => leaving !== undefined && current && !retry);
    if (slot) this.#fill(slot);
  }

  /** A request had that script loaded: a successor loads it before it serves. */
  #onLoaded(script: string): void {
    if (!this.#preloads.some((preload) => preload.script === script)) this.#preloads = this.#preloadsWith(script);
  }

  #onGone(process: DaemonProcess, end: DaemonEnd): void {
    this.#alive.delete(process);
    if (this.#isStopping) {
      if (this.#alive.size === 0) this.#wake();
      return;
    }
    this.#tell(process, end);
    this.#told(process, end.traceback ?? `the new process ${end.reason}`);
    if (this.#reload?.trial === process) return this.#reloadFailed(this.#reload, end);
    const slot = this.#slotOf(process);
    if (!slot) return process.isGivenUp ? this.#publish() : undefined;
    if (slot.successor === process) slot.successor = undefined;
    else promote(slot);
    if (end.wasReady && end.wasPlanned) this.#failing = 0;
    else this.#failing = end.livedFor < shortLife ? this.#failing + 1 : end.wasReady ? 0 : 1;
    if (slot.current && !slot.current.isReady) return this.#publish();
    const isFirst = (end.wasReady || end.wasKilled) && this.#failing <= 1;
    this.#excuse(end, isFirst ? 0 : this.#delay());
    this.#retry(slot, isFirst ? 0 : this.#delay());
    this.#publish();
    this.#renewNext();
  }

  /** Whether requests are to wait for the next process, or to be refused until then. */
  #excuse(end: DaemonEnd, delay: number): void {
    if (this.#serves()) return;
    if (!end.required && this.#preloads.length > 0) {
      // As mod_wsgi: the script is loaded by the first request, which gets the 500 and the log the traceback.
      this.#preloads = [];
    } else if (delay > patience || (!end.wasReady && (!end.wasKilled || this.#failing > 1))) {
      this.#reason = `its process ${end.reason}`;
      this.#note = undefined;
    }
  }

  #reloadFailed({ script, mtime, trial }: Reload, { script: failed = script }: DaemonEnd): void {
    this.#reload = undefined;
    const slot = this.#slotOf(trial);
    if (slot?.successor === trial) slot.successor = undefined;
    const what = failed === script ? "cannot be loaded" : `a new process cannot load ${failed} beside it`;
    this.#log("error", `${script} has changed and ${what}: the processes go on with what they have loaded`);
    this.#keep(script, mtime);
    if (slot?.current === trial) {
      slot.current = undefined;
      this.#preloads = [];
      this.#retry(slot, 0);
    }
  }

  #tell(process: DaemonProcess, end: DaemonEnd): void {
    if (end.traceback !== undefined) process.log("error", end.traceback.trimEnd());
    if (process.isEnding || (end.wasReady && end.wasPlanned)) {
      return process.log("info", `process ${process.pid} of daemon group ${this.#name()} has ended: ${end.reason}`);
    }
    process.log("error", `process ${process.pid ?? "(none)"} of daemon group ${this.#name()} ${end.reason}`);
  }

  #retire(process: DaemonProcess, reason = "script_reload"): void {
    const { gracefulTimeout, evictionTimeout, shutdownTimeout } = this.#options.spec;
    const graceful = (reason === "eviction_signal" && evictionTimeout) || gracefulTimeout;
    if (!process.isEnding) process.end(graceful || shutdownTimeout || forever, shutdownTimeout, reason);
  }

  /** Takes a process out of its slot, which is filled at once. */
  #release(process: DaemonProcess): void {
    const slot = this.#slotOf(process);
    if (!slot) return;
    if (slot.successor === process) slot.successor = undefined;
    else promote(slot);
    if (!slot.current) this.#fill(slot);
    this.#publish();
  }

  #slotOf(process: DaemonProcess): Slot | undefined {
    return this.#slots.find(({ current, successor }) => current === process || successor === process);
  }

  #serves(): boolean {
    return this.#slots.some(({ current }) => current?.isReady);
  }

  #fail(reason: string, level: "alert" | "error"): void {
    if (this.#reason !== reason) this.#log(level, `daemon group ${this.#name()} cannot serve: ${reason}`);
    this.#reason = reason;
    this.#publish();
  }

  /** Tells the state to those who wait for it; a higher revision lets requests try again that were sent back as stale. */
  #publish(revisions = 0): void {
    const { processGroup, applicationGroup, kind, socket, revision } = this.#state;
    const givenUp = [...this.#alive].flatMap(({ isGivenUp, pid }) => (isGivenUp && pid !== undefined ? [pid] : []));
    const next: PoolState = {
      ...{ processGroup, applicationGroup, kind, socket },
      state: this.#serves() ? "serving" : this.#reason === undefined ? "starting" : "failed",
      ...(this.#reason === undefined || this.#serves() ? {} : { reason: this.#reason }),
      ...(this.#reason === undefined || this.#serves() || this.#note === undefined ? {} : { note: this.#note }),
      revision: revision + revisions,
      ...(givenUp.length > 0 ? { givenUp } : {}),
    };
    const isSame = next.state === this.#state.state && next.reason === this.#state.reason && revisions === 0;
    if (isSame && String(next.givenUp) === String(this.#state.givenUp)) return;
    this.#state = next;
    if (next.state !== "starting") this.#wake();
    this.#options.onState(next);
  }

  #wake(): void {
    for (const done of this.#waiting.splice(0)) done();
  }

  #log(level: LogEntry["level"], message: string): void {
    this.#options.log({ level, module: "wsgi", message });
  }

  #name(): string {
    const { spec, applicationGroup } = this.#options;
    return `"${spec.name}"${applicationGroup === "" ? "" : ` (application group "${applicationGroup}")`}`;
  }
}

/** Milliseconds for a start. One that has no memory to start its threads may wait for them without end. */
function startLimit({ startupTimeout, memoryLimit, virtualMemoryLimit }: DaemonGroupSpec): number {
  return startupTimeout || (memoryLimit > 0 || virtualMemoryLimit > 0 ? longestTrial : 0);
}

/** The process that served is gone: its successor takes over, ready or not. */
function promote(slot: Slot): void {
  slot.current = slot.successor;
  slot.successor = undefined;
  slot.leaving = undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
