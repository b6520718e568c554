// ProxyPass lines → requests passed on to back ends, and their responses to the client.
import { arg, byteString, core, defineModule, optional, rest, type Place, type Request } from "../../api/index.js";
import { allBalancers, forgetBalancers, makeBalancers } from "./balancer.js";
import { checkProxies } from "./check.js";
import { closeConnections } from "./known-connections.js";
import { memberDirectives, otherDirectives } from "./directives.js";
import { takeForwarded } from "./forward.js";
import { handle, isProxied } from "./handler.js";
import type { ReverseRule } from "./reverse.js";
import { refuseOpenProxies } from "./open-proxy.js";
import { shareBackEnds } from "./sharing.js";
import { locationAround, parseRule } from "./rules.js";
import { proxySections } from "./sections.js";
import { definition, type Via } from "./settings.js";
import { dropSpool } from "./spooled.js";
import { isMapped, mapsEncoded, translate } from "./translate.js";

const hosts = ["server config", "virtual host"] as const;
const alsoSections = ["server config", "virtual host", "directory"] as const;

const parametersDoc =
  "Lines whose URL is that of an earlier line of the same virtual host, or begins with it, share its parameters, as in Apache; `-t` warns of their own. " +
  "Behind the URL: `timeout=` (seconds; longest pause of the back end), `connectiontimeout=`, `max=` (connections of one " +
  "HTTP worker) with `acquire=` (milliseconds to wait for one), `ttl=` (seconds a connection idles in the pool, 60 unless " +
  "written), `disablereuse=On`, `enablereuse=`, `keepalive=On`, `ping=` (longest wait for `100 Continue` before a body is " +
  "sent), `upgrade=websocket` (or another protocol, `ANY`, `NONE`), and the flags `nocanon`, `noquery` and `interpolate`. `min=`, `smax=`, `addressttl=`, " +
  "`flushpackets=`, `flushwait=`, `iobuffersize=`, `receivebuffersize=` and `responsefieldsize=` are accepted and change " +
  "nothing: bytes go on as they come. `retry=`, `status=`, `route=`, `redirect=`, `loadfactor=` and `lbset=` are for " +
  "members of balancers. `mapping=encoded` compares and passes on the path as it was sent, `%2F` included, which then need no " +
  "AllowEncodedSlashes; `mapping=servlet` does the same, and looks at paths as servlets do: without `;parameters` of their segments, " +
  "and with what is left of dot segments resolved. `<Location>` sections then see that path. `timeout=`, `ttl=` and `retry=` are seconds; a unit " +
  "behind them counts for nothing, as in Apache. `flusher=` and `secret=` (of AJP) have no effect. Variables of the environment: `no-proxy` keeps a request out, " +
  "`proxy-nokeepalive` gives it a connection of its own, `proxy-initial-not-pooled` a new one to the first request of a " +
  "client; `force-proxy-request-1.0` sends HTTP/1.0, `proxy-sendcl` a length in place of chunks (the body waits in a " +
  "file), `proxy-interim-response=Suppress` keeps 1xx responses back, `Proxy-Chain-Auth` passes Proxy-Authorization on; " +
  "`proxy-sendextracrlf` has no effect: behind a body, two more bytes are the beginning of another request. ";
const mappingDoc =
  "The back end is `http://host[:port]/path` or `https://...` (with SSLProxyEngine), which need mod_proxy_http; `ws://` or " +
  "`wss://` (mod_proxy_wstunnel), `fcgi://`, `scgi://`, `uwsgi://` (the module of that name), or `balancer://name` with " +
  "BalancerMember lines (mod_proxy_balancer). `unix:/path/of/socket|http://localhost/path` stands for a Unix socket. " +
  "Lines are tried in the order of the file, those of the main server before a virtual host's, and the first match wins, " +
  "before any Alias. `!` in place of the URL keeps a path out. ";
const wireDoc =
  "The rest of the path goes on byte for byte as the client sent it; where it had dot segments or doubled slashes in it, " +
  "as access rules saw it, encoded anew. Connections to back ends are kept for the next request. A back end that cannot " +
  "be reached is a 503, one that answers nothing, too late or not in HTTP a 502, and one that breaks off in the middle of " +
  "a response breaks the client's connection off. ";

