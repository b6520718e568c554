// The part of core that `<IfModule http_core.c>` and `http_module` name: keep-alive.
import { arg, core, defineModule } from "../../api/index.js";
import { hosts } from "./contexts.js";

export default defineModule({
  name: "http_core",
  symbol: "http_module",
  sources: ["http_core.c"],
  summary: "How long connections are kept between requests.",
  builtIn: true,
  settings: core.settings,
  sharesWith: "core",
  directives: (directive) => ({
    KeepAlive: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether a connection may carry more than one request.",
      doc: "Off, each response ends its connection.",
      example: "KeepAlive On",
      default: "On",
      set: ([keepAlive]) => ({ keepAlive }),
    }),

    KeepAliveTimeout: directive({
      args: [arg.duration("time")],
      contexts: hosts,
      summary: "How long a kept connection may wait for its next request.",
      doc: "A bare number counts seconds, `ms` may follow.",
      example: "KeepAliveTimeout 500ms",
      default: "5",
      set: ([keepAliveTimeout]) => ({ keepAliveTimeout }),
    }),

    MaxKeepAliveRequests: directive({
      args: [arg.int("number")],
      contexts: hosts,
      summary: "Most requests on one connection.",
      doc: "0 is without limit.",
      example: "MaxKeepAliveRequests 500",
      default: "100",
      set: ([maxKeepAliveRequests]) => ({ maxKeepAliveRequests }),
    }),
  }),
});
