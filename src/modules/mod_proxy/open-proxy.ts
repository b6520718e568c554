// A configuration with ProxyRequests On → an error where nothing says who may use the proxy.
import type { ConfigurationLine, Matcher, Origin, ServerView, VirtualHost } from "../../api/index.js";
import { matcherOf } from "./sections.js";
import { definition } from "./settings.js";

/** What a client may ask for, and what must be there for it. */
const probes = [
  { url: "http://example.com/", kind: "proxyScheme", name: "http" },
  { url: "https://example.com/", kind: "proxyScheme", name: "https" },
  { url: "example.com:443", kind: "proxyConnect", name: "connect" },
] as const;

/** A `<Proxy>` with what it says of access. */
interface ProxySection {
  readonly matcher: Matcher;
  readonly isRestricted: boolean;
}

/** Refuses open proxies. */
export function refuseOpenProxies(server: ServerView): void {
  const told = new Set<Origin | undefined>();
  const [main] = server.virtualHosts;
  for (const host of server.virtualHosts) {
    if (!server.settings(definition, host).forwards) continue;
    const sections = [...sectionsOf(server, main), ...(host === main ? [] : sectionsOf(server, host))];
    const open = probes.find(
      ({ url, kind, name }) =>
        server.providers(kind).has(name) &&
        sections.findLast(({ matcher }) => matches(matcher, url))?.isRestricted !== true,
    );
    if (!open) continue;
    const origin = originOf(server, host) ?? originOf(server, main);
    if (told.has(origin)) continue;
    told.add(origin);
    server.error("ProxyRequests On makes a proxy that is open to everybody: nothing says who may use it", origin, {
      advice:
        'write <Proxy "*"> with Require ip, Require host or a user for those who may; ProxyPass needs no ProxyRequests',
    });
  }
}

function originOf(server: ServerView, host: VirtualHost | undefined): Origin | undefined {
  for (const { virtualHost, settings, origin } of server.everywhere(definition)) {
    if (virtualHost === host && settings.forwards === true) return origin("forwards");
  }
  return undefined;
}

/** The proxy sections of a virtual host that say anything of access, in order. */
function sectionsOf({ tree }: ServerView, host: VirtualHost | undefined): readonly ProxySection[] {
  const isHost = ({ name }: ConfigurationLine): boolean => /^virtualhost$/i.test(name);
  const lines = host?.isMain
    ? tree.nodes.filter((line) => !isHost(line))
    : (tree.nodes.find((line) => isHost(line) && line.origin === host?.origin)?.children ?? []);
  return lines.flatMap((line) => {
    if (!line.children || !/^proxy(match)?$/i.test(line.name)) return [];
    const isRestricted = restricts(line.children);
    const matcher = matcherOf(line);
    return isRestricted === undefined || !matcher ? [] : [{ matcher, isRestricted }];
  });
}

function matches(matcher: Matcher, url: string): boolean {
  return matcher.kind === "proxy" ? url.startsWith(matcher.prefix) : "regex" in matcher && matcher.regex.test(url);
}

/** Whether lines keep anybody out; undefined: they say nothing of access. What holds for some methods alone does not count. */
function restricts(lines: readonly ConfigurationLine[]): boolean | undefined {
  const named = (pattern: RegExp): readonly ConfigurationLine[] => lines.filter(({ name }) => pattern.test(name));
  const rules = named(/^require(all|any|none)?$/i);
  const old = named(/^(order|allow|deny)$/i);
  if (rules.length === 0 && old.length === 0) return undefined;
  return (rules.length > 0 && !rules.some(letsAllIn)) || deniesSome(old);
}

/** The same of Order, Allow and Deny. */
function deniesSome(lines: readonly ConfigurationLine[]): boolean {
  const has = (name: RegExp, text: RegExp): boolean =>
    lines.some((line) => name.test(line.name) && text.test(line.text.trim()));
  const denies = has(/^deny$/i, /^from\s/i) || has(/^order$/i, /^allow\s*,\s*deny$/i);
  return denies && !has(/^allow$/i, /^from\s+all$/i);
}

/** Whether a rule, one of several of which one is enough, is true for everybody. */
function letsAllIn({ name, text, children = [] }: ConfigurationLine): boolean {
  const kind = name.toLowerCase();
  if (kind === "require") return /^all\s+granted$/i.test(text.trim());
  if (kind === "requireall") return children.every(letsAllIn);
  return kind === "requireany" && children.some(letsAllIn);
}
