// The MD directives about the whole server → settings.
import { arg, optional, type Argument, type DirectiveMaker, type Directives } from "../../api/index.js";
import { isWebUrl } from "./authorities.js";
import { hosts, readCommand, slice } from "./domain-directives.js";
import type { md } from "./settings.js";
import { readDuration } from "./times.js";

type Settings = typeof md.settings;
type Make = DirectiveMaker<Settings>;

function duration(name: string, unit: "s" | "d", least = 0): Argument<number> {
  return arg.custom(name, `duration (${unit})`, (text, place) => {
    const milliseconds = readDuration(text, unit);
    if (milliseconds === undefined) return place.refuse("must be a number with an optional unit of ms, s, mi, h or d");
    return milliseconds >= least ? milliseconds : place.refuse(`must be at least ${least / 1000}s`);
  });
}

/** "http:8080", "80:-". */
const portMap = (name: string) =>
  arg.custom(name, "port:port|-", (text, place): Partial<Record<"port80" | "port443", number>> => {
    const [, from = "", to = ""] = /^([a-z0-9]+):(-|\d+)$/.exec(text) ?? [];
    const key =
      from === "http" || from === "80" ? "port80" : from === "https" || from === "443" ? "port443" : undefined;
    const port = to === "-" ? 0 : Number(to);
    if (key === undefined || to === "" || port > 65_535 || (to !== "-" && port === 0)) {
      return place.refuse('must be "http:" or "https:" with a port of this machine, or "-" where there is none');
    }
    return { [key]: port };
  });

function times(directive: Make): Directives<Settings> {
  return {
    MDActivationDelay: directive({
      args: [duration("delay", "d")],
      contexts: hosts,
      summary: "How long a new certificate waits before it is used",
      doc: "Counted from the time it says it is good from, for clients whose clocks are behind. The former one must still be good; else there is no waiting.",
      example: "MDActivationDelay 1h",
      default: "0",
      set: ([activationDelay]) => ({ activationDelay }),
    }),
    MDCheckInterval: directive({
      args: [duration("interval", "s", 1000)],
      contexts: hosts,
      summary: "The longest time between two looks at the certificates",
      doc: "What is known to be due earlier is done earlier.",
      example: "MDCheckInterval 6h",
      default: "12h",
      set: ([checkInterval]) => ({ checkInterval }),
    }),
    MDInitialDelay: directive({
      args: [duration("delay", "s")],
      contexts: hosts,
      summary: "How long after the start certificates are first looked at",
      doc: "For machines whose network comes later than the server.",
      example: "MDInitialDelay 30s",
      default: "0s",
      set: ([initialDelay]) => ({ initialDelay }),
    }),
    MDRetryDelay: directive({
      args: [duration("delay", "s")],
      contexts: hosts,
      summary: "How long to wait after the first failure",
      doc: "Twice as long after each further one, at most a day; and never shorter than the authority asks for.",
      example: "MDRetryDelay 1mi",
      default: "30s",
      set: ([retryDelay]) => ({ retryDelay }),
    }),
    MDRetryFailover: directive({
      args: [arg.int("number", { min: 1 })],
      contexts: hosts,
      summary: "After how many failures the next authority is asked",
      doc: "Where `MDCertificateAuthority` names several.",
      example: "MDRetryFailover 5",
      default: "13",
      set: ([retryFailover]) => ({ retryFailover }),
    }),
    MDStoreLocks: directive({
      args: [
        arg.custom("on|off|duration", "On|Off|duration (s)", (text, place) => {
          const milliseconds = /^on$/i.test(text) ? 5000 : /^off$/i.test(text) ? 0 : readDuration(text, "s");
          return milliseconds ?? place.refuse("must be On, Off or a length of time");
        }),
      ],
      contexts: hosts,
      summary: "Whether the store is locked while it is changed",
      doc:
        "For servers that share a store: while one of them puts new certificates in their places, at its start or reload, the others wait, so long at most (On: 5 seconds). " +
        "Who waits in vain says so in the error log, and goes on with the certificates of before. With it one server alone orders a certificate, and the others use what it " +
        "has got; one that comes when it is in its place already says in the error log that it is to be reloaded. Servers of Apache do not see these locks.",
      example: "MDStoreLocks 10s",
      default: "off",
      set: ([lockWait]) => ({ lockWait }),
    }),
  };
}