export default defineModule({
  name: "mod_proxy",
  summary: "Passes requests on to other servers (reverse proxy, forward proxy)",
  settings: definition.settings,
  directives: (directive) => {
    const pass = (asRegex: boolean, words: { summary: string; doc: string; example: string }) =>
      directive({
        args: [rest(arg.word("path or URL"))],
        contexts: alsoSections,
        ...words,
        set: (values, place) => {
          const rule = parseRule(values[0], asRegex, place);
          return isTopLevel(place) ? { rules: [rule] } : { sectionRule: rule };
        },
      });
    return {
      ProxyPass: pass(false, {
        summary: "Passes requests for a path and what is below it on to a back end",
        doc:
          `${mappingDoc}What follows the path in the request is added to the URL, so both should end with a slash or both ` +
          `without. In a \`<Location>\` it takes the URL alone. ${wireDoc}${parametersDoc}`,
        example:
          "ProxyPass /static/ !\nProxyPass / http://127.0.0.1:3000/ timeout=30\nProxyPassReverse / http://127.0.0.1:3000/",
      }),
      ProxyPassMatch: pass(true, {
        summary: "Passes requests on whose path matches a regular expression",
        doc:
          `${mappingDoc}\`$1\` to \`$9\` in the URL stand for the parenthesised groups, of the decoded path; a URL without any gets ` +
          `the whole path behind it. In a \`<LocationMatch>\` it takes the URL alone. ${wireDoc}${parametersDoc}`,
        example: 'ProxyPassMatch "^/(.*\\.json)$" "http://127.0.0.1:3000/data/$1"',
      }),
      ProxyPassReverse: directive({
        args: [arg.word("path or URL"), optional(arg.word("URL")), optional(arg.oneOf("flag", "interpolate"))],
        contexts: alsoSections,
        summary: "Makes the redirects of a back end lead to this server",
        doc:
          "A URL in Location, Content-Location, URI or Destination that begins with the URL of the back end gets this server's " +
          "name and the path in its place. In a `<Location>` it takes the URL alone. Lines are tried in order.",
        example: "ProxyPass /app http://127.0.0.1:3000\nProxyPassReverse /app http://127.0.0.1:3000",
        set: (words, place) => ({ reverses: [reverseRule(words, place)] }),
      }),
      ProxyPassReverseCookieDomain: cookieDirective("Domain", "localhost www.example.org", (rule) => ({
        cookieDomains: [rule],
      })),
      ProxyPassReverseCookiePath: cookieDirective("Path", "/ /app/", (rule) => ({ cookiePaths: [rule] })),
      ProxyPreserveHost: directive({
        args: [arg.flag()],
        contexts: alsoSections,
        summary: "Gives the back end the Host field of the client",
        doc: "Off, the back end gets the host and port of its own URL.",
        default: "Off",
        example: "ProxyPreserveHost On",
        set: ([preserveHost]) => ({ preserveHost }),
      }),
      ProxyAddHeaders: directive({
        args: [arg.flag()],
        contexts: alsoSections,
        summary: "Tells back ends of the client in X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Server",
        doc: "What a client sent under these names stays in front of what is added: back ends should trust the last item alone.",
        default: "On",
        example: "ProxyAddHeaders Off",
        set: ([addHeaders]) => ({ addHeaders }),
      }),
      ProxyTimeout: directive({
        args: [arg.int("seconds", { min: 1 })],
        contexts: hosts,
        summary: "The longest pause of a back end",
        doc: "In seconds. A back end that has not answered by then is a 502; in the middle of a response the connection breaks off. `timeout=` of ProxyPass goes before it.",
        default: "Value of Timeout",
        example: "ProxyTimeout 30",
        set: ([seconds]) => ({ timeout: seconds * 1000 }),
      }),
      ProxyVia: directive({
        args: [arg.oneOf("switch", "Off", "On", "Full", "Block")],
        contexts: hosts,
        summary: "Whether this server adds itself to the Via field of requests and responses",
        doc: "Full adds the product and its version; Block takes Via away from requests.",
        default: "Off",
        example: "ProxyVia On",
        set: ([via]): { via: Via } => ({ via }),
      }),
      ProxyErrorOverride: directive({
        args: [arg.flag(), rest(optional(arg.int("status", { min: 400, max: 599 })))],
        contexts: alsoSections,
        summary: "Replaces the error pages of back ends by this server's",
        doc: "On, for all statuses from 400 on, or those that are listed: the client gets the ErrorDocument or the built-in page.",
        default: "Off",
        example: "ProxyErrorOverride On 500 502 503",
        set: ([on, statuses]) => ({
          errorOverride: !on ? undefined : statuses.length === 0 ? "errors" : new Set(statuses.filter(isNumber)),
        }),
      }),
      ...memberDirectives(directive),
      ...otherDirectives(directive),
      ...proxySections,
    };

    function cookieDirective(
      part: "Domain" | "Path",
      example: string,
      change: (rule: { from: string; to: string; interpolates: boolean }) => {
        cookieDomains?: (typeof rule)[];
        cookiePaths?: (typeof rule)[];
      },
    ) {
      const name = part.toLowerCase();
      return directive({
        args: [arg.word(`internal-${name}`), arg.word(`public-${name}`), optional(arg.oneOf("flag", "interpolate"))],
        contexts: alsoSections,
        summary: `Replaces the ${name} of cookies that a back end sets`,
        doc: `A ${name} that begins with the internal one becomes the public one, as a whole. Lines are tried in order.`,
        example: `ProxyPassReverseCookie${part} ${example}`,
        set: ([from, to, interpolate]) =>
          change({ from: byteString(from), to: byteString(to), interpolates: interpolate !== undefined }),
      });
    }
  },
  hooks: {
    postReadRequest: {
      rank: "first",
      when: ({ forwards }) => forwards,
      run: (request) => {
        if (request.isForwarded) takeForwarded(request);
        return undefined;
      },
    },
    preTranslateName: {
      rank: "first",
      when: mapsEncoded,
      run: (request, settings) => (translate(request, settings, true) ? "done" : undefined),
    },
    translateName: {
      rank: "first",
      when: ({ rules, sectionRule, forwards }) => rules.length > 0 || sectionRule !== undefined || forwards,
      run: (request, settings) =>
        request.isForwarded || isMapped(request) || translate(request, settings) ? "done" : undefined,
    },
    mapToStorage: {
      rank: "first",
      run: (request) => {
        if (!isProxied(request)) return undefined;
        // TRACE is refused by core where TraceEnable is off, and else goes on to the back end.
        return request.method === "TRACE" && request.settings(core).traceEnable === "off" ? undefined : "done";
      },
    },
    handler: { rank: "first", run: handle },
    logTransaction: { run: ({ request, original }) => dropSpool(request, original) },
  },
  provides: {
    proxy: { pass: true },
    proxyBalancers: { all: allBalancers },
    forwardProxy: { proxy: (request: Request) => request.settings(definition).forwards },
  },
  lifecycle: {
    check(server) {
      checkProxies(server);
      refuseOpenProxies(server);
    },
    start(worker) {
      shareBackEnds(worker.server);
      makeBalancers(worker);
    },
    stop() {
      closeConnections();
      forgetBalancers();
    },
  },
});

function isTopLevel({ context }: Place): boolean {
  return context === "server config" || context === "virtual host";
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

function reverseRule(
  [first, second, interpolate]: readonly [string, string | undefined, "interpolate" | undefined],
  place: Place,
): ReverseRule {
  const around = locationAround(place);
  const isFlag = second?.toLowerCase() === "interpolate";
  const interpolates = interpolate !== undefined || isFlag;
  if (around && (second === undefined || isFlag)) {
    if ("regex" in around) return place.fail("needs a path in front of the URL in a <LocationMatch>");
    return { path: around.prefix, url: urlOf(first), interpolates };
  }
  if (second === undefined) return place.fail("needs a path and a URL when not in a <Location>");
  if (around) return place.fail(`takes no path in a <Location>, whose own it is, found "${first}"`);
  return { path: byteString(first), url: urlOf(second), interpolates };
}

function urlOf(text: string): string {
  return byteString(text.replace(/^unix:[^|]*\|/i, ""));
}
