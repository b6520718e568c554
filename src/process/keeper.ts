// The configuration the keeper was told → modules at work that one process alone may do, beside the workers.
import type { Module, WorkerView } from "../api/index.js";
import type { WorkerStart, WorkerToSupervisor } from "./channel.js";
import { Reports } from "./reports.js";
import { compileServer } from "./serve.js";
import { WorkerTables } from "./shared-tables.js";
import type { PreparedWorker } from "./worker.js";

/** Prepares this process as the keeper: what needs root happens here. Rejects with the reason. */
export function prepareKeeper(
  start: WorkerStart,
  send: (message: WorkerToSupervisor) => void,
  modules: readonly Module[],
): Promise<PreparedWorker> {
  process.title = "modhost: keeper";
  const { logs, server } = compileServer(start, modules);
  const [main] = server.virtualHosts;
  if (!main) throw new Error("the configuration has no main server");
  const { errorLog } = main;
  const reports = new Reports(() => send({ type: "report" }));
  const tables = new WorkerTables((changes) => send({ type: "tables", changes }));
  tables.heard(start.tables);
  const view: WorkerView = {
    server,
    errorLog,
    secret: Buffer.from(start.secret, "base64"),
    openLog: (target) => logs.writer(target),
    report: () => reports.ask(),
    sharedTable: (name, kept) => tables.table(kept ? name : `${name}@${start.generation}`),
    settled: tables.settledBy(reports),
  };
  const begin = server.modules.flatMap(({ lifecycle }) => lifecycle.keep?.(view) ?? []);
  const none = { connections: 0, active: 0, requests: 0 };
  return Promise.resolve({
    errorLog,
    serve: () => {
      for (const each of begin) each();
    },
    pool: () => undefined,
    drain: () => Promise.resolve(),
    duty: () => undefined,
    counts: () => none,
    report: () => null,
    reported: (report) => reports.heard(report),
    tables: (changes) => tables.heard(changes),
    raised: () => undefined,
    close: () => logs.close(),
  } satisfies PreparedWorker);
}
