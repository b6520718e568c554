// ProxyPass lines with the same back end → the one whose parameters hold for a request, as in Apache.
import type { ServerView, VirtualHost } from "../../api/index.js";
import type { AllParameters } from "./parameters.js";
import type { ProxyRule } from "./rules.js";
import { definition } from "./settings.js";
import { comparable, nameOf } from "./target.js";

/** Back ends of a virtual host by their URLs, each with the line that named it first. */
type Names = Map<string, ProxyRule>;

/** A line, and the one whose parameters hold for it. */
interface Shared {
  readonly rule: ProxyRule;
  readonly owner: ProxyRule;
}

/** Lines with the back end of another line, and that one; its owner in turn is a line of the main server. */
const owners = new WeakMap<ProxyRule, ProxyRule>();
/** Lines with a URL that those of others begin with, and among which others those are. */
const deeper = new WeakMap<ProxyRule, readonly Names[]>();

/**
 * Finds the lines whose back end an earlier line of the same virtual host has named, by the same URL or by a shorter one that
 * theirs begins with: Apache has one worker for both, with the parameters of the first. A request gets the worker with the longest
 * URL that its own begins with; one of the main server goes before that of a virtual host.
 */
export function shareBackEnds(server: ServerView): Shared[] {
  const all = [...server.everywhere(definition)].flatMap(({ virtualHost, settings: { rules = [], sectionRule } }) =>
    [...rules, ...(sectionRule ? [sectionRule] : [])].map((rule) => ({ virtualHost, rule })),
  );
  const byHost = new Map<VirtualHost, Names>();
  const shared: Shared[] = [];
  for (const { virtualHost, rule } of all.sort((one, other) => one.rule.number - other.rule.number)) {
    const name = workerName(rule);
    if (name === undefined) continue;
    const names: Names = byHost.get(virtualHost) ?? new Map<string, ProxyRule>();
    byHost.set(virtualHost, names);
    const owner = longest(name, leastOf(rule, name), [names]);
    if (owner) {
      owners.set(rule, owner);
      shared.push({ rule, owner });
    } else names.set(name, rule);
  }
  const main = [...byHost].find(([{ isMain }]) => isMain)?.[1] ?? new Map<string, ProxyRule>();
  for (const names of byHost.values()) shared.push(...markDeeper(names, main));
  return shared;
}

/** Notes which lines of a virtual host have longer URLs behind theirs; gives those that a line of the main server goes before. */
function* markDeeper(names: Names, main: Names): Iterable<Shared> {
  const both = names === main ? [main] : [main, names];
  for (const [name, rule] of both.flatMap((each) => [...each])) {
    const owner = main.get(name);
    if (owner && owner !== rule) {
      owners.set(rule, owner);
      yield { rule, owner };
    }
    for (let length = name.length - 1; length >= leastOf(rule, name); length--) {
      const shorter = names.get(name.slice(0, length));
      if (shorter) deeper.set(shorter, both);
    }
  }
}

/** The URL that Apache's worker has; undefined where there is none, or it is made anew for each request. */
function workerName({ destination }: ProxyRule): string | undefined {
  if (destination?.kind !== "back end" || destination.target.address.scheme === "balancer") return undefined;
  return comparable(nameOf(destination.target));
}

/** The length of the URL without its path. */
function leastOf({ destination }: ProxyRule, name: string): number {
  return destination?.kind === "back end" ? name.length - destination.target.path.length : name.length;
}

function longest(url: string, least: number, all: readonly Names[]): ProxyRule | undefined {
  for (let length = url.length; length >= least; length--) {
    const start = url.slice(0, length);
    for (const names of all) {
      const found = names.get(start);
      if (found) return found;
    }
  }
  return undefined;
}

/** The parameters that hold for a request by a line; the URL with what was added to that of the line. */
export function parametersOfRule(rule: ProxyRule, url: string): AllParameters {
  const first = owners.get(rule) ?? rule;
  const owner = owners.get(first) ?? first;
  const behind = deeper.get(owner);
  const name = behind && workerName(owner);
  const found = name === undefined ? undefined : longest(comparable(url), leastOf(owner, name), behind ?? []);
  return (found ?? owner).destination?.parameters ?? {};
}
