// A configuration → processes that serve it; signals → reload, restart, stop.
import { HighMarks, type ErrorLog, type LogEntry } from "../api/index.js";
import { Changes, stopped, type Change, type Refusal } from "./changes.js";
import { longestDrain, type Configuration, type Loaded } from "./configuration.js";
import { ControlSocket, controlPath } from "./control-socket.js";
import type { DaemonSurroundings } from "./daemon-launch.js";
import { Generation } from "./generation.js";
import { BindError, Listeners } from "./listeners.js";
import { readPidFile, removePidFile, writePidFile } from "./pid-file.js";
import { StartError } from "./start-error.js";
import { openSupervisorLogs } from "./supervisor-logs.js";
import { SupervisorTables, type TableChange } from "./shared-tables.js";
import type { WorkerProcess } from "./worker-process.js";
import { countEnded, reportOf, statusOf, type Failure, type SupervisorStatus } from "./status.js";

/** What a supervisor is made from. */
export interface SupervisorOptions {
  readonly first: Configuration;
  /** Reads the configuration again. */
  load(): Promise<Loaded>;
  surroundings(configuration: Configuration): DaemonSurroundings;
  /** As the log is to show it. */
  readonly commandLine: string;
  /** Whether SIGWINCH comes from a terminal whose window changes: then it stops nothing. */
  readonly hasTerminal: boolean;
}

/** Milliseconds that workers of the old configuration get on a restart. */
const restartLimit = 1000;
/** Most old generations at the same time; the oldest is hurried when there are more. */
const mostDraining = 8;

