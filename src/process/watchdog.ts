// A worker whose supervisor has died → its end, also when an application keeps the process busy for ever.
import { Worker } from "node:worker_threads";

/** Looks from a thread of its own: the main thread may be in a loop that never ends. It imports nothing, so it is small. */
const program = `
  const { workerData } = require("node:worker_threads");
  setInterval(() => {
    if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
  }, 1000);
`;

/** Kills this process a second or two after its parent has gone. Does not keep it alive. */
export function endWithParent(): void {
  const watchdog = new Worker(program, {
    eval: true,
    workerData: process.ppid,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  // Without it there is still the channel, whose end any worker notices that is not stuck.
  watchdog.on("error", () => undefined);
  watchdog.unref();
}
