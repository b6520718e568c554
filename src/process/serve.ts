// The configuration a worker was told → a server: compiled, logs open, modules started, ready to accept.
import { resolve } from "node:path";
import {
  core,
  isLogProgram,
  matchLimit,
  onGivenUp,
  processes,
  showOrigin,
  type ErrorLog,
  type GivenUp,
  type Module,
  type WorkerReport,
  type WorkerView,
} from "../api/index.js";
import { compile, type CompiledServer } from "../config/compile.js";
import type { Tree } from "../config/tree.js";
import { openLogs, type OpenLogs } from "../log/open-logs.js";
import { serve, type ServeOptions, type Serving, type ServingReport } from "../server/listen.js";
import { Pipeline } from "../server/pipeline.js";
import { WorkerApplications } from "./applications.js";
import type { WorkerStart, WorkerToSupervisor } from "./channel.js";
import { Duties } from "./duties.js";
import { EmbeddedPython } from "./embedded-python.js";
import { mostConnections } from "./descriptors.js";
import { inheritedSocket } from "./listeners.js";
import { MarkQuestions } from "./mark-questions.js";
import { Reports } from "./reports.js";
import { WorkerTables } from "./shared-tables.js";
import { SupervisorLog } from "./supervisor-log.js";
import type { PreparedWorker } from "./worker.js";

/** What a worker needs of the program around it. */
export interface WorkerProgram {
  readonly modules: readonly Module[];
  /** The Python package modhost_wsgi, a folder. */
  readonly pythonPackage: string;
}

/** Prepares this worker. What needs root happens here: logs are opened, modules start. Rejects with the reason. */
export async function prepareWorker(
  start: WorkerStart,
  send: (message: WorkerToSupervisor) => void,
  { modules, pythonPackage }: WorkerProgram,
): Promise<PreparedWorker> {
  const { logs, server } = compileServer(start, modules);
  const [main] = server.virtualHosts;
  if (!main) throw new Error("the configuration has no main server");
  const { errorLog } = main;
  const secret = Buffer.from(start.secret, "base64");
  const passingSecret = Buffer.from(start.passingSecret, "base64");
  const reports = new Reports(() => send({ type: "report" }));
  const tables = new WorkerTables((changes) => send({ type: "tables", changes }));
  tables.heard(start.tables);
  const sharedTable: WorkerView["sharedTable"] = (name, kept) =>
    tables.table(kept ? name : `${name}@${start.generation}`);
  const marks = new MarkQuestions((id, rise) => send({ type: "raise", id, rise }));
  const openLog: WorkerView["openLog"] = (target) => logs.writer(target);
  const duties = new Duties();
  let serving: Serving | undefined;
  const view: WorkerView = {
    ...{ server, errorLog, secret, passingSecret, openLog, sharedTable },
    load: () => serving?.load() ?? { active: 0, capacity: start.maxConnections },
    report: () => reports.ask(),
    duty: (begin) => duties.add(begin),
    settled: tables.settledBy(reports),
    raise: (rise) => marks.raise(rise),
    imagine: (virtualHost) => handler.imagine(virtualHost),
  };
  for (const { lifecycle } of server.modules) {
    await lifecycle.start?.(view);
  }
  const { embeddedPython } = server;
  const python =
    embeddedPython &&
    new EmbeddedPython({ spec: embeddedPython, pythonPackage, errorLog, report: () => reports.ask() });
  const applications = new WorkerApplications({
    python,
    groups: server.daemonGroups,
    pools: start.pools,
    identity: start.identity,
    send,
    kept: (script, failure) =>
      logLines(errorLog, `${script} was changed and cannot be loaded; the former goes on: ${failure}`),
  });
  const handler = new Pipeline(server, applications);
  const forgetPatterns = onGivenUp((given) => logGivenUp(errorLog, given));
  return {
    errorLog,
    serve: async () => {
      await python?.preload();
      const { listenBacklog } = start;
      const most = mostConnections();
      if (most < start.maxConnections) {
        const message = `MaxRequestWorkers would let this worker hold ${start.maxConnections} connections; its limit of open files allows ${most}. Raise the limit (ulimit -n), or lower MaxRequestWorkers`;
        errorLog.write({ level: "warn", module: "mpm_event", message });
      }
      const maxConnections = Math.min(start.maxConnections, most);
      const sockets = start.sockets.map(({ fd, address, port }) => ({
        where: inheritedSocket(fd),
        ...(address.startsWith("unix:") ? { unix: { address, port } } : {}),
      }));
      const share = shareOf(server, send);
      serving = await serve({ handler, sockets, backlog: listenBacklog, maxConnections, ...(share ? { share } : {}) });
    },
    pool: (state) => applications.pool(state),
    drain: async (milliseconds) => {
      duties.end();
      await serving?.drain(milliseconds);
    },
    ownerOf: (error) => applications.scriptOf(error),
    counts: () => serving?.counts() ?? { connections: 0, active: 0, requests: 0 },
    report: () => (serving ? withProcessorTime(serving.report()) : null),
    reported: (report) => reports.heard(report),
    tables: (changes) => tables.heard(changes),
    raised: (id, verdict) => marks.heard(id, verdict),
    duty: () => duties.begin(),
    ended: () => (python?.isUsed ? python.end() : undefined),
    close: async () => {
      forgetPatterns();
      applications.close();
      await python?.close();
      for (const { lifecycle } of server.modules) {
        await lifecycle.stop?.(view);
      }
      await logs.close();
    },
  };
}

