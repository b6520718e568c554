// The name "redis" of a cache that processes share.
import { arg, defineModule, type Directive, type DirectiveMaker } from "../../api/index.js";

const settings = {};

function time(
  directive: DirectiveMaker<typeof settings>,
  name: string,
  what: string,
  initial: string,
): Directive<typeof settings> {
  return directive({
    args: [arg.duration("time")],
    contexts: ["server config", "virtual host"],
    summary: `Says how long Apache ${what}`,
    doc: "Accepted without effect: nothing is kept in Redis servers here.",
    default: initial,
    example: `${name} 10s`,
    set: () => undefined,
  });
}

export default defineModule({
  name: "mod_socache_redis",
  summary: "Lets `redis` be named as a cache that Apache's processes share; workers here share what they need without",
  settings,
  directives: (directive) => ({
    RedisConnPoolTTL: time(directive, "RedisConnPoolTTL", "keeps connections to Redis servers", "15s"),
    RedisTimeout: time(directive, "RedisTimeout", "waits for Redis servers", "5s"),
  }),
  provides: { socache: { redis: true } },
});
