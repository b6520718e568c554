// The whole configuration → faults of ProxyPass lines that no single line shows.
import type { ProxyScheme, ServerView } from "../../api/index.js";
import { balancerName, balancerNames } from "./balancer.js";
import { moduleOf } from "./handler.js";
import { hiddenRules, type ProxyRule } from "./rules.js";
import { definition } from "./settings.js";
import type { Address } from "./target.js";

/** Warns of lines that never match, of schemes without a module, and of balancers without members. */
export function checkProxies(server: ServerView): void {
  const schemes = server.providers("proxyScheme");
  const wanting = new Set<string>();
  const names = balancerNames(server);
  for (const { virtualHost, settings } of server.everywhere(definition)) {
    for (const { rule, by } of hiddenRules(settings.rules ?? [])) {
      server.warn(
        `The ${rule.directive} directive will never match because an earlier ${by.directive} takes its path`,
        rule.origin,
      );
    }
    for (const rule of [...(settings.rules ?? []), ...(settings.sectionRule ? [settings.sectionRule] : [])]) {
      const address = addressOf(rule);
      if (!address) continue;
      const { scheme } = address;
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
    for (const { target, origin } of settings.members ?? []) {
      const { scheme } = target.address;
      if (wanting.has(scheme) || schemes.has(scheme)) continue;
      wanting.add(scheme);
      server.warn(`no module is loaded for ${scheme}:// back ends: a2enmod proxy_${moduleOf(scheme)}`, origin);
    }
  }
}

function addressOf({ destination }: ProxyRule): Address | undefined {
  if (destination?.kind === "back end") return destination.target.address;
  return destination?.kind === "filled path" ? destination.address : undefined;
}
