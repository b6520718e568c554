// The name "memcache" of a cache that processes share.
import { arg, defineModule } from "../../api/index.js";

export default defineModule({
  name: "mod_socache_memcache",
  summary:
    "Lets `memcache` be named as a cache that Apache's processes share; workers here share what they need without",
  settings: {},
  directives: (directive) => ({
    MemcacheConnTTL: directive({
      args: [arg.duration("time")],
      contexts: ["server config", "virtual host"],
      summary: "Says how long Apache keeps connections to memcache servers",
      doc: "Accepted without effect: nothing is kept in memcache servers here.",
      default: "15s",
      example: "MemcacheConnTTL 30s",
      set: () => undefined,
    }),
  }),
  provides: { socache: { memcache: true } },
});
