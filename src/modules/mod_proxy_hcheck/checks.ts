// Members that are to be checked → checks at their times, and members taken out and in again.
import {
  healthKeys,
  type ExpressionContext,
  type ProxyBalancer,
  type ProxyBalancers,
  type ProxyMember,
  type ProxyScheme,
  type ProxyTlsProvider,
  type Request,
  type VirtualHost,
  type WorkerView,
} from "../../api/index.js";
import type { Answer } from "./answer.js";
import { ask } from "./ask.js";
import { checkOf, conditionOf } from "./settings.js";

/** Milliseconds between looks at whose turn it is: while something is checked, and else. */
const tick = 100;
const slowTick = 1000;

/** What conditions see of the answer a request stands for. */
const bodies = new WeakMap<Request, string>();

/** The body a health check got. */
export function bodyFor(request: Request): string | undefined {
  return bodies.get(request);
}

/** Checks the members of all balancers, until it is ended. */
export class Checks {
  readonly #worker: WorkerView;
  readonly #most: number;
  /** When each was checked last, or first seen. */
  readonly #checkedAt = new WeakMap<ProxyMember, number>();
  readonly #running = new Set<ProxyMember>();
  #timer: NodeJS.Timeout | undefined;

  /** `most`: checks at the same time. */
  constructor(worker: WorkerView, most: number) {
    this.#worker = worker;
    this.#most = most;
    this.#look();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hasEnded = true;
  }

  #hasEnded = false;

  readonly #look = (): void => {
    let isChecking = false;
    const seen = new Set<ProxyBalancer>();
    const { server } = this.#worker;
    const all = server.providers("proxyBalancers").get("all") as ProxyBalancers | undefined;
    for (const host of server.virtualHosts) {
      for (const balancer of all?.of(host).balancers ?? []) {
        // Those of the main server are known to all virtual hosts.
        if (seen.has(balancer)) continue;
        seen.add(balancer);
        for (const member of balancer.members) isChecking = this.#consider(member, host) || isChecking;
      }
    }
    this.#timer = setTimeout(this.#look, isChecking ? tick : slowTick).unref();
  };

  /** Begins a check where it is time; says whether the member is one that is checked. */
  #consider(member: ProxyMember, host: VirtualHost): boolean {
    const check = checkOf(member, this.#worker.server, host);
    if (check.method === "NONE" || member.has("S")) return false;
    const now = Date.now();
    const since = this.#checkedAt.get(member);
    if (since === undefined) this.#checkedAt.set(member, now);
    else if (now - since > check.interval && !this.#running.has(member) && this.#running.size < this.#most) {
      this.#running.add(member);
      void this.#check(member, host).finally(() => {
        this.#running.delete(member);
        this.#checkedAt.set(member, Date.now());
      });
    }
    return true;
  }

  async #check(member: ProxyMember, host: VirtualHost): Promise<void> {
    const fault = await this.#faultOf(member, host);
    if (this.#hasEnded) return;
    const { passes, fails } = checkOf(member, this.#worker.server, host);
    const numberOf = (name: string): number => Number(member.kept(name) ?? 0);
    // As Apache counts: what goes the other way in between does not begin anew.
    if (member.has("C") || member.failedAt > 0 || member.has("E")) {
      if (fault !== undefined) return;
      const passed = numberOf(healthKeys.passed) + 1;
      const isIn = passed >= passes;
      member.change({ ...(isIn ? { C: false, E: false, failedAt: 0 } : {}), [healthKeys.passed]: isIn ? 0 : passed });
      if (isIn) this.#log(host, `AH03302: Health check ENABLING ${member.url}`);
    } else if (fault !== undefined) {
      const failed = numberOf(healthKeys.failed) + 1;
      const isOut = failed >= fails;
      member.change({ ...(isOut ? { C: true } : {}), [healthKeys.failed]: isOut ? 0 : failed });
      if (isOut) this.#log(host, `AH03303: Health check DISABLING ${member.url}: ${fault}`);
    }
  }

  /** What is wrong with a member. */
  async #faultOf(member: ProxyMember, host: VirtualHost): Promise<string | undefined> {
    const { server, imagine } = this.#worker;
    const scheme = server.providers("proxyScheme").get(member.address.scheme) as ProxyScheme | undefined;
    if (!scheme || !imagine) return `no module is loaded for ${member.address.scheme}://`;
    const check = checkOf(member, server, host);
    try {
      const request = imagine(host);
      const tls = scheme.secure ? tlsFor(request) : undefined;
      const answer = await ask(member, { check, scheme, tls });
      return answer && (await this.#judge(answer, request, check.expression));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** What is wrong with an answer, by the condition of that name where there is one, else by its status. */
  async #judge(answer: Answer, request: Request, name: string): Promise<string | undefined> {
    const { status, headers, body } = answer;
    const condition = conditionOf(name, this.#worker.server, request.virtualHost);
    if (!condition) return status >= 200 && status <= 399 ? undefined : `its status is ${status}`;
    bodies.set(request, body);
    request.contentType = headers.get("content-type");
    const context: ExpressionContext = { response: { status, headers } };
    return (await condition.test(request, context)) ? undefined : `${name} is not true of its answer`;
  }

  #log({ errorLog }: VirtualHost, message: string): void {
    errorLog.write({ level: "info", module: "proxy_hcheck", message });
  }
}

function tlsFor(request: Request): ReturnType<ProxyTlsProvider["settingsFor"]> {
  for (const provider of request.providers("proxyTls").values()) {
    const tls = (provider as ProxyTlsProvider).settingsFor(request);
    if (tls) return tls;
  }
  return undefined;
}
