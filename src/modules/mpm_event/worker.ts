// The worker MPM, as its name and directives: the processes are those of the event MPM.
import { defineModule, processes } from "../../api/index.js";
import { threadDirectives, workerDirectives } from "./workers.js";

export default defineModule({
  name: "mpm_worker",
  symbol: "mpm_worker_module",
  sources: ["worker.c"],
  summary: "The worker MPM's directives; the HTTP workers are those of mpm_event.",
  settings: processes.settings,
  sharesWith: "mod_unixd",
  provides: { mpm: { worker: true } },
  directives: (directive) => ({ ...workerDirectives(directive, 1), ...threadDirectives(directive) }),
});
