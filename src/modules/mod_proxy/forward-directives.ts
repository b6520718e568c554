// Directives of forward proxying → settings.
import { arg, optional, rest, type DirectiveMaker, type Directives } from "../../api/index.js";
import { parseDirect, parseRemote, remoteTest } from "./remote.js";
import type { definition } from "./settings.js";

type Settings = typeof definition.settings;

const contexts = ["server config", "virtual host"] as const;

/** ProxyRequests, and what is said of other proxies. */
export function forwardDirectives(directive: DirectiveMaker<Settings>): Directives<Settings> {
  return {
    ProxyRequests: directive({
      args: [arg.flag()],
      contexts,
      summary: "Whether this server is a forward proxy",
      doc:
        "On, requests whose target is a whole URL (`GET http://other.example/`) are passed on to the server it names, unless " +
        "that is the virtual host itself; CONNECT needs mod_proxy_connect. ProxyPass works without it. Who may use the " +
        'proxy must be said in `<Proxy "*">`: without such a section, or with `Require all granted` there, the server does ' +
        "not start, since a proxy that is open to everybody is soon used for spam and attacks. A `Require` that wants a user " +
        "asks for it by 407 and Proxy-Authorization. Nothing tells the servers who the client is: X-Forwarded-For is for " +
        "reverse proxies alone. Beware of what this machine can reach: ProxyBlock keeps hosts and addresses out.",
      default: "Off",
      example: 'ProxyRequests On\nProxyVia On\n<Proxy "*">\n  Require ip 192.168.0.0/16\n</Proxy>',
      set: ([forwards]) => ({ forwards }),
    }),
    ProxyRemote: directive({
      args: [arg.word("match"), arg.word("proxy URL"), optional(arg.word("credentials"))],
      contexts,
      summary: "Another proxy that requests go through",
      doc:
        "For URLs that begin with `match`, have it for a scheme, or all (`*`), of ProxyPass lines too. The proxy is " +
        "`http://host:port`; servers with https:// are reached through it by CONNECT. `user:password` at the end is sent to it. " +
        "The first line that fits is taken. Back ends of other schemes (fcgi, scgi, uwsgi) and Unix sockets are always " +
        "reached without.",
      example: "ProxyRemote * http://proxy.example:3128",
      set: ([match, url, credentials], place) => ({
        remotes: [{ test: remoteTest(match), remote: parseRemote(url, credentials, place) }],
      }),
    }),
    ProxyRemoteMatch: directive({
      args: [arg.regex("regex"), arg.word("proxy URL"), optional(arg.word("credentials"))],
      contexts,
      summary: "Another proxy that requests go through, by a regular expression for URLs",
      doc: "Otherwise as ProxyRemote.",
      example: 'ProxyRemoteMatch "\\.example/" http://proxy.example:3128',
      set: ([regex, url, credentials], place) => ({
        remotes: [{ test: (text) => regex.test(text), remote: parseRemote(url, credentials, place) }],
      }),
    }),
    NoProxy: directive({
      args: [rest(arg.word("host"))],
      contexts,
      summary: "Hosts that are reached without the proxy of ProxyRemote",
      doc:
        "A domain with a dot in front (all below it), a host, an address, a part of one (`192.168.`) or a subnet; hosts are " +
        "looked up to see whether they are in it.",
      example: "NoProxy .intern.example 10.0.0.0/8 files.example",
      set: ([words], place) => ({ direct: words.map((word) => parseDirect(word, place)) }),
    }),
    ProxyDomain: directive({
      args: [arg.word("domain")],
      contexts,
      summary: "The domain of names without dots that clients of a forward proxy ask for",
      doc: "They are redirected to the name with the domain behind it.",
      example: "ProxyDomain .intern.example",
      set: ([domain], place) =>
        domain.startsWith(".") ? { domain } : place.fail(`must start with a dot, found "${domain}"`),
    }),
  };
}