/** The parent of all processes of a server. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #listeners = new Listeners();
  readonly #draining = new Set<Generation>();
  readonly #tables = new SupervisorTables();
  readonly #marks = new HighMarks();
  readonly #control = new ControlSocket({
    status: () => this.status(),
    gracefulStop: () => void this.#gracefulStop(),
    reload: (change) => this.#changes.want(change),
    restartGroup: (name) => this.#restartGroup(name),
  });
  readonly #changes = new Changes((change) => this.#reload(change));
  #current: Generation | undefined;
  #next: Generation | undefined;
  #generations = 0;
  #errorLog: ErrorLog | undefined;
  #pidFile = "";
  #state: "starting" | "serving" | "finishing" | "stopping" = "starting";
  #lastFailure: Failure | undefined;
  #finish: () => void = () => undefined;
  /** Resolves when the server has ended and nothing of it is left. */
  readonly ended = new Promise<void>((resolve) => (this.#finish = resolve));

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts everything; resolves when it serves, with false when it was stopped meanwhile. Throws a StartError; then nothing is left. */
  async start(): Promise<boolean> {
    const { first } = this.#options;
    this.#listen();
    try {
      const isStale = readPidFile(first.pidFile).state === "stale";
      this.#current = this.#prepare(first);
      if (isStale) this.#announceStale(first.pidFile);
      await first.prepare((entry) => this.#log(entry));
      await this.#current.start();
    } catch (error) {
      await this.#current?.kill();
      this.#tidy();
      if (this.#state === "stopping") return false;
      if (error instanceof StartError) throw error;
      throw new StartError([messageOf(error), "AH00016: Configuration Failed"]);
    }
    if (this.#state !== "starting") return false;
    this.#state = "serving";
    this.#current.keep();
    await this.#serving(this.#current);
    this.#changes.open();
    return true;
  }

  /** What runs, for `modhostctl status`. */
  async status(): Promise<SupervisorStatus> {
    return statusOf({
      state: this.#state,
      current: this.#current,
      draining: [...this.#draining],
      lastFailure: this.#lastFailure,
    });
  }

  #listen(): void {
    process.on("SIGTERM", () => void this.#stop("SIGTERM"));
    process.on("SIGINT", () => void this.#stop("SIGINT"));
    process.on("SIGHUP", () => void this.#changes.want("restart"));
    process.on("SIGUSR1", () => void this.#changes.want("graceful"));
    process.on("SIGWINCH", () => {
      if (!this.#options.hasTerminal) void this.#gracefulStop();
    });
    process.on("SIGPIPE", () => undefined);
    // All processes depend on this one: an error in it is a line in the log, not their end.
    const note = (error: unknown): void => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      for (const message of text.split("\n")) this.#log({ level: "crit", module: "core", message });
    };
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  }

  #announceStale(pidFile: string): void {
    const message = `AH00098: pid file ${pidFile} overwritten -- Unclean shutdown of previous Apache run?`;
    this.#log({ level: "warn", module: "core", message });
  }

  /** Binds, opens logs, writes the pid file: all that can fail before a process is started. */
  #prepare(configuration: Configuration): Generation {
    const sockets = this.#bind(configuration);
    const logs = openSupervisorLogs(configuration, (entry) => this.#log(entry));
    this.#writePid(configuration.pidFile);
    this.#errorLog = logs.errorLog(configuration.errorLog, configuration.logLevels, configuration.errorLogFormat);
    return new Generation({
      number: ++this.#generations,
      configuration,
      sockets,
      logs,
      surroundings: this.#options.surroundings(configuration),
      log: (entry) => this.#log(entry),
      report: () => reportOf({ current: this.#current, draining: [...this.#draining] }),
      gone: ({ report }) => countEnded(report),
      tables: this.#tables,
      marks: this.#marks,
      tellTables: (changes, from) => this.#tellTables(changes, from),
    });
  }

  #tellTables(changes: readonly TableChange[], from?: WorkerProcess): void {
    if (changes.length === 0) return;
    for (const generation of this.#all()) {
      for (const each of generation.processes) if (each !== from) each.send({ type: "tables", changes });
    }
  }

  #bind({ listens, identity }: Configuration): ReturnType<Listeners["bind"]> {
    const none =
      this.#state === "starting"
        ? ["no listening sockets available, shutting down", "AH00015: Unable to open logs"]
        : [];
    if (listens.length === 0) throw new StartError(["no Listen line says where to serve", ...none]);
    try {
      return this.#listeners.bind(listens, identity);
    } catch (error) {
      if (error instanceof BindError) throw new StartError([error.message, ...none]);
      throw error;
    }
  }

  #writePid(pidFile: string): void {
    try {
      writePidFile(pidFile);
    } catch (error) {
      throw new StartError([`AH00099: could not create ${pidFile}: ${messageOf(error)}`]);
    }
    if (this.#pidFile !== "" && this.#pidFile !== pidFile) removePidFile(this.#pidFile);
    this.#pidFile = pidFile;
  }

  async #serving({ configuration }: Generation): Promise<void> {
    this.#log({
      level: "notice",
      module: "mpm_event",
      message: `AH00489: ${configuration.banner} configured -- resuming normal operations`,
    });
    this.#log({ level: "notice", module: "core", message: `AH00094: Command line: '${this.#options.commandLine}'` });
    const problem = await this.#control.listen(controlPath(configuration.pidFile));
    if (problem) this.#log({ level: "warn", module: "core", message: `status will not be available: ${problem}` });
  }

  async #reload(change: Change): Promise<Refusal> {
    const message =
      change === "graceful"
        ? "AH00493: SIGUSR1 received.  Doing graceful restart"
        : "AH00494: SIGHUP received.  Attempting to restart";
    this.#log({ level: "notice", module: "mpm_event", message });
    const old = this.#current;
    const before = this.#errorLog;
    try {
      const loaded = await this.#options.load();
      if (this.#state !== "serving") return stopped;
      if ("errors" in loaded) return this.#refuse(loaded.errors);
      this.#next = this.#prepare(loaded.configuration);
      // At the start they are on the terminal; after that nobody looks there.
      for (const message of linesOf(loaded.warnings)) this.#log({ level: "warn", module: "core", message });
      await loaded.configuration.prepare((entry) => this.#log(entry));
      await this.#next.start(old);
    } catch (error) {
      this.#errorLog = before;
      const reasons = error instanceof StartError ? error.lines : [messageOf(error)];
      const refusal = this.#state === "serving" ? this.#refuse(reasons) : stopped;
      await this.#next?.kill();
      this.#next = undefined;
      if (this.#state !== "serving") return refusal;
      if (old) this.#writePid(old.configuration.pidFile);
      this.#listeners.closeOthers(old?.configuration.listens ?? []);
      return refusal;
    }
    if (this.#state !== "serving") return stopped;
    this.#current = this.#next;
    this.#next = undefined;
    this.#listeners.closeOthers(this.#current.configuration.listens);
    const limit = this.#current.configuration.gracefulShutdownTimeout || longestDrain;
    await old?.endKeeper();
    this.#current.keep();
    if (old) this.#retire(old, change === "graceful" ? limit : restartLimit);
    await this.#serving(this.#current);
    return undefined;
  }

  #retire(old: Generation, milliseconds: number): void {
    this.#draining.add(old);
    void old.drain(milliseconds).then(() => {
      this.#draining.delete(old);
      this.#tables.forget(`@${old.number}`);
    });
    if (this.#draining.size > mostDraining) [...this.#draining][0]?.hurry(restartLimit);
  }

  #refuse(reasons: readonly string[]): Refusal {
    this.#lastFailure = { at: Date.now(), errors: reasons };
    const lines = linesOf(reasons);
    lines.push("the new configuration is not taken; the server goes on with the one it has");
    for (const message of lines) this.#log({ level: "error", module: "core", message });
    return lines;
  }

  /** Replaces the processes of a daemon group one by one; gives why they were not. */
  async #restartGroup(name: string): Promise<readonly string[]> {
    if (this.#state !== "serving" || !this.#current || this.#next)
      return ["the server is not serving, or is being reloaded"];
    this.#log({
      level: "notice",
      module: "wsgi",
      message: `the processes of daemon group "${name}" are replaced, as asked for`,
    });
    const failures = await this.#current.restartGroup(name);
    const lines = failures.flatMap((failure) => failure.trimEnd().split("\n"));
    if (lines.length === 0) return [];
    lines.push("the new process is not taken; the group goes on with the ones it has");
    for (const message of lines) this.#log({ level: "error", module: "wsgi", message });
    return lines;
  }

  async #stop(signal: "SIGTERM" | "SIGINT"): Promise<void> {
    const all = this.#all();
    if (this.#state === "stopping") return all.forEach((generation) => generation.killNow());
    this.#state = "stopping";
    this.#changes.close();
    this.#log({ level: "notice", module: "mpm_event", message: `AH00491: caught ${signal}, shutting down` });
    this.#listeners.closeOthers([]);
    await Promise.all(all.map((generation) => generation.kill()));
    this.#tidy();
    this.#finish();
  }

  async #gracefulStop(): Promise<void> {
    if (this.#state !== "serving") return;
    this.#state = "finishing";
    this.#changes.close();
    this.#log({ level: "notice", module: "mpm_event", message: "AH00492: caught SIGWINCH, shutting down gracefully" });
    this.#listeners.closeOthers([]);
    const limit = this.#current?.configuration.gracefulShutdownTimeout || longestDrain;
    for (const old of this.#draining) old.hurry(limit);
    await Promise.all([
      this.#next?.kill(),
      this.#current?.drain(limit),
      ...[...this.#draining].map((old) => old.drain(limit)),
    ]);
    // A stop that came meanwhile finishes by itself.
    if (this.#all().length === 0 || this.#state === "finishing") {
      this.#tidy();
      this.#finish();
    }
  }

  #all(): Generation[] {
    return [this.#current, this.#next, ...this.#draining].filter((generation) => generation !== undefined);
  }

  #tidy(): void {
    this.#listeners.closeOthers([]);
    this.#control.close();
    if (this.#pidFile !== "") removePidFile(this.#pidFile);
  }

  #log(entry: LogEntry): void {
    this.#errorLog?.write(entry);
  }
}

function linesOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split("\n")).filter((line) => line.trim() !== "");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
