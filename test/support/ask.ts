// Configuration text and files → answers to requests, through the whole pipeline in this process, without a socket.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import {
  answer,
  Headers,
  isFileSlice,
  isParts,
  refuse,
  type ApplicationCall,
  type Applications,
  type Connection,
  type LogEntry,
  type Request,
  type Response,
  type ScriptQuestion,
  type WorkerView,
} from "../../src/api/index.js";
import { compile, type CompiledServer } from "../../src/config/compile.js";
import { readConfiguration } from "../../src/config/expand.js";
import { foreignModules } from "../../src/config/owners.js";
import { modules } from "../../src/modules/index.js";
import { Pipeline } from "../../src/server/pipeline.js";
import type { Sent } from "../../src/server/exchange.js";

/** A request to send; what is left out is ordinary. */
export interface Ask {
  readonly method?: string;
  readonly protocol?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly body?: string | Buffer;
  /** The body comes without a length. */
  readonly chunked?: boolean;
  readonly secure?: boolean;
}

/** What came back. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A configuration that serves. */
export interface Asked {
  readonly root: string;
  readonly server: CompiledServer;
  /** Calls of applications, in order. */
  readonly calls: ApplicationCall[];
  /** Entries of all error logs. */
  readonly log: LogEntry[];
  /** Lines of access logs by target, ROOT cut off. */
  readonly lines: Map<string, string[]>;
  readonly ask: (target: string, ask?: Ask) => Promise<Answered>;
}

/** Beside the configuration. */
export interface AskOptions {
  /** Texts by path below the root. */
  readonly files?: Readonly<Record<string, string>>;
  /** Stands for all scripts that are asked; undefined: no answer. */
  readonly script?: (question: ScriptQuestion) => unknown;
  /** Raises marks that workers share. */
  readonly raise?: NonNullable<WorkerView["raise"]>;
  /** Stands for all applications. */
  readonly application?: (call: ApplicationCall, request: Request) => Response | Promise<Response>;
}

/** Faults of a configuration: "line: reason". */
export function faultsOf(configuration: string, options: AskOptions = {}): { errors: string[]; warnings: string[] } {
  const root = makeRoot(configuration, options);
  const { errors, warnings } = load(root, []);
  const show = (fault: { origin: { file: string; line: number }; message: string }) =>
    `${fault.origin.line - preludeLines(root)}: ${fault.message.replaceAll(root, "ROOT")}`;
  return { errors: errors.map(show), warnings: warnings.map(show) };
}

/** Serves a configuration; "ROOT" in it stands for the server root. Throws where the configuration is at fault. */
export function serve(configuration: string, options: AskOptions = {}): Asked {
  const root = makeRoot(configuration, options);
  const log: LogEntry[] = [];
  const { server, errors } = load(root, log);
  if (!server) throw new Error(errors.map(({ message, origin }) => `${origin.line}: ${message}`).join("\n"));
  const calls: ApplicationCall[] = [];
  const applications: Applications = {
    run: (call, request) => {
      calls.push(call);
      return options.application?.(call, request) ?? answer(200);
    },
    ask: (question) => Promise.resolve(options.script?.(question) as never),
  };
  const lines = new Map<string, string[]>();
  const worker: WorkerView = {
    server,
    errorLog: { write: (entry) => void log.push(entry), takes: () => true },
    secret: Buffer.alloc(32),
    ...(options.raise ? { raise: options.raise } : {}),
    openLog: (target) => {
      const written: string[] = [];
      lines.set(target.replace(`${root}/`, ""), written);
      return { write: (line) => void written.push(line) };
    },
  };
  for (const { lifecycle } of server.modules) void lifecycle.start?.(worker);
  const pipeline = new Pipeline(server, applications);
  let count = 0;
  return {
    ...{ root, server, calls, log, lines },
    ask: (target, ask = {}) => exchange(pipeline, target, ask, count++),
  };
}

const roots: string[] = [];
process.on("exit", () => roots.forEach((root) => rmSync(root, { recursive: true, force: true })));