function places(directive: Make): Directives<Settings> {
  return {
    MDStoreDir: directive({
      args: [arg.filePath("directory-path")],
      contexts: hosts,
      summary: "Where accounts, keys and certificates are",
      doc:
        "Made when the server starts. Keys that are in use, in `domains`, are for root alone; what the keeper works on, in `staging`, is " +
        "for the user the server serves as, with keys encrypted by what root alone can read. It has the form of Apache's, which may be moved over.",
      example: "MDStoreDir md",
      default: "md",
      set: ([storeDir]) => ({ storeDir }),
    }),
    MDPortMap: directive({
      args: [portMap("map"), optional(portMap("map"))],
      contexts: hosts,
      summary: "Which ports here clients reach as 80 and 443",
      doc: "Behind a router that changes ports: `http:8080 https:8443`. `http:-`: port 80 does not reach this server, so that http-01 is not tried.",
      example: "MDPortMap http:8080 https:8443",
      default: "http:80 https:443",
      set: ([first, second]) => ({ ...first, ...second }),
    }),
    MDHttpProxy: directive({
      args: [
        arg.custom("URL", "URL", (text, place) => (isWebUrl(text) ? text : place.refuse("must be a URL of http"))),
      ],
      contexts: hosts,
      summary: "A proxy on the way to the authority",
      doc: "It has to take CONNECT.",
      example: "MDHttpProxy http://proxy.example.org:3128/",
      set: ([proxy], place) =>
        proxy.startsWith("http:")
          ? { proxy }
          : place.fail("a proxy is reached by http here", "write http:// and its port"),
    }),
    MDHttpProxyCACertificateFile: directive({
      args: [arg.filePath("file-path")],
      contexts: hosts,
      summary: "Authorities that sign certificates of the proxy",
      doc: "Has no effect: the proxy is reached by http, and what passes through it is encrypted for the authority behind it.",
      example: "MDHttpProxyCACertificateFile conf/server.pem",
      set: () => undefined,
    }),
    MDCACertificateFile: directive({
      args: [arg.word("file-path|none")],
      contexts: hosts,
      summary: "Who is trusted to have signed the certificate of the ACME authority's own server",
      doc: "In PEM, in place of those that Node trusts; for authorities within a company. `none` for those.",
      example: "MDCACertificateFile conf/server.pem",
      default: "none",
      set: ([word], place) => {
        if (word.toLowerCase() === "none") return { authorityCertificates: undefined };
        return { authorityCertificates: { path: place.resolve(word), origin: place.origin } };
      },
    }),
    MDBaseServer: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether the main server, outside of all virtual hosts, may use managed certificates",
      doc: "By its ServerName.",
      example: "MDBaseServer on",
      default: "off",
      set: ([baseServer]) => ({ baseServer }),
    }),
    MDMatchNames: directive({
      args: [arg.oneOf("what", "all", "servernames")],
      contexts: hosts,
      summary: "Which names of virtual hosts managed domains are found by",
      doc: "`all`: ServerName and ServerAlias. `servernames`: ServerName alone; domains of several managed domains may then overlap.",
      example: "MDMatchNames servernames",
      default: "all",
      set: ([matches]) => ({ matches }),
    }),
  };
}

