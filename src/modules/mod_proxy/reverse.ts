// ProxyPassReverse lines → URLs and cookies of back ends as the outside sees them.
import type { Request } from "../../api/index.js";
import { balancerOf } from "./balancer.js";
import { definition } from "./settings.js";
import { interpolate } from "./translate.js";

/** A ProxyPassReverse line: a URL (or path) of a back end, and the path it is reached by. */
export interface ReverseRule {
  readonly url: string;
  readonly path: string;
  /** `${NAME}` stands for variables of the environment, where ProxyPassInterpolateEnv is On. */
  readonly interpolates: boolean;
}

/** A line of ProxyPassReverseCookieDomain or ProxyPassReverseCookiePath. */
export interface CookieRule {
  readonly from: string;
  readonly to: string;
  readonly interpolates: boolean;
}

/** A URL of Location and its like, by the first rule it begins with; itself where there is none. */
export function reverseUrl(url: string, rules: readonly ReverseRule[], request: Request): string {
  for (const { url: from, path } of rules.flatMap((rule) => meant(rule, request))) {
    // A rule for a path looks at the path of a full URL only.
    const part = from.startsWith("/") ? pathOf(url) : url;
    if (part.slice(0, from.length).toLowerCase() !== from.toLowerCase()) continue;
    const mapped = path + part.slice(from.length);
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(mapped) ? mapped : request.absoluteUrl(mapped);
  }
  return url;
}

/** The rule for this request: names filled in, and one for each member in the place of a balancer's. */
function meant(rule: ReverseRule, request: Request): ReverseRule | readonly ReverseRule[] {
  const { path } = rule;
  const url = rule.interpolates ? filled(rule.url, request) : rule.url;
  const { name, rest = "" } = /^(?<name>balancer:\/\/[^/]*)(?<rest>.*)$/is.exec(url)?.groups ?? {};
  if (name === undefined) return rule.interpolates ? { ...rule, url, path: filled(path, request) } : rule;
  const members = balancerOf(request.virtualHost, name)?.members ?? [];
  return members.map((member) => {
    const own = member.url.replace(/^unix:[^|]*\|/, "");
    return { ...rule, url: own.endsWith("/") && rest.startsWith("/") ? own + rest.slice(1) : own + rest };
  });
}

function filled(text: string, request: Request): string {
  return request.settings(definition).interpolates ? interpolate(text, request) : text;
}

function pathOf(url: string): string {
  const scheme = url.indexOf("://");
  const slash = scheme < 0 ? -1 : url.indexOf("/", scheme + 3);
  return slash < 0 ? url : url.slice(slash);
}

/** A Set-Cookie value with its path and domain replaced, each as a whole, where they begin with that of a rule. */
export function reverseCookie(
  cookie: string,
  request: Request,
  { cookieDomains, cookiePaths }: { cookieDomains: readonly CookieRule[]; cookiePaths: readonly CookieRule[] },
): string {
  const text = (value: string, { interpolates }: CookieRule): string => (interpolates ? filled(value, request) : value);
  let mapped = cookie;
  if (cookiePaths.length > 0) {
    mapped = mapped.replace(/(;\s*path=)([^;]*)/i, (whole, name: string, value: string) => {
      const rule = cookiePaths.find((each) => value.startsWith(text(each.from, each)));
      return rule ? name + text(rule.to, rule) : whole;
    });
  }
  if (cookieDomains.length > 0) {
    mapped = mapped.replace(/(;\s*domain=)([^;]*)/i, (whole, name: string, value: string) => {
      const rule = cookieDomains.find((each) => value.toLowerCase().startsWith(text(each.from, each).toLowerCase()));
      return rule ? name + text(rule.to, rule) : whole;
    });
  }
  return mapped;
}
