// The event MPM: the directives of Apache's default, with what they mean here.
import { arg, defineModule, processes } from "../../api/index.js";
import { threadDirectives, workerDirectives } from "./workers.js";

export default defineModule({
  name: "mpm_event",
  symbol: "mpm_event_module",
  sources: ["event.c"],
  summary: "HTTP workers, each serving many connections: what Apache's event MPM is to it.",
  settings: processes.settings,
  sharesWith: "mod_unixd",
  provides: { mpm: { event: true } },
  directives: (directive) => ({
    ...workerDirectives(directive, 3),
    ...threadDirectives(directive),
    AsyncRequestWorkerFactor: directive({
      args: [arg.word("factor")],
      contexts: ["server config"],
      summary: "How many idle connections Apache takes for each idle thread.",
      doc: "Has no effect: `MaxRequestWorkers` counts with Apache's default, 2.",
      example: "AsyncRequestWorkerFactor 2",
      default: "2",
      set: () => undefined,
    }),
  }),
});
