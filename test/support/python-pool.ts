// A few options → real Python daemons on a socket of their own, clients of them, and requests to send.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, type Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import {
  Headers,
  type ApplicationCall,
  type DaemonGroupSpec,
  type Request,
  type RequestBody,
  type Response,
} from "../../src/api/index.js";
import type { DaemonToSupervisor, PoolState, SupervisorToDaemon } from "../../src/process/channel.js";
import { openControlLines, type ControlLines } from "../../src/process/control-lines.js";
import { DaemonClient, type OverdueReport } from "../../src/process/daemon-client.js";
import { bindPoolSocket, type PoolSocket } from "../../src/process/pool-socket.js";
import { daemonSpec, fixture, until } from "./daemon-groups.js";

const python = process.env["MODHOST_PYTHON"] ?? "/usr/bin/python3";
const package_ = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));

/** One Python daemon, with what it said. */
export class PythonDaemon {
  readonly child: ChildProcess;
  readonly said: DaemonToSupervisor[] = [];
  errors = "";
  hasEnded = false;
  readonly #control: ControlLines<SupervisorToDaemon>;

  constructor(spec: DaemonGroupSpec, applicationGroup: string, socket: number, folder: string) {
    this.child = spawn(python, [package_], { stdio: ["ignore", "ignore", "pipe", socket, "pipe"], cwd: folder });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    // What it said last has been read by then.
    this.child.on("close", () => (this.hasEnded = true));
    this.#control = openControlLines<DaemonToSupervisor, SupervisorToDaemon>(this.child.stdio[4] as Duplex, {
      message: (message) => this.said.push(message),
      closed: () => undefined,
    });
    this.tell({ type: "start", spec, applicationGroup, listenBacklog: spec.listenBacklog });
  }

  tell(message: SupervisorToDaemon): void {
    this.#control.send(message);
  }

  /** Closes the control channel, as a supervisor that dies does. */
  forsake(): void {
    this.#control.close();
  }

  has(type: DaemonToSupervisor["type"]): boolean {
    return this.said.some((message) => message.type === type);
  }
}

/** A pool of Python daemons in a folder of its own. */
export class PythonPool {
  readonly folder = mkdtempSync(join(tmpdir(), "modhost-"));
  readonly spec: DaemonGroupSpec;
  readonly daemons: PythonDaemon[] = [];
  readonly clients: DaemonClient[] = [];
  readonly overdue: OverdueReport[] = [];
  readonly #socket: PoolSocket;

  constructor(spec: Partial<DaemonGroupSpec> = {}) {
    this.spec = daemonSpec({ threads: 3, ...spec });
    this.#socket = bindPoolSocket(join(this.folder, "s"));
  }

  get state(): PoolState {
    return {
      processGroup: this.spec.name,
      applicationGroup: "",
      kind: "python",
      socket: this.#socket.path,
      state: "serving",
      revision: 0,
    };
  }

  /** Starts one more process; resolves when it serves. */
  async start(changes: Partial<DaemonGroupSpec> = {}): Promise<PythonDaemon> {
    const daemon = new PythonDaemon({ ...this.spec, ...changes }, "", this.#socket.fd, this.folder);
    this.daemons.push(daemon);
    await until(() => daemon.has("ready") || daemon.hasEnded);
    if (!daemon.has("ready"))
      throw new Error(`the daemon did not start: ${daemon.errors} ${JSON.stringify(daemon.said)}`);
    return daemon;
  }

  /** A client, as each worker has one. */
  client(state: PoolState | null = this.state, { sharesAccount = true } = {}): DaemonClient {
    const client = new DaemonClient({
      spec: this.spec,
      applicationGroup: "",
      sharesAccount,
      overdue: (report) => this.overdue.push(report),
    });
    this.clients.push(client);
    if (state) client.update(state);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    for (const { child, hasEnded } of this.daemons) if (!hasEnded) child.kill("SIGKILL");
    await until(() => this.daemons.every(({ hasEnded }) => hasEnded));
    this.#socket.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** A request as the server would make it, as far as a daemon is concerned. */
export interface TestRequest {
  readonly request: Request;
  readonly call: ApplicationCall;
  /** "level: message" of what was logged. */
  readonly logs: string[];
  /** The client leaves. */
  readonly leave: () => void;
}

/** What may be said of a request. */
export interface RequestOptions {
  readonly script?: string;
  readonly callable?: string;
  readonly method?: string;
  readonly path?: string;
  readonly reloading?: boolean;
  readonly environ?: Readonly<Record<string, string>>;
  /** A Buffer has arrived with the head; a stream is taken when it is asked for. */
  readonly body?: Buffer | Readable;
  /** Content-Length of a streamed body. */
  readonly length?: number;
}

const constant = Object.freeze({ SERVER_SOFTWARE: "modhost", "mod_wsgi.process_group": "test" });

/** Makes a request for a script in test/process/fixtures. */
export function requestFor(options: RequestOptions = {}): TestRequest {
  const { method = "GET", path = "/", body, environ = {}, callable = "application", reloading = true } = options;
  const script = options.script?.startsWith("/") ? options.script : fixture(options.script ?? "styles.wsgi");
  const logs: string[] = [];
  const left = new AbortController();
  const length = Buffer.isBuffer(body) ? body.length : body ? options.length : 0;
  const requestBody: RequestBody = {
    length,
    arrived: Buffer.isBuffer(body) ? body : body ? undefined : Buffer.alloc(0),
    stream: () => (Buffer.isBuffer(body) ? Readable.from([body]) : (body ?? Readable.from([]))),
    discard: () => true,
  };
  const request = {
    id: "AbCdEfGhIjKlMnOpQrStUvWx",
    connection: { signal: left.signal },
    virtualHost: { serverName: "test.example" },
    method: method === "HEAD" ? "GET" : method,
    headOnly: method === "HEAD",
    requestLine: `${method} ${path} HTTP/1.1`,
    headers: new Headers(),
    body: requestBody,
    filename: "",
    file: undefined,
    log: (level: string, _module: string, message: string) => logs.push(`${level}: ${message}`),
  } as unknown as Request;
  const [pathInfo = "", query = ""] = path.split("?");
  const call: ApplicationCall = {
    script,
    callable,
    processGroup: "test",
    applicationGroup: "",
    scriptReloading: reloading,
    constant,
    environ: {
      REQUEST_METHOD: method,
      SCRIPT_NAME: "",
      PATH_INFO: pathInfo,
      QUERY_STRING: query,
      REQUEST_URI: path,
      SERVER_NAME: "test.example",
      SERVER_PORT: "80",
      SERVER_PROTOCOL: "HTTP/1.1",
      HTTP_HOST: "test.example",
      "mod_wsgi.request_start": "1700000000.25",
      ...(length === undefined || length === 0 ? {} : { CONTENT_LENGTH: String(length) }),
      ...environ,
    },
  };
  return { request, call, logs, leave: () => left.abort() };
}

/** The bytes of a response's body; rejects when it breaks off. */
export async function bodyOf({ body }: Response): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  if (!(body instanceof Readable)) throw new TypeError("a body of another kind");
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
