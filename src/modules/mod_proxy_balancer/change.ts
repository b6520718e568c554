// The values of a form → changes of a member or a balancer; those that make no sense are passed over, as in Apache.
import {
  duration,
  healthKeys,
  healthMethods,
  healthUri,
  leastHealthInterval,
  type ProxyBalancer,
  type ProxyHealth,
  type ProxyMember,
  type Request,
  type SharedRecord,
} from "../../api/index.js";

type Values = ReadonlyMap<string, string>;
type Changes = Record<string, string | number | boolean>;

const flags = ["I", "N", "D", "H", "R", "C", "S"] as const;
const longestRoute = 63;

/** Changes a member. */
export function changeMember(
  member: ProxyMember,
  values: Values,
  { request, health }: { readonly request: Request; readonly health: ProxyHealth | undefined },
): void {
  const changes: Changes = {};
  const factor = Math.trunc(Number.parseFloat(values.get("w_lf") ?? "") * 100);
  if (factor >= 100 && factor <= 10_000) changes["loadFactor"] = factor;
  for (const [name, part] of [
    ["w_wr", "route"],
    ["w_rr", "redirect"],
  ] as const) {
    const value = values.get(name);
    if (value !== undefined && !hasControls(value)) changes[part] = value.length > longestRoute ? "" : value;
  }
  for (const flag of flags) {
    const value = values.get(`w_status_${flag}`);
    if (value !== undefined) changes[flag] = integer(value) !== 0;
  }
  const set = integer(values.get("w_ls"), 0);
  if (values.has("w_ls") && set >= 0 && set <= 99) changes["set"] = set;
  if (health) Object.assign(changes, healthChanges(values, health.conditions(request.virtualHost)));
  if (Object.keys(changes).length > 0) member.change(changes);
  if (!health) return;
  const { method, expression } = health.checkOf(member, request.virtualHost);
  // What is no request has no answer that a condition could be on.
  if ((method === "NONE" || method === "TCP") && expression !== "") member.change({ [healthKeys.expression]: "" });
}

function healthChanges(values: Values, conditions: ReadonlyMap<string, string>): SharedRecord {
  const changes: Changes = {};
  const interval = duration(values.get("w_hi") ?? "", "ms");
  if (interval !== undefined && interval >= leastHealthInterval) changes[healthKeys.interval] = interval;
  for (const [name, key] of [
    ["w_hp", healthKeys.passes],
    ["w_hf", healthKeys.fails],
  ] as const) {
    const count = integer(values.get(name));
    if (count >= 1) changes[key] = count;
  }
  const method = healthMethods.find((each) => each === values.get("w_hm")?.toUpperCase());
  if (method) changes[healthKeys.method] = method;
  const uri = values.get("w_hu");
  if (uri !== undefined) changes[healthKeys.uri] = healthUri(Buffer.from(uri, "latin1").toString()) ?? "";
  const expression = values.get("w_he");
  if (expression !== undefined) changes[healthKeys.expression] = conditions.has(expression) ? expression : "";
  return changes;
}

/** Changes a balancer; a text says why a member could not be added. */
export function changeBalancer(balancer: ProxyBalancer, values: Values, request: Request): string | undefined {
  const changes: Changes = {};
  const method = values.get("b_lbm");
  if (method !== undefined && method !== balancer.method && request.providers("proxyBalanceMethod").has(method)) {
    changes["method"] = method;
  }
  const timeout = integer(values.get("b_tmo"), -1);
  if (timeout >= 0 && timeout <= 7200) changes["timeout"] = timeout * 1000;
  const attempts = integer(values.get("b_max"), -1);
  if (attempts >= 0 && attempts <= 99) changes["maxAttempts"] = attempts;
  const force = values.get("b_sforce");
  if (force !== undefined) changes["failsOver"] = integer(force) === 0;
  const sticky = values.get("b_ss");
  if (sticky !== undefined && sticky !== "" && sticky.length < 63 && !hasControls(sticky)) {
    changes["sticky"] = sticky === "-" ? "" : sticky.replace(/ *\| */, "|");
  }
  if (Object.keys(changes).length > 0) balancer.change(changes);
  const url = values.get("b_nwrkr");
  if (values.get("b_wyes") !== "1" || url === undefined) return undefined;
  const added = balancer.add(Buffer.from(url, "latin1").toString());
  return typeof added === "string" ? added : undefined;
}

/** As atoi: the number a text begins with, 0 where it begins with none. */
function integer(text: string | undefined, missing = 0): number {
  return text === undefined ? missing : Number(/^\s*[+-]?\d{1,9}/.exec(text)?.[0] ?? 0);
}

/** Such values would end up in fields of answers. */
function hasControls(text: string): boolean {
  return [...text].some((character) => character < " " || character === "\x7f");
}
