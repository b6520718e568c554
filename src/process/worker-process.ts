// A forked HTTP worker as the supervisor sees it: its start, its messages, its end.
import cluster, { type Worker } from "node:cluster";
import type { WorkerReport } from "../api/index.js";
import type { SupervisorToWorker, WorkerStart, WorkerToSupervisor } from "./channel.js";
import type { BoundSocket } from "./listeners.js";

/** The first descriptor of listening sockets in a worker: after standard streams and the channel. */
const firstSocket = 4;
/** A worker that has not said "ready" after this many milliseconds has failed. */
const startLimit = 60_000;

/** What a worker said of itself. */
type Status = Extract<WorkerToSupervisor, { readonly type: "status" }>;
/** Numbers a worker gave of itself. */
export type WorkerCounts = Omit<Status, "type" | "report">;

/** Who hears of a worker. */
export interface WorkerEvents {
  message(worker: WorkerProcess, message: WorkerToSupervisor): void;
  exit(worker: WorkerProcess, reason: string): void;
}

/**
 * Room for what a request leaves behind, in MiB: with Node's default of 16, collecting it took a fifth of the processor
 * time of an embedded application under load (npm run bench, row "embedded").
 */
const youngGeneration = "--max-semi-space-size=32";

/** One HTTP worker process. */
export class WorkerProcess {
  readonly startedAt = Date.now();
  readonly #worker: Worker;
  readonly #ready: Promise<void>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  #state: "starting" | "serving" | "draining" | "ended" = "starting";
  #isTold = false;
  #isLeaving = false;
  #isOrderly = false;
  #failure: string | undefined;
  #counts: WorkerCounts = { connections: 0, active: 0, requests: 0 };
  #report: WorkerReport | undefined;
  #awaitingCounts: (() => void)[] = [];

  /** Forks the worker, which inherits the sockets, and tells it what to serve once it listens to messages. */
  constructor(
    start: () => Omit<WorkerStart, "type" | "sockets">,
    sockets: readonly BoundSocket[],
    events: WorkerEvents,
  ) {
    cluster.setupPrimary({
      args: [],
      execArgv: [...process.execArgv, youngGeneration],
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc", ...sockets.map(({ fd }) => fd)],
    });
    this.#worker = cluster.fork();
    this.#worker.on("error", () => undefined);
    this.ended = new Promise((resolve) => void this.#worker.once("exit", () => resolve()));
    this.#ready = new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#failure = `worker was not ready after ${startLimit / 1000} seconds`;
        this.kill("SIGKILL");
      }, startLimit);
      this.#worker.on("message", (message: WorkerToSupervisor) => {
        if (message.type === "hello") this.#tell(start(), sockets);
        else if (message.type === "ready") {
          this.#state = "serving";
          clearTimeout(limit);
          resolve();
        } else if (message.type === "failed") this.#failure = message.reason;
        else if (message.type === "status") this.#count(message);
        else if (message.type === "leaving") {
          this.#isLeaving = true;
          this.#isOrderly = message.orderly === true;
        }
        events.message(this, message);
      });
      this.#worker.on("exit", (code: number | null, signal: string | null) => {
        clearTimeout(limit);
        const reason = this.#failure ?? (signal ? `ended by ${signal}` : `exited with status ${code}`);
        this.#state = "ended";
        this.#answerCounts();
        reject(new Error(reason));
        events.exit(this, reason);
      });
    });
    this.#ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  get state(): "starting" | "serving" | "draining" | "ended" {
    return this.#state;
  }

  /** Whether it asked for a successor. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Whether it leaves because it has done its share, not because it is unsound. */
  get isOrderly(): boolean {
    return this.#isOrderly;
  }

  get counts(): WorkerCounts {
    return this.#counts;
  }

  /** What it said last of itself in detail. */
  get report(): WorkerReport | undefined {
    return this.#report;
  }

  /** Resolves when it serves; rejects with the reason when it ends before. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Sends a message; nothing before the worker has been told what to serve. */
  send(message: SupervisorToWorker): void {
    if (this.#isTold && this.#state !== "ended" && this.#worker.isConnected())
      this.#worker.send(message, () => undefined);
  }

  /** Lets it finish what it has; it is killed a second after the time is up. */
  drain(milliseconds: number): void {
    if (this.#state === "starting") return this.kill("SIGTERM");
    if (this.#state === "ended") return;
    this.#state = "draining";
    this.send({ type: "drain", milliseconds });
    const limit = setTimeout(() => this.kill("SIGKILL"), milliseconds + 1000);
    this.#worker.once("exit", () => clearTimeout(limit));
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#state !== "ended") this.#worker.process.kill(signal);
  }

  /** Asks for its numbers; what it said last when it does not answer within half a second. */
  async ask(): Promise<WorkerCounts> {
    if (this.#state === "serving" || this.#state === "draining") {
      await new Promise<void>((resolve) => {
        this.#awaitingCounts.push(resolve);
        setTimeout(resolve, 500).unref();
        this.send({ type: "status" });
      });
    }
    return this.#counts;
  }

  #tell(start: Omit<WorkerStart, "type" | "sockets">, sockets: readonly BoundSocket[]): void {
    this.#isTold = true;
    this.send({
      ...start,
      type: "start",
      sockets: sockets.map(({ address, port, protocol }, index) => ({
        fd: firstSocket + index,
        address,
        port,
        protocol,
      })),
    });
  }

  #count({ connections, active, requests, report }: Status): void {
    if (report) this.#report = report;
    this.#counts = { connections, active, requests };
    this.#answerCounts();
  }

  #answerCounts(): void {
    for (const resolve of this.#awaitingCounts.splice(0)) resolve();
  }
}
