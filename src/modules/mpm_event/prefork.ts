// The prefork MPM, as its name and directives: the processes are those of the event MPM.
import { defineModule, processes } from "../../api/index.js";
import { spareDirectives, workerDirectives } from "./workers.js";

export default defineModule({
  name: "mpm_prefork",
  symbol: "mpm_prefork_module",
  sources: ["prefork.c"],
  summary: "The prefork MPM's directives; the HTTP workers are those of mpm_event.",
  settings: processes.settings,
  sharesWith: "mod_unixd",
  provides: { mpm: { prefork: true } },
  directives: (directive) => ({ ...workerDirectives(directive, 1), ...spareDirectives(directive) }),
});
