// The whole configuration → faults of ProxyPass lines that no single line shows.
import type { Origin, ProxyHealth, ProxyScheme, ServerView, VirtualHost } from "../../api/index.js";
import { balancerName } from "./balancer-lines.js";
import { balancerNames } from "./balancer.js";
import { moduleOf } from "./handler.js";
import { hiddenRules, type ProxyRule } from "./rules.js";
import type { AllParameters, Parameters } from "./parameters.js";
import { definition } from "./settings.js";
import { shareBackEnds } from "./sharing.js";
import type { Address } from "./target.js";

/** Warns of lines that never match, of schemes without a module, and of balancers without members. */
export function checkProxies(server: ServerView): void {
  const schemes = server.providers("proxyScheme");
  const wanting = new Set<string>();
  const names = balancerNames(server);
  checkSharing(server);
  for (const { virtualHost, settings } of server.everywhere(definition)) {
    for (const { rule, by } of hiddenRules(settings.rules ?? [])) {
      server.warn(
        `The ${rule.directive} directive will never match because an earlier ${by.directive} takes its path`,
        rule.origin,
        {
          related: [{ origin: by.origin, text: `the earlier ${by.directive}` }],
          advice: "write the longer path first",
        },
      );
    }
    for (const rule of [...(settings.rules ?? []), ...(settings.sectionRule ? [settings.sectionRule] : [])]) {
      const address = addressOf(rule);
      if (!address) continue;
      const { scheme } = address;
      const { health } = rule.destination?.parameters ?? {};
      checkHealth(health, { server, virtualHost, origin: rule.origin });
      if (health && scheme !== "balancer") {
        server.warn(`hc*= parameters have no effect here: members of balancers are checked`, rule.origin);
      }
      if (!wanting.has(scheme) && !(schemes.get(scheme) as ProxyScheme | undefined)) {
        wanting.add(scheme);
        server.warn(
          `no module is loaded for ${scheme}:// back ends, requests for them get a 500: a2enmod proxy_${moduleOf(scheme)}`,
          rule.origin,
        );
      }
      if (scheme !== "balancer" || wanting.has(address.authority)) continue;
      const name = balancerName(address.authority);
      const hosts = virtualHost.isMain ? [...names.values()] : [names.get(virtualHost)];
      if (hosts.some((known) => known?.has(name))) continue;
      wanting.add(address.authority);
      server.warn(`${name} has no BalancerMember, requests for it get a 503`, rule.origin);
    }
    checkMethods(server, [...(settings.rules ?? []).map(({ destination }) => destination), ...(settings.sets ?? [])]);
    for (const { parameters } of settings.sets ?? []) checkHealth(parameters.health, { server, virtualHost });
    for (const { target, origin, parameters } of settings.members ?? []) {
      checkHealth(parameters.health, { server, virtualHost, origin });
      const { scheme } = target.address;
      if (wanting.has(scheme) || schemes.has(scheme)) continue;
      wanting.add(scheme);
      server.warn(`no module is loaded for ${scheme}:// back ends: a2enmod proxy_${moduleOf(scheme)}`, origin);
    }
  }
}

/** Parameters that say something else than those that hold. */
function checkSharing(server: ServerView): void {
  for (const { rule, owner } of shareBackEnds(server)) {
    const [said, held] = [rule, owner].map(({ destination }) => JSON.stringify(destination?.parameters ?? {}));
    if (said === "{}" || said === held) continue;
    server.warn(
      `the parameters of this ${rule.directive} are not used: an earlier line has the same back end, and as in Apache its ` +
        "parameters hold for both; write them there",
      rule.origin,
      { related: [{ origin: owner.origin, text: "the earlier line" }] },
    );
  }
}

/** lbmethod= names a module that is loaded. */
function checkMethods(server: ServerView, lines: readonly ({ parameters: AllParameters } | undefined)[]): void {
  const known = server.providers("proxyBalanceMethod");
  for (const method of new Set(lines.map((line) => line?.parameters.balancer?.method))) {
    if (method === undefined || known.has(method)) continue;
    const names = [...known.keys()].join(", ") || "none";
    server.error(`lbmethod=${method}: no such method is loaded (${names} are): a2enmod lbmethod_${method}`);
  }
}

/** hc*= parameters need their module, and the templates and conditions they name. */
function checkHealth(
  words: Parameters["health"],
  { server, virtualHost, origin }: { server: ServerView; virtualHost: VirtualHost; origin?: Origin },
): void {
  if (!words) return;
  const health = server.providers("proxyHealth").get("hcheck") as ProxyHealth | undefined;
  const fault = health ? health.faultIn(words, server, virtualHost) : "needs mod_proxy_hcheck: a2enmod proxy_hcheck";
  if (fault !== undefined) server.error(`hc*= parameters: ${fault}`, origin);
}

function addressOf({ destination }: ProxyRule): Address | undefined {
  if (destination?.kind === "back end") return destination.target.address;
  return destination?.kind === "filled path" ? destination.address : undefined;
}
