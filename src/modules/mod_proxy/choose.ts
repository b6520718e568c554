// A request for a balancer → the member it goes to: by its session's route, else by the balancer's method.
import type { BalanceMethod, Request } from "../../api/index.js";
import type { Balancer } from "./balancer.js";
import type { Member } from "./member.js";

/** What the environment of a request says of the choice, in Apache's names. */
const names = ["SESSION_STICKY", "SESSION_ROUTE", "NAME", "WORKER_NAME", "WORKER_ROUTE", "ROUTE_CHANGED"] as const;

/** Chooses a member; a text says why there is none. Members in `tried` have failed this request. */
export function choose(request: Request, balancer: Balancer, tried: ReadonlySet<Member>): Member | string {
  recoverAll(balancer);
  const { sticky, failsOver = true } = balancer.parameters;
  const route = sticky ? routeOf(request, balancer) : undefined;
  const { environment } = request;
  for (const name of names) environment.delete(`BALANCER_${name}`);
  let isChanged = false;
  let member: Member | undefined;
  if (sticky && route !== undefined && route !== "") {
    environment.set("BALANCER_SESSION_STICKY", sticky.cookie);
    environment.set("BALANCER_SESSION_ROUTE", route);
    const meant = balancer.members.find((each) => each.route === route);
    member = meant && !tried.has(meant) && meant.isUsable(true) ? meant : redirected(balancer, meant, tried);
    if (!member && !failsOver) return `AH01167: ${balancer.name}: All workers are in error state for route (${route})`;
    isChanged = member?.route !== route;
    if (member) countTurn(balancer, member);
  } else if (sticky) isChanged = true;
  member ??= byMethod(request, balancer, tried);
  if (!member) return `AH01166: ${balancer.name}: All workers are in error state`;
  environment.set("BALANCER_NAME", balancer.name);
  environment.set("BALANCER_WORKER_NAME", member.url);
  environment.set("BALANCER_WORKER_ROUTE", member.route);
  if (isChanged) environment.set("BALANCER_ROUTE_CHANGED", "1");
  return member;
}

/** Requests of sessions count among the turns of those without. */
function countTurn({ members }: Balancer, chosen: Member): void {
  for (const member of members) {
    if (!member.isUsable(true)) continue;
    member.turns += member.loadFactor;
    chosen.turns -= member.loadFactor;
  }
}

/** Where all members are in error, all are tried again at once. */
function recoverAll({ members, parameters: { forceRecovery = true } }: Balancer): void {
  if (!forceRecovery || members.length === 0 || !members.every((member) => member.failedAt > 0 && member.isFailing))
    return;
  for (const member of members) member.recover();
}

/** The members that `redirect` of the meant one names by their route. */
function redirected(balancer: Balancer, meant: Member | undefined, tried: ReadonlySet<Member>): Member | undefined {
  if (!meant || meant.redirect === "") return undefined;
  return balancer.members.find((each) => each.route === meant.redirect && !tried.has(each) && each.isUsable(true));
}

function byMethod(request: Request, balancer: Balancer, tried: ReadonlySet<Member>): Member | undefined {
  const methods = request.providers("proxyBalanceMethod") as ReadonlyMap<string, BalanceMethod>;
  const method = methods.get(balancer.method);
  if (!method) {
    request.log("error", "proxy_balancer", `AH01168: ${balancer.name}: lbmethod ${balancer.method} is not loaded`);
    return undefined;
  }
  const candidates = candidatesOf(balancer.members, tried);
  return candidates.length === 0 ? undefined : (method.choose(candidates) as Member | undefined);
}

/** Usable members of the first set that has any: spares in the place of those that fail, hot standbys where there is none. */
function candidatesOf(members: readonly Member[], tried: ReadonlySet<Member>): readonly Member[] {
  const sets = [...new Set(members.map(({ set }) => set))].sort((a, b) => a - b);
  const isFree = (member: Member): boolean => !tried.has(member) && member.isUsable();
  for (const set of sets) {
    for (const isStandby of [false, true]) {
      const own = members.filter((member) => member.set === set && member.has("H") === isStandby);
      const regular = own.filter((member) => !member.has("R"));
      const usable = regular.filter(isFree);
      const spares = own.filter((member) => member.has("R") && isFree(member));
      const candidates = [...usable, ...spares.slice(0, regular.length - usable.length)];
      if (candidates.length > 0) return candidates;
    }
  }
  return [];
}

/** The route of a request's session: behind the separator in the value of its path parameter or cookie. */
export function routeOf(request: Request, { parameters }: Balancer): string | undefined {
  const { sticky, separator = ".", semicolons = false } = parameters;
  if (!sticky) return undefined;
  const session = pathParameter(request.target, sticky.path, semicolons) ?? cookieOf(request, sticky.cookie);
  if (session === undefined) return undefined;
  // Without a separator the whole value is the route.
  if (separator === "") return session;
  const at = session.indexOf(separator);
  return at < 0 ? undefined : session.slice(at + 1);
}

function pathParameter(target: string, name: string, semicolons: boolean): string | undefined {
  for (let at = target.indexOf(name); at >= 0; at = target.indexOf(name, at + 1)) {
    const before = target.charAt(at - 1);
    if ((before !== ";" && before !== "?" && before !== "&") || target.charAt(at + name.length) !== "=") continue;
    const value = target.slice(at + name.length + 1);
    return (semicolons ? /^[^?&;]*/ : /^[^?&]*/).exec(value)?.[0];
  }
  return undefined;
}

function cookieOf({ headers }: Request, name: string): string | undefined {
  const cookies = headers.get("cookie");
  for (const cookie of cookies?.split(/[;,]/) ?? []) {
    const [key = "", ...value] = cookie.trim().split("=");
    if (key.trim() === name) return value.join("=");
  }
  return undefined;
}
