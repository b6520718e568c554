// A few options of a daemon group → the group, running, with what it told.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DaemonGroupSpec, LogEntry } from "../../src/api/index.js";
import type { PoolState } from "../../src/process/channel.js";
import { DaemonClient } from "../../src/process/daemon-client.js";
import { DaemonGroup, type DaemonGroupOptions } from "../../src/process/daemon-group.js";

/** A daemon group as a plain `WSGIDaemonProcess test` makes it, with other values where given. */
export function daemonSpec(changes: Partial<DaemonGroupSpec> = {}): DaemonGroupSpec {
  return {
    name: "test",
    origin: { file: "test.conf", line: 1, column: 1 },
    virtualHost: 0,
    processes: 1,
    multiprocess: false,
    threads: 2,
    user: undefined,
    group: undefined,
    umask: undefined,
    home: undefined,
    lang: undefined,
    locale: undefined,
    pythonHome: undefined,
    pythonPath: [],
    displayName: undefined,
    maximumRequests: 0,
    requestTimeout: 0,
    queueTimeout: 0,
    shutdownTimeout: 2000,
    gracefulTimeout: 2000,
    startupTimeout: 0,
    connectTimeout: 30_000,
    socketTimeout: 30_000,
    listenBacklog: 100,
    socketUser: undefined,
    restartInterval: 0,
    inactivityTimeout: 0,
    deadlockTimeout: 0,
    interruptTimeout: 0,
    evictionTimeout: 0,
    cpuTimeLimit: 0,
    memoryLimit: 0,
    virtualMemoryLimit: 0,
    stackSize: 0,
    cpuPriority: 0,
    switchInterval: 0,
    pythonEggs: undefined,
    supplementaryGroups: undefined,
    sendBufferSize: 0,
    receiveBufferSize: 0,
    headerBufferSize: 0,
    requestBufferSize: 0,
    responseBufferSize: 0,
    socketPrefix: undefined,
    preloads: [],
    ...changes,
  };
}

/** Whom tests run daemons as: root must name somebody. */
export const daemonUser = process.getuid?.() === 0 ? "nobody" : undefined;

/** The path of a program in test/process/fixtures. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../process/fixtures/${name}`, import.meta.url));
}

/** Resolves when the condition holds; looks for it every 10 ms. Throws after 15 s, which is earlier than a test is given up. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${String(condition)}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A new folder that daemons of other users may enter. */
export function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "modhost-"));
  chmodSync(folder, 0o755);
  return folder;
}

/** A connection to a daemon that speaks in lines. */
export interface Talk {
  readonly pid: number;
  say(line: string): void;
  next(): Promise<string>;
  close(): void;
}

/** A daemon group in a folder of its own. */
export class TestGroup {
  readonly folder = openFolder();
  readonly states: PoolState[] = [];
  readonly logs: LogEntry[] = [];
  readonly options: DaemonGroupOptions;
  group: DaemonGroup;
  /** Hears of states too. */
  onState: ((state: PoolState) => void) | undefined;
  readonly #sockets: Socket[] = [];
  readonly #clients: DaemonClient[] = [];

  constructor(spec: Partial<DaemonGroupSpec>, surroundings: Partial<DaemonGroupOptions["surroundings"]>) {
    let number = 0;
    this.options = {
      spec: daemonSpec(spec),
      generation: 1,
      socketPrefix: join(this.folder, "wsgi"),
      nextNumber: () => ++number,
      surroundings: {
        user: daemonUser,
        group: undefined,
        environment: {},
        bytecode: join(this.folder, "python"),
        pythonDaemon: "",
        nodeDaemon: "",
        nodeOptions: [],
        ...surroundings,
      },
      log: (entry) => this.logs.push(entry),
      onState: (state) => {
        this.states.push(state);
        this.onState?.(state);
        for (const client of this.#clients) client.update(state);
      },
    };
    this.group = new DaemonGroup(this.options);
  }

  /** The group with another spec; it takes the place of the one there was, which was not started. */
  with(changes: Partial<DaemonGroupSpec>): DaemonGroup {
    this.group = new DaemonGroup({ ...this.options, spec: { ...this.options.spec, ...changes } });
    return this.group;
  }

  /** Writes a Python application, which the group then preloads; its path. */
  preload(text: string): string {
    const script = join(this.folder, "app.wsgi");
    writeFileSync(script, text);
    this.with({ preloads: [{ script, callable: "application", applicationGroup: "" }] });
    return script;
  }

  /** A worker's client of the pool, which tells the group of requests that run too long; closed with the group. */
  client(): DaemonClient {
    const client = new DaemonClient({
      spec: this.options.spec,
      applicationGroup: "",
      sharesAccount: false,
      overdue: (report) => void this.group.overdue(report),
    });
    this.#clients.push(client);
    return client;
  }

  /** The last state told. */
  get state(): PoolState | undefined {
    return this.states.at(-1);
  }

  logged(pattern: RegExp): boolean {
    return this.logs.some(({ message }) => pattern.test(message));
  }

  async serving(): Promise<PoolState> {
    await until(() => this.state?.state === "serving");
    return this.state as PoolState;
  }

  /** Connects to the pool's socket, and reads the line with the pid. */
  async talk(path = this.state?.socket ?? ""): Promise<Talk> {
    const socket = createConnection(path);
    this.#sockets.push(socket);
    socket.on("error", () => undefined);
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => ((await lines.next()).value as string | undefined) ?? "";
    return { pid: Number(await next()), next, say: (line) => socket.write(`${line}\n`), close: () => socket.destroy() };
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.group.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