function makeRoot(configuration: string, { files = {} }: AskOptions): string {
  const root = mkdtempSync(join(tmpdir(), "modhost-ask-"));
  roots.push(root);
  mkdirSync(join(root, "htdocs"));
  mkdirSync(join(root, "logs"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const named = configuration.replaceAll("ROOT", root);
  writeFileSync(join(root, "httpd.conf"), `${prelude(root)}${named}\n`);
  return root;
}

function prelude(root: string): string {
  const loads = modules
    .filter(({ builtIn, name }) => !builtIn && !/^mpm_(worker|prefork)$/.test(name))
    .map(({ symbol, name }) => `LoadModule ${symbol} modules/${name}.so`);
  return `${loads.join("\n")}
Listen 80
ServerName main.test
DocumentRoot ${root}/htdocs
<Directory ${root}>
  Require all granted
</Directory>
`;
}

function preludeLines(root: string): number {
  return prelude(root).split("\n").length - 1;
}

function load(root: string, log: LogEntry[]): ReturnType<typeof compile> {
  const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
  const { tree, errors, warnings } = readConfiguration({
    serverRoot: root,
    file: "httpd.conf",
    environment: {},
    modules: names,
    foreign: foreignModules(names),
  });
  if (errors.length > 0) return { server: undefined, errors, warnings };
  const compiled = compile(tree, modules, {
    openErrorLog: () => ({ write: (entry) => void log.push(entry), takes: () => true }),
  });
  return { ...compiled, warnings: [...warnings, ...compiled.warnings] };
}

async function exchange(pipeline: Pipeline, target: string, ask: Ask, count: number): Promise<Answered> {
  // As what comes from a socket: in a turn of the event loop of its own.
  await new Promise((resolve) => setImmediate(resolve));
  const { method = "GET", protocol = "HTTP/1.1", headers = {}, from = "127.0.0.1" } = ask;
  const body = typeof ask.body === "string" ? Buffer.from(ask.body) : (ask.body ?? Buffer.alloc(0));
  const connection: Connection = {
    id: `connection-${count}`,
    remoteAddress: from,
    remotePort: 50_000,
    localAddress: "127.0.0.1",
    localPort: 80,
    secure: ask.secure ?? false,
    keepalives: count,
    signal: new AbortController().signal,
  };
  const fields = new Headers(Object.entries({ Host: "h.test", ...headers }));
  if (ask.chunked) fields.set("Transfer-Encoding", "chunked");
  else if (body.length > 0) fields.set("Content-Length", String(body.length));
  return new Promise((resolve) => {
    pipeline.handle({
      ...{ connection, method, target, protocol, headers: fields, fault: undefined },
      startTime: performance.timeOrigin + performance.now(),
      requestLine: `${method} ${target} ${protocol}`,
      body: {
        length: ask.chunked ? undefined : body.length,
        arrived: body,
        stream: () => Readable.from([body]),
        discard: () => true,
      },
      limitBody: () => undefined,
      send: (response, _transmission, done) => void finish(response, method, done).then(resolve),
    });
  });
}

async function finish(response: Response, method: string, done: (sent: Sent) => void): Promise<Answered> {
  const { status, headers } = response;
  const body = method === "HEAD" ? "" : await textOf(response.body);
  const sent = { bodyBytes: body.length, bytesIn: 100, bytesOut: 200 + body.length, connectionState: "+" as const };
  done({ status, headers, ...sent });
  return { status, headers, body };
}

async function textOf(body: Response["body"]): Promise<string> {
  if (body === undefined) return "";
  if (Buffer.isBuffer(body)) return body.toString("latin1");
  if (isParts(body)) return (await Promise.all(body.map(textOf))).join("");
  if (isFileSlice(body)) {
    return readFileSync(body.path)
      .subarray(body.offset, body.offset + body.length)
      .toString("latin1");
  }
  let text = "";
  for await (const chunk of body) text += (chunk as Buffer).toString("latin1");
  return text;
}

/** An application that answers with fields and a text. */
export function answering(status: number, fields: readonly (readonly [string, string])[], text = ""): () => Response {
  return () => answer(status, new Headers(fields), Buffer.from(text));
}

/** An application that could not be run. */
export function refusing(status: number): () => Response {
  return () => refuse(status);
}
