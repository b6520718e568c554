// The clock of Apache's modules: there is nothing here that it would wake.
import { arg, defineModule } from "../../api/index.js";

export default defineModule({
  name: "mod_watchdog",
  summary: "Wakes modules of Apache at intervals.",
  builtIn: true,
  settings: {},
  directives: (directive) => ({
    WatchdogInterval: directive({
      args: [arg.duration("seconds")],
      contexts: ["server config"],
      summary: "How often modules are woken.",
      doc: "Has no effect: whatever has to be done at intervals has a clock of its own.",
      example: "WatchdogInterval 5",
      default: "1",
      set: () => undefined,
    }),
  }),
});
