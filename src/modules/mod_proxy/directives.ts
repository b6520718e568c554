// Directives of balancers, and those of mod_proxy that are used less → settings.
import { arg, byteString, rest, type DirectiveMaker, type Directives, type Place } from "../../api/index.js";
import { forwardDirectives } from "./forward-directives.js";
import { parseParameters } from "./parameters.js";
import { isUrl, standsAlone } from "./rules.js";
import type { definition } from "./settings.js";
import { comparable, nameOf, parseTarget, type Target } from "./target.js";

type Settings = typeof definition.settings;
type Make = DirectiveMaker<Settings>;

const hosts = ["server config", "virtual host"] as const;
const alsoSections = ["server config", "virtual host", "directory"] as const;

/** The URL of the `<Proxy>` around, in lower case as far as it has no case. */
function urlAround(place: Place): string | undefined {
  const section = place.sections.findLast(({ name }) => /^proxy$/i.test(name));
  const { quoted, plain } = /^\s*(?:"(?<quoted>[^"]*)"|(?<plain>\S+))/.exec(section?.argument ?? "")?.groups ?? {};
  const url = quoted ?? plain;
  if (url === undefined) return undefined;
  return /[*?~]/.test(url)
    ? place.fail(`needs a <Proxy> with one URL around it, found <Proxy ${url}>`)
    : comparable(url);
}

/** The balancer a URL names; fails where it names none. */
function balancerIn(url: string | undefined, place: Place): string {
  const name = url?.replace(/^(balancer:\/\/[^/]*).*$/, "$1");
  if (name !== undefined && /^balancer:\/\/[a-z0-9._~-]+$/.test(name)) return name;
  return place.fail(
    `must stand in <Proxy balancer://name>, or name that balancer first${url ? `, found "${url}"` : ""}`,
  );
}

/** BalancerMember, ProxySet and what balancers inherit. */
export function memberDirectives(directive: Make): Directives<Settings> {
  return {
    BalancerMember: directive({
      args: [rest(arg.word("URL or parameter"))],
      contexts: alsoSections,
      summary: "Adds a back end to a balancer",
      doc:
        "In `<Proxy balancer://name>` it takes the URL of the back end and parameters; elsewhere the balancer goes first. " +
        "`loadfactor=` (1 to 100) is its share; `route=` marks the sessions it has; `lbset=` puts it behind members of " +
        "lower sets; `status=` takes `+D` (disabled), `+S` (stopped), `+H` (hot standby: used where nobody else is left), `+R` " +
        "(spare: takes the place of one that fails), `+N` (draining: its sessions alone), `+I` (errors are ignored), `+E` (in error at the beginning, which ends with the next request). A " +
        "member that cannot be reached gets no requests for `retry=` seconds (60), in all HTTP workers; the request that met " +
        "it goes to another. Other parameters are those of ProxyPass.",
      example:
        "<Proxy balancer://shop>\n  BalancerMember http://10.0.0.1:8080 route=a\n  BalancerMember http://10.0.0.2:8080 route=b loadfactor=2\n" +
        "  ProxySet stickysession=ROUTEID\n</Proxy>\nProxyPass /shop balancer://shop",
      set: ([words], place) => {
        const named = /^balancer:/i.test(words[0] ?? "") && isUrl(words[1] ?? "");
        const balancer = balancerIn(named ? comparable(words[0] ?? "") : urlAround(place), place);
        const [url, ...more] = named ? words.slice(1) : words;
        if (url === undefined || !isUrl(url.replace(/^unix:[^|]*\|/i, ""))) {
          return place.fail(`needs the URL of a back end, found "${url ?? ""}"`);
        }
        const target: Target = parseTarget(url, place);
        if (target.address.scheme === "balancer") return place.fail(`a balancer cannot be a member, found "${url}"`);
        const { balancer: _none, ...parameters } = parseParameters(more, place);
        return { members: [{ balancer, url: byteString(url), target, parameters, origin: place.origin }] };
      },
    }),
    ProxySet: directive({
      args: [rest(arg.word("URL or parameter"))],
      contexts: alsoSections,
      summary: "Sets parameters of a back end or balancer",
      doc:
        "In a `<Proxy>` it is for the back ends whose URL begins with that of the section, elsewhere the URL goes first. Balancers " +
        "have `lbmethod=` (byrequests, bytraffic, bybusyness; the module of that name must be loaded), `stickysession=` " +
        "(a cookie, and behind `|` a path parameter, whose value ends with the route of its member), `stickysessionsep=`, " +
        "`scolonpathdelim=`, `nofailover=On`, `maxattempts=`, `failonstatus=` (statuses after which a member counts as in " +
        "error), `failontimeout=` and `forcerecovery=Off` (does not try all members again when all are in error); `growth=` (members that can be added " +
        "while the server runs) and `nonce=` (of the forms of balancer-manager; `None`: it shows, and changes nothing); `timeout=` (how long a request waits for a member where none takes requests; not at all unless written). Back ends have those of ProxyPass.",
      example:
        "<Proxy balancer://shop>\n  BalancerMember http://10.0.0.1:8080\n  ProxySet lbmethod=bytraffic\n</Proxy>",
      set: ([words], place) => {
        const named = isUrl(words[0] ?? "");
        const url = named ? comparable(words[0] ?? "") : urlAround(place);
        if (url === undefined) return place.fail("needs a URL in front of its parameters when not in a <Proxy>");
        const isBalancer = url.startsWith("balancer:");
        const name = isBalancer ? url : comparable(nameOf(parseTarget(url, place)));
        return {
          sets: [{ url: name, parameters: parseParameters(named ? words.slice(1) : words, place, isBalancer) }],
        };
      },
    }),
    ProxyPassInherit: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether a virtual host takes over the ProxyPass lines of the main server",
      doc: "Off, its own lines alone are in force. (Apache takes those of the main server all the same.)",
      default: "On",
      example: "ProxyPassInherit Off",
      set: ([on], { directive: name, origin }) => (on ? undefined : { rules: [standsAlone(name, origin)] }),
    }),
    BalancerInherit: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether a virtual host takes over the balancers of the main server",
      doc:
        "On, a balancer of the main server has its own members in the virtual host, too, and what ProxyPass and ProxySet of the " +
        "virtual host say of it. Off, balancers of the virtual host alone are known. (In Apache, ProxyPassInherit must be Off as well.)",
      default: "On",
      example: "BalancerInherit Off",
      set: ([on]) => ({ ownBalancersOnly: !on }),
    }),
    BalancerPersist: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether what is known of the members of balancers stays through reloads",
      doc: "On, members that are in error stay so through a reload, as long as virtual host, balancer and member are called the same. What the page of balancer-manager has changed stays as well. Nothing is written to a file: a server that is stopped and started begins anew.",
      default: "Off",
      example: "BalancerPersist On",
      set: ([keepsBalancers]) => ({ keepsBalancers }),
    }),
    BalancerGrowth: directive({
      args: [arg.int("number", { max: 1000 })],
      contexts: hosts,
      summary: "How many balancers can be added while the server runs",
      doc: "Has no effect: balancers come from the configuration. Members can be added to one that has `growth=`.",
      default: "5",
      example: "BalancerGrowth 10",
      set: () => undefined,
    }),
  };
}

