// The scheme balancer:// of back ends, for mod_proxy; and the page on which its balancers are seen and changed.
import {
  defineModule,
  type ProxyBalancers,
  type ProxyHealth,
  type ProxyScheme,
  type Request,
  type VirtualHost,
  type WorkerView,
} from "../../api/index.js";
import { manage } from "./manage.js";

const balancer: ProxyScheme = { defaultPort: 80 };

/** The worker by virtual host. */
const workers = new WeakMap<VirtualHost, WorkerView>();

function isAsked({ handler, method }: Request): boolean {
  return handler === "balancer-manager" && (method === "GET" || method === "POST");
}

export default defineModule({
  name: "mod_proxy_balancer",
  summary:
    "Lets mod_proxy share requests out among several servers. `SetHandler balancer-manager` shows its balancers on a page, " +
    "where members can be drained, disabled and changed, in all HTTP workers: guard it by Require. `?xml=1` is for programs. Changes " +
    "end with the configuration, unless BalancerPersist is On",
  settings: {},
  directives: () => ({}),
  hooks: {
    handler: {
      rank: "first",
      run(request) {
        if (!isAsked(request)) return undefined;
        const worker = workers.get(request.virtualHost);
        const all = request.providers("proxyBalancers").get("all") as ProxyBalancers | undefined;
        if (!worker || !all) return undefined;
        if (request.rehearsal) return request.rehearsal.insteadOf("shows the balancers");
        const health = request.providers("proxyHealth").get("hcheck") as ProxyHealth | undefined;
        return manage(request, { secret: worker.secret, ...all.of(request.virtualHost), health });
      },
    },
  },
  provides: { proxyScheme: { balancer } },
  lifecycle: {
    start(worker) {
      for (const host of worker.server.virtualHosts) workers.set(host, worker);
    },
  },
});