/** MaxConnectionsPerChild: a successor is asked for when so many connections have come. */
function shareOf(server: CompiledServer, send: (message: WorkerToSupervisor) => void): ServeOptions["share"] {
  const [main] = server.virtualHosts;
  const connections = main ? server.settings(processes, main).maxConnectionsPerWorker : 0;
  if (connections === 0) return undefined;
  return { connections, done: () => send({ type: "leaving", reason: "MaxConnectionsPerChild", orderly: true }) };
}

function withProcessorTime(report: ServingReport): WorkerReport {
  const { user, system } = process.cpuUsage();
  return { ...report, userTime: user / 1000, systemTime: system / 1000 };
}

/** The server of a tree that the supervisor has checked, with all its error logs open. */
export function compileServer(
  start: Pick<WorkerStart, "tree" | "readings">,
  modules: readonly Module[],
): { logs: OpenLogs; server: CompiledServer } {
  const tree = start.tree as Tree;
  const where = (target: string): string => (isLogProgram(target) ? target : resolve(tree.serverRoot, target));
  const main: { errorLog?: ErrorLog } = {};
  const logs = openLogs({
    openProgram: (target, dropped) => new SupervisorLog(target, dropped),
    dropped: (target, lines, reason) =>
      main.errorLog?.write({
        level: "warn",
        module: "core",
        message: `${lines} lines for ${target} were dropped: ${reason}`,
      }),
  });
  const { server, errors } = compile(tree, modules, {
    openErrorLog: ({ serverName, core: { errorLog, logLevels, ...formats } }) =>
      logs.errorLog(where(errorLog), logLevels, {
        serverName,
        message: formats.errorLogFormat,
        connection: formats.connectionLogFormats,
        request: formats.requestLogFormats,
      }),
    unchecked: true,
    readings: start.readings,
  });
  if (!server) throw errors[0] ?? new Error("the configuration does not compile");
  // Virtual hosts are made when they are first asked for; by then this process may not open files any more.
  for (const { settings } of server.everywhere(core)) {
    if (settings.errorLog !== undefined) logs.writer(where(settings.errorLog));
  }
  const [host] = server.virtualHosts;
  if (host) main.errorLog = host.errorLog;
  return { logs, server };
}

/** A match that was given up counts as none, and whoever wrote the pattern has to hear of it. */
function logGivenUp(log: ErrorLog, { pattern, origin, length }: GivenUp): void {
  const place = origin ? ` of ${showOrigin(origin)}` : "";
  const message =
    `the regular expression "${pattern}"${place} was given up after ${matchLimit} ms on a text of ${length} characters, and ` +
    "counts as not matching: it can be matched in too many ways (docs/patterns.md)";
  log.write({ level: "error", module: "core", message });
}

function logLines(log: ErrorLog, text: string): void {
  for (const message of text.trimEnd().split("\n")) log.write({ level: "error", module: "wsgi", message });
}
