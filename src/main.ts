// Arguments → a command carried out; or, in a process that the supervisor forked, an HTTP worker.
import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { modules } from "./modules/index.js";
import { explainCommand } from "./process/explain-command.js";
import { prepareKeeper } from "./process/keeper.js";
import { runCommand, standardOutput, type Program } from "./process/run-command.js";
import { prepareWorker } from "./process/serve.js";
import { runWorker } from "./process/worker.js";
import { init } from "./tools/init.js";
import { findServerRoot, namedRoot } from "./tools/server-root.js";
import { forgiveClosedReader } from "./tools/terminal.js";

/** The server root of a main file that is named: the nearest one, else the folder of the file. */
function rootFor(file: string): string {
  try {
    return findServerRoot(undefined).path;
  } catch (error) {
    if (!isAbsolute(file) || !existsSync(file)) throw error;
    return dirname(file);
  }
}

for (const stream of [process.stdout, process.stderr]) forgiveClosedReader(stream);

const packageRoot = fileURLToPath(new URL("..", import.meta.url));
const pythonPackage = resolve(packageRoot, "python/modhost_wsgi");
const args = process.argv.slice(2);

if (cluster.isWorker) {
  runWorker((start, send) =>
    start.role === "keeper"
      ? prepareKeeper(start, send, modules)
      : prepareWorker(start, send, { modules, pythonPackage }),
  );
} else if (args[0] === "init") process.exitCode = init(args.slice(1));
else {
  const program: Program = {
    modules,
    findRoot: ({ serverRoot, file }) => {
      if (file === undefined) return findServerRoot(serverRoot);
      const named = serverRoot ?? namedRoot(process.env);
      const path = named === undefined ? rootFor(file) : resolve(named);
      return { path, mainFile: resolve(path, file) };
    },
    daemons: {
      pythonDaemon: pythonPackage,
      nodeDaemon: resolve(dirname(fileURLToPath(import.meta.url)), "process/node-daemon.js"),
      nodeOptions: [],
    },
  };
  const status = await (args[0] === "explain"
    ? explainCommand(args.slice(1), program, standardOutput)
    : runCommand(args, program));
  // Standard output may be a pipe with bytes in it still: the process ends by itself, unless a server ran in it.
  if (cluster.workers && process.listenerCount("SIGTERM") > 0) process.exit(status);
  process.exitCode = status;
}