function news(directive: Make): Directives<Settings> {
  return {
    MDNotifyCmd: directive({
      args: [arg.raw("command")],
      contexts: hosts,
      summary: "A program that is called when a certificate has been renewed",
      doc: "With the name of the managed domain behind its arguments, as the user the server serves as, without a shell. The certificate is in use by then: no restart is needed.",
      example: "MDNotifyCmd /usr/local/bin/tell-of-renewal",
      set: ([text], place) => ({ notifyCommand: readCommand(text, place) }),
    }),
    MDMessageCmd: directive({
      args: [arg.raw("command")],
      contexts: hosts,
      summary: "A program that hears what becomes of certificates",
      doc:
        "With a word and the name of the managed domain behind its arguments: `renewing` (where it fails, nothing is renewed " +
        "before the next round of `MDCheckInterval`: another server's affair, in a cluster), `challenge-setup:KIND:NAME` (a proof is shown, of which the authority is not told where it fails), `renewed`, " +
        "`installed` (its files are in their place in `domains`, after a start or reload; as root, who may read them), `expiring`, `errored`, `ocsp-renewed`, `ocsp-errored`. As the user the server serves as, without a shell; most words at most once a day, `renewing` and `errored` " +
        "once an hour. A program that fails is AH10109 in the error log, and hears `renewed` again later.",
      example: "MDMessageCmd /usr/local/bin/tell-of-certificates",
      set: ([text], place) => ({ messageCommand: readCommand(text, place) }),
    }),
    MDChallengeDns01Version: directive({
      args: [arg.oneOf("version", "1", "2")],
      contexts: hosts,
      summary: "How the program of `MDChallengeDns01` is called",
      doc: "2: it gets the token to remove, too.",
      example: "MDChallengeDns01Version 2",
      default: "1",
      set: ([version]) => ({ dnsVersion: version === "2" ? 2 : 1 }),
    }),
    MDServerStatus: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether managed domains are shown in the page of server-status",
      doc: "`SetHandler md-status` shows them in JSON with or without it: close that location to strangers.",
      example: "MDServerStatus off",
      default: "on",
      set: ([serverStatus]) => ({ serverStatus }),
    }),
    MDCertificateStatus: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether /.httpd/certificate-status of managed domains tells of their certificates",
      doc: "In JSON, for anybody: what clients see of the certificate anyway, and whether it is being renewed.",
      example: "MDCertificateStatus off",
      default: "on",
      set: ([certificateStatus]) => ({ certificateStatus }),
    }),
    MDCertificateCheck: directive({
      args: [arg.word("name"), arg.url("URL")],
      contexts: hosts,
      summary: "A site that the status links to, where certificates can be looked up",
      doc: "The fingerprint of the certificate is put behind the URL.",
      example: "MDCertificateCheck crt.sh https://crt.sh?q=",
      default: "crt.sh https://crt.sh?q=",
      set: ([name, url]) => ({ check: { name, url } }),
    }),
  };
}

function stapling(directive: Make): Directives<Settings> {
  return {
    MDStapling: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether handshakes show what the certificate's authority says of it (OCSP stapling)",
      doc:
        "In the place of `SSLUseStapling`, of mod_ssl: the responder that the certificate names is asked when the server starts and again before the " +
        "answer ends, whether clients come or not. Answers are kept in the store, so that a server that is started while the responder is away " +
        "has one; nothing is shown when there is no good one. Of several certificates each is shown with its own. Let's Encrypt, among others, has no responder since 2025; a certificate that " +
        "names none is a line in the error log.",
      example: "MDStapling on",
      default: "off",
      set: ([on]) => ({ stapling: on }),
    }),
    MDStapleOthers: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether `MDStapling` holds for virtual hosts without a managed domain too",
      doc: "Off: those are stapled by `SSLUseStapling` alone.",
      example: "MDStapling on\nMDStapleOthers off",
      default: "on",
      set: ([staplesOthers]) => ({ staplesOthers }),
    }),
    MDStaplingKeepResponse: directive({
      args: [slice("time", true)],
      contexts: hosts,
      summary: "How long answers of OCSP are kept that are not used any more",
      doc: "Removed from the store when the server is started or reloaded. A length of time, or a share of seven days.",
      example: "MDStaplingKeepResponse 7d",
      default: "7d",
      set: ([keepsResponses]) => ({ keepsResponses }),
    }),
    MDStaplingRenewWindow: directive({
      args: [slice("window")],
      contexts: hosts,
      summary: "How long before its end an answer of OCSP is renewed",
      doc: "A length of time, or a share of how long the answer is good.",
      example: "MDStaplingRenewWindow 33%",
      default: "33%",
      set: ([stapleRenewWindow]) => ({ stapleRenewWindow }),
    }),
  };
}

/** The directives about the whole server. */
export function serverDirectives(directive: Make): Directives<Settings> {
  return { ...times(directive), ...places(directive), ...news(directive), ...stapling(directive) };
}