/** What is said of requests, and of other proxies. */
export function otherDirectives(directive: Make): Directives<Settings> {
  return {
    ProxyPassInterpolateEnv: directive({
      args: [arg.flag()],
      contexts: alsoSections,
      summary: "Whether `${NAME}` in URLs stands for variables of the environment",
      doc: "In ProxyPass, ProxyPassReverse and ProxyPassReverseCookie* lines that end with `interpolate`. Variables of requests (SetEnvIf, RewriteRule) are meant; what `Define` has replaced before is not touched.",
      default: "Off",
      example: "ProxyPassInterpolateEnv On",
      set: ([interpolates]) => ({ interpolates }),
    }),
    Proxy100Continue: directive({
      args: [arg.flag()],
      contexts: alsoSections,
      summary: "Whether `Expect: 100-continue` of a client goes on to the back end",
      doc: "Off, the body is taken from the client and sent without asking.",
      default: "On",
      example: "Proxy100Continue Off",
      set: ([passesExpect]) => ({ passesExpect }),
    }),
    ProxyMaxForwards: directive({
      args: [arg.int("number", { min: -1 })],
      contexts: hosts,
      summary: "Max-Forwards of requests that have none",
      doc: "Above 0, the request goes on with that number, and a loop of proxies comes to an end.",
      default: "-1",
      example: "ProxyMaxForwards 15",
      set: ([maxForwards]) => ({ maxForwards }),
    }),
    ProxySourceAddress: directive({
      args: [arg.word("address")],
      contexts: hosts,
      summary: "The address of this machine from which back ends are reached",
      doc: "For machines with several.",
      example: "ProxySourceAddress 127.0.0.1",
      set: ([address], place) =>
        /^[\d.]+$|:/.test(address) ? { sourceAddress: address } : place.fail(`needs an IP address, found "${address}"`),
    }),
    ProxyBlock: directive({
      args: [rest(arg.word("part of a host name"))],
      contexts: hosts,
      summary: "Hosts that nothing is passed on to",
      doc:
        "Requests to a host with one of the words in its name are refused with 403, and those to a host that has the address " +
        "of one of the words; `*` stands for all.",
      example: "ProxyBlock internal.example",
      set: ([words]) => ({ blocked: words.map((word) => word.toLowerCase()) }),
    }),
    ProxyBadHeader: directive({
      args: [arg.oneOf("what", "IsError", "Ignore", "StartBody")],
      contexts: hosts,
      summary: "What a line of a back end's head means that is no field",
      doc: "Only IsError is accepted: the client gets a 502. Going on with such a response would let back ends be misread.",
      default: "IsError",
      example: "ProxyBadHeader IsError",
      set: ([what], place) =>
        what === "IsError"
          ? undefined
          : place.fail(`must be IsError: bad responses are not passed on, found "${what}"`),
    }),
    ProxyStatus: directive({
      args: [arg.oneOf("switch", "Off", "On", "Full")],
      contexts: hosts,
      summary: "Whether the status of mod_status shows balancers",
      doc: "Accepted, and shows nothing there.",
      default: "Off",
      example: "ProxyStatus On",
      set: () => undefined,
    }),
    ProxyIOBufferSize: size(directive, "ProxyIOBufferSize", "8192", "bytes go on as they come"),
    ProxyReceiveBufferSize: size(
      directive,
      "ProxyReceiveBufferSize",
      "0",
      "the system sizes the buffers of connections",
    ),
    ...forwardDirectives(directive),
  };
}

function size(directive: Make, name: string, byDefault: string, reason: string): Directives<Settings>[string] {
  return directive({
    args: [arg.int("bytes")],
    contexts: hosts,
    summary: "Sizes of buffers",
    doc: `Has no effect: ${reason}.`,
    default: byDefault,
    example: `${name} ${byDefault}`,
    set: () => undefined,
  });
}
