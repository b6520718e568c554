// ProxyPass lines → requests passed on to back ends, and their responses to the client.
import { arg, byteString, core, defineModule, optional, rest, type Place, type ProxyScheme } from "../../api/index.js";
import { closeBackEnds } from "./back-end.js";
import { foretell, handle, isProxied } from "./handler.js";
import { hiddenRules, locationAround, parseRule, type ProxyRule } from "./rules.js";
import { proxySections } from "./sections.js";
import { definition, type Via } from "./settings.js";
import { translate } from "./translate.js";

const hosts = ["server config", "virtual host"] as const;
const alsoSections = ["server config", "virtual host", "directory"] as const;

const parametersDoc =
  "Behind the URL: `timeout=` (seconds; longest pause of the back end), `connectiontimeout=`, `max=` (connections of one " +
  "HTTP worker) with `acquire=` (milliseconds to wait for one), `ttl=` (seconds a connection idles in the pool, 60 unless " +
  "written), `disablereuse=On`, `keepalive=On`, and the flags `nocanon` and `noquery`. `retry=`, `min=`, `smax=`, " +
  "`addressttl=`, `flushpackets=`, `flushwait=`, `iobuffersize=`, `receivebuffersize=` and `responsefieldsize=` are " +
  "accepted and change nothing: a back end is tried anew with each request, and bytes go on as they come. Parameters of " +
  "balancers, `upgrade=`, `ping=`, `secret=`, `mapping=` and `status=` are refused.";
const mappingDoc =
  "The back end is `http://host[:port]/path`, or `unix:/path/of/socket|http://localhost/path`; it needs mod_proxy_http. " +
  "Lines are tried in the order of the file, those of the main server before a virtual host's, and the first match wins, " +
  "before any Alias. `!` in place of the URL keeps a path out. ";
const wireDoc =
  "The rest of the path goes on byte for byte as the client sent it; where it had dot segments or doubled slashes in it, " +
  "as access rules saw it, encoded anew. Connections to back ends are kept for the next request. A back end that cannot " +
  "be reached is a 503, one that answers nothing, too late or not in HTTP a 502, and one that breaks off in the middle of " +
  "a response breaks the client's connection off. ";

export default defineModule({
  name: "mod_proxy",
  summary: "Passes requests on to other servers (reverse proxy)",
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
        args: [arg.word("path or URL"), optional(arg.word("URL")), optional(arg.word("interpolate"))],
        contexts: alsoSections,
        summary: "Makes the redirects of a back end lead to this server",
        doc:
          "A URL in Location, Content-Location, URI or Destination that begins with the URL of the back end gets this server's " +
          "name and the path in its place. In a `<Location>` it takes the URL alone. Lines are tried in order.",
        example: "ProxyPass /app http://127.0.0.1:3000\nProxyPassReverse /app http://127.0.0.1:3000",
        set: ([first, second, interpolate], place) => {
          if (interpolate !== undefined)
            return place.fail("interpolate needs ProxyPassInterpolateEnv, which is not supported yet");
          return { reverses: [reverseRule(first, second, place)] };
        },
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
        doc: "Full adds the product and its version; Block takes Via away.",
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
      ProxyStatus: directive({
        args: [arg.oneOf("switch", "Off", "On", "Full")],
        contexts: hosts,
        summary: "Whether the status of mod_status shows balancers",
        doc: "Accepted, and shows nothing: there are no balancers here.",
        default: "Off",
        example: "ProxyStatus On",
        set: () => undefined,
      }),
      ProxyRequests: directive({
        args: [arg.flag()],
        contexts: hosts,
        summary: "Whether this server is a forward proxy",
        doc: "Only Off is accepted: this server passes requests on where ProxyPass says so, and is no proxy for clients to any other server.",
        default: "Off",
        example: "ProxyRequests Off",
        set: ([on], place) =>
          on ? place.fail("must be Off: forward proxying is not supported; ProxyPass works without it") : undefined,
      }),
      ...proxySections,
    };

    function cookieDirective(
      part: "Domain" | "Path",
      example: string,
      change: (rule: { from: string; to: string }) => {
        cookieDomains?: (typeof rule)[];
        cookiePaths?: (typeof rule)[];
      },
    ) {
      const name = part.toLowerCase();
      return directive({
        args: [arg.word(`internal-${name}`), arg.word(`public-${name}`), optional(arg.word("interpolate"))],
        contexts: alsoSections,
        summary: `Replaces the ${name} of cookies that a back end sets`,
        doc: `A ${name} that begins with the internal one becomes the public one, as a whole. Lines are tried in order.`,
        example: `ProxyPassReverseCookie${part} ${example}`,
        set: ([from, to, interpolate], place) =>
          interpolate === undefined
            ? change({ from: byteString(from), to: byteString(to) })
            : place.fail("interpolate needs ProxyPassInterpolateEnv, which is not supported yet"),
      });
    }
  },
  hooks: {
    translateName: {
      rank: "first",
      when: ({ rules, sectionRule }) => rules.length > 0 || sectionRule !== undefined,
      run: (request, settings) => (translate(request, settings) ? "done" : undefined),
    },
    mapToStorage: {
      rank: "first",
      run: (request) => {
        if (!isProxied(request)) return undefined;
        // TRACE is refused by core where TraceEnable is off, and else goes on to the back end.
        return request.method === "TRACE" && request.settings(core).traceEnable === "off" ? undefined : "done";
      },
    },
    handler: { rank: "first", run: handle, foretell },
  },
  provides: { proxy: { pass: true } },
  lifecycle: {
    check: (server) => {
      const schemes = server.providers("proxyScheme");
      const wanting = new Set<string>();
      for (const { settings } of server.everywhere(definition)) {
        for (const { rule, by } of hiddenRules(settings.rules ?? [])) {
          server.warn(
            `The ${rule.directive} directive will never match because an earlier ${by.directive} takes its path`,
            rule.origin,
          );
        }
        for (const rule of [...(settings.rules ?? []), ...(settings.sectionRule ? [settings.sectionRule] : [])]) {
          const scheme = schemeOf(rule);
          if (scheme === undefined || wanting.has(scheme) || (schemes.get(scheme) as ProxyScheme | undefined)) continue;
          wanting.add(scheme);
          server.warn(
            `no module is loaded for ${scheme}:// back ends, requests for them get a 500: a2enmod proxy_${scheme}`,
            rule.origin,
          );
        }
      }
    },
    stop: closeBackEnds,
  },
});

function isTopLevel({ context }: Place): boolean {
  return context === "server config" || context === "virtual host";
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

function schemeOf({ destination }: ProxyRule): string | undefined {
  if (destination?.kind === "back end") return destination.target.address.scheme;
  return destination?.kind === "filled path" ? destination.address.scheme : undefined;
}

function reverseRule(first: string, second: string | undefined, place: Place): { url: string; path: string } {
  const around = locationAround(place);
  if (around && second === undefined) {
    if ("regex" in around) return place.fail("needs a path in front of the URL in a <LocationMatch>");
    return { path: around.prefix, url: urlOf(first, place) };
  }
  if (second === undefined) return place.fail("needs a path and a URL when not in a <Location>");
  if (around) return place.fail(`takes no path in a <Location>, whose own it is, found "${first}"`);
  return { path: byteString(first), url: urlOf(second, place) };
}

function urlOf(text: string, place: Place): string {
  if (/^balancer:/i.test(text)) return place.fail(`balancers are not supported yet, found "${text}"`);
  return byteString(text.replace(/^unix:[^|]*\|/i, ""));
}
