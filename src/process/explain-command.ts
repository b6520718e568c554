// Arguments of "modhost explain" → the explanation of one request, printed; and the exit status.
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { core, type ErrorLog, type LogEntry, type Module, type WorkerView } from "../api/index.js";
import { compile, type CompiledServer } from "../config/compile.js";
import { readEnvvars } from "../config/envvars.js";
import { showOutcome } from "../config/show-error.js";
import type { Tree } from "../config/tree.js";
import { explain, listeningLog, type Question, type Rehearsal } from "./explain.js";
import { explanationText } from "./explain-text.js";
import { configurationOf, mainOf, readServer, type LoadRequest } from "./load.js";
import { dropPrivileges } from "./privileges.js";
import type { Output } from "./control.js";
import { withStandingArguments } from "./standing-arguments.js";
import type { Program } from "./run-command.js";

/** How to use it, for standard error. */
export const explainUsage = `Usage: modhostctl [-d FOLDER] explain [--method M] [--header "Name: value"] [--from ADDRESS] [--to ADDRESS]
                                       [--format text|json] [--full] URL
  Takes a request for URL through the configuration as the server would, and tells what happens to it and by which lines.
  Nothing is sent: applications do not run, back ends are not asked. "*" in place of a URL is what OPTIONS asks of the whole server.
  --method M        method, in place of GET
  --header FIELD    a request field; may be repeated; Host in place of the URL's
  --from ADDRESS    address of the client, in place of 127.0.0.1
  --to ADDRESS      local address the connection comes to, in place of what Listen says for the URL's port
  --format json     for programs
  --full            steps that did nothing, and every line in force
`;

