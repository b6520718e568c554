// What mod_proxy remembers.
import { defineSettings, list, value, type Origin, type Setting, type SettingsOf } from "../../api/index.js";
import type { AllParameters, Parameters } from "./parameters.js";
import type { DirectRule, RemoteRule } from "./remote.js";
import type { CookieRule, ReverseRule } from "./reverse.js";
import { isAlone, type ProxyRule } from "./rules.js";
import type { Target } from "./target.js";

/** Words of ProxyVia. */
export type Via = "Off" | "On" | "Full" | "Block";

/** A ProxySet line, or the parameters of a `<Proxy>`: they are for back ends whose URL begins so. */
export interface SetLine {
  /** "http://host:port/path" or "balancer://name", scheme and host in lower case. */
  readonly url: string;
  readonly parameters: AllParameters;
}

/** A BalancerMember line. */
export interface MemberLine {
  /** "balancer://name", in lower case. */
  readonly balancer: string;
  /** As written. */
  readonly url: string;
  readonly target: Target;
  readonly parameters: Parameters;
  readonly origin: Origin;
}

const rules = list<ProxyRule>("outer first");
const inheritedRules: Setting<readonly ProxyRule[]> = {
  ...rules,
  nest: (outer, inner) => (isAlone(inner) ? inner : rules.nest(outer, inner)),
};

export const definition = defineSettings("mod_proxy", {
  /** Those of the main server come before a virtual host's, as in Apache. */
  rules: inheritedRules,
  /** ProxyPass of a `<Location>`. */
  sectionRule: value<ProxyRule | undefined>(undefined),
  sets: list<SetLine>("outer first"),
  members: list<MemberLine>("outer first"),
  /** Virtual hosts that do not take over the balancers of the main server. */
  ownBalancersOnly: value<boolean>(false),
  keepsBalancers: value<boolean>(false),
  reverses: list<ReverseRule>("outer first"),
  cookieDomains: list<CookieRule>("outer first"),
  cookiePaths: list<CookieRule>("outer first"),
  interpolates: value<boolean>(false),
  preserveHost: value<boolean>(false),
  addHeaders: value<boolean>(true),
  passesExpect: value<boolean>(true),
  /** Milliseconds; undefined: Timeout. */
  timeout: value<number | undefined>(undefined),
  via: value<Via>("Off"),
  /** Max-Forwards of requests that have none; below 0: none. */
  maxForwards: value<number>(-1),
  sourceAddress: value<string | undefined>(undefined),
  /** Parts of names of hosts that nothing is passed on to; "*" for all. */
  blocked: list<string>("outer first"),
  /** Whether this server is a proxy for requests that name other servers. */
  forwards: value<boolean>(false),
  /** Other proxies that requests go through, and the hosts that are reached without. */
  remotes: list<RemoteRule>("outer first"),
  direct: list<DirectRule>("outer first"),
  /** ".intern.example", put behind names without dots. */
  domain: value<string | undefined>(undefined),
  /** Statuses whose pages are the server's own; "errors" for all from 400 on. */
  errorOverride: value<ReadonlySet<number> | "errors" | undefined>(undefined),
});

export type ProxySettings = SettingsOf<typeof definition.settings>;