const text = { type: "string" } as const;
const options = {
  root: { ...text, short: "d" },
  file: { ...text, short: "f" },
  define: { ...text, short: "D", multiple: true },
  method: text,
  header: { ...text, multiple: true },
  from: text,
  to: text,
  format: text,
  full: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Explains a request and gives the exit status: 0 when it could be, 1 when the configuration or the arguments are at fault. */
export async function explainCommand(args: readonly string[], program: Program, { out, err }: Output): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [url, ...more] = positionals;
    const { format = "text" } = values;
    if (values.help === true) {
      out(explainUsage.trimEnd());
      return 0;
    }
    if (url === undefined || more.length > 0 || !["text", "json"].includes(format)) {
      err(explainUsage.trimEnd());
      return 1;
    }
    const root = program.findRoot({ serverRoot: values.root, file: values.file });
    const envvars = readEnvvars(root.path, process.env);
    const standing = withStandingArguments(envvars, []);
    if ("wrong" in standing) throw new TypeError(standing.wrong);
    const { defines, before, after } = standing;
    const read = rehearse({
      serverRoot: root.path,
      file: root.mainFile,
      defines: [...defines, ...(values.define ?? [])],
      before,
      after,
      environment: { ...process.env },
      envvars,
      own: [],
      debug: false,
      modules: program.modules,
    });
    if ("errors" in read) {
      err(read.errors);
      return 1;
    }
    const question = questionFor(url, values, read.server);
    const { listens } = read.server;
    if (!listens.some(({ port }) => port === question.localPort)) {
      const ports = [...new Set(listens.map(({ port }) => port))].join(", ");
      err(`warning: nothing listens on port ${question.localPort}; Listen names ${ports === "" ? "no port" : ports}`);
    }
    await startModules(read.server);
    // As a worker: what its user may not read is refused here too.
    const { identity } = configurationOf(read.server).configuration;
    if (identity) dropPrivileges(identity);
    const explanation = await explain(read, question);
    if (format === "json") out(JSON.stringify(explanation, undefined, 2));
    else out(explanationText(explanation, { root: read.server.serverRoot, full: values.full === true }).trimEnd());
    return 0;
  } catch (error) {
    err(`modhost explain: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** Reads and compiles as `-t` does; the error logs of the server write to whoever listens. */
export function rehearse(request: LoadRequest): Rehearsal | { readonly errors: string } {
  const { tree, server, errors, warnings } = readServer(request);
  if (!server) return { errors: showOutcome({ errors, warnings }, tree.sources).trimEnd() };
  return rehearsalOf(tree, request.modules);
}

/** Compiles a tree that was checked before, as workers do. */
export function rehearsalOf(tree: Tree, modules: readonly Module[]): Rehearsal {
  let hear: (entry: LogEntry) => void = () => undefined;
  const openErrorLog = (): ErrorLog => listeningLog((entry) => hear(entry));
  const { server, errors } = compile(tree, modules, { openErrorLog, unchecked: true });
  if (!server) throw errors[0] ?? new TypeError("a configuration that was sound no longer compiles");
  return { server, listen: (listener) => (hear = listener) };
}

/** Starts the modules as a worker does, with logs that go nowhere. */
export async function startModules(server: CompiledServer): Promise<void> {
  const { errorLog } = mainOf(server);
  const openLog = (): { write(line: string): void } => ({ write: () => undefined });
  const view: WorkerView = { server, errorLog, openLog, secret: randomBytes(32), isRehearsal: true };
  for (const { lifecycle } of server.modules) await lifecycle.start?.(view);
}

/** The request that a client would make of a URL, or of a path on the first address listened on. */
export function questionFor(
  given: string,
  values: { method?: string; header?: string[]; from?: string; to?: string },
  server: CompiledServer,
): Question {
  const listens = server.settings(core, mainOf(server)).listens;
  const [first] = listens;
  const base = `http://localhost:${first?.port ?? 80}`;
  const match = /^(?:(https?):\/\/([^/?#]*))?(\*$|[/?][^#]*)?(?:#.*)?$/i.exec(given);
  if (!match || given === "") throw new Error(`"${given}" is neither a URL nor a path that starts with "/"`);
  const [, scheme = "http", authority = base.slice("http://".length), path = "/"] = match;
  const secure = scheme.toLowerCase() === "https";
  const { host = "", port } = /^(?:[^@]*@)?(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/.exec(authority)?.groups ?? {};
  if (host === "") throw new Error(`"${given}" names no host`);
  const fields = (values.header ?? []).map(readField);
  if (!fields.some(([name]) => name.toLowerCase() === "host")) fields.unshift(["Host", authority.replace(/^.*@/, "")]);
  const remoteAddress = values.from ?? "127.0.0.1";
  for (const address of [remoteAddress, ...(values.to === undefined ? [] : [values.to])]) {
    if (isIP(address) === 0) throw new Error(`"${address}" is no IP address`);
  }
  const localPort = port === undefined ? (secure ? 443 : 80) : Number(port);
  return {
    method: values.method ?? "GET",
    target: encodeBytes(/^[/*]/.test(path) ? path : `/${path}`),
    headers: fields,
    secure,
    localAddress: values.to ?? localAddressFor(host, localPort, listens),
    localPort,
    remoteAddress,
  };
}

/** A character that no client would send as it is, as the bytes it would send. */
function encodeBytes(target: string): string {
  return target.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

function readField(line: string): [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon).trim();
  if (colon < 1 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    throw new Error(`--header "${line}": write "Name: value"`);
  }
  return [name, line.slice(colon + 1).trim()];
}

/** Where a connection for that host and port arrives: an address in the URL itself, else the one that Listen names. */
function localAddressFor(
  host: string,
  port: number,
  listens: readonly { readonly address: string; readonly port: number }[],
): string {
  const literal = host.replace(/^\[|\]$/g, "");
  if (isIP(literal) !== 0) return literal;
  const listen = listens.find((each) => each.port === port);
  const address = listen?.address.replace(/^\[|\]$/g, "") ?? "";
  return isIP(address) !== 0 && !["0.0.0.0", "::"].includes(address) ? address : "127.0.0.1";
}
