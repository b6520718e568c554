// What a proxy tells of its client, in a field or at the beginning of the connection → the address a request counts as coming from.
import {
  arg,
  contentLines,
  defineModule,
  keptFile,
  rest,
  splitWords,
  type AnnouncementReader,
  type Place,
  type VirtualHost,
} from "../../api/index.js";
import { expectationOf, isAnnounced, type Expectation } from "./announced-addresses.js";
import { longestAnnouncement, readAnnouncement } from "./announcement.js";
import { proxyOf } from "./proxy.js";
import { replaceAddress } from "./replace.js";
import { remoteIp } from "./settings.js";

const contexts = ["server config", "virtual host"] as const;
const readLines = keptFile(contentLines);

/** Where announcements are expected, by main server. */
const expectations = new WeakMap<VirtualHost, Expectation>();

const reader: AnnouncementReader = {
  expects: (main, ends) => {
    const expectation = expectations.get(main);
    return expectation !== undefined && isAnnounced(expectation, ends);
  },
  read: readAnnouncement,
  most: longestAnnouncement,
  module: "remoteip",
};

export default defineModule({
  name: "mod_remoteip",
  summary: "Takes a request's address from what trusted proxies say of their clients",
  settings: remoteIp.settings,
  directives: (directive) => {
    const proxies = (internal: boolean, what: string) =>
      directive({
        args: [rest(arg.word("address"))],
        contexts,
        summary: `Names proxies that are believed${what}`,
        doc:
          "Addresses or networks (`10.1.0.0/16`); host names are refused, as nothing is looked up while a configuration is read. " +
          (internal
            ? "Any address they name is taken, private ones too."
            : "Private addresses they name are not taken, and the field names them as proxies on the way."),
        example: `RemoteIPHeader X-Forwarded-For\nRemoteIP${internal ? "Internal" : "Trusted"}Proxy 10.1.0.0/16 192.0.2.1`,
        set: ([words], place) => ({ proxies: words.map((word) => proxyOf(word, internal, place)) }),
      });
    const fromFile = (internal: boolean) =>
      directive({
        args: [arg.filePath("file-path")],
        contexts,
        summary: `Reads the proxies of RemoteIP${internal ? "Internal" : "Trusted"}Proxy from a file`,
        doc: "Addresses and networks in lines; what follows a `#` is left out.",
        example: `RemoteIPHeader X-Forwarded-For\nRemoteIP${internal ? "Internal" : "Trusted"}ProxyList conf/proxies`,
        set: ([path], place) => ({ proxies: linesOf(path, place).map((word) => proxyOf(word, internal, place)) }),
      });
    return {
      RemoteIPHeader: directive({
        args: [arg.word("field")],
        contexts,
        summary: "Names the field that tells the client's address",
        doc:
          "The last address in it is taken, and the one before it where that is a proxy's too, and so on. Without a line that " +
          "names proxies every client is believed: name them. What has been taken is removed from the field. Logs (`%a`, `%h`), " +
          "Require, expressions and applications then see the address; `%{c}a` is the proxy's.",
        example: "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 10.0.0.0/8",
        set: ([header]) => ({ header }),
      }),
      RemoteIPProxiesHeader: directive({
        args: [arg.word("field")],
        contexts,
        summary: "Names a field that lists the trusted proxies on the way, for applications",
        doc: "Proxies of RemoteIPInternalProxy are not in it. `%{remoteip-proxy-ip-list}n` logs the same.",
        example: "RemoteIPHeader X-Forwarded-For\nRemoteIPProxiesHeader X-Forwarded-By\nRemoteIPTrustedProxy 192.0.2.1",
        set: ([proxiesHeader]) => ({ proxiesHeader }),
      }),
      RemoteIPInternalProxy: proxies(true, ", also with private addresses"),
      RemoteIPTrustedProxy: proxies(false, " with public addresses"),
      RemoteIPInternalProxyList: fromFile(true),
      RemoteIPTrustedProxyList: fromFile(false),
      RemoteIPProxyProtocol: directive({
        args: [arg.flag()],
        contexts,
        summary: "Whether connections begin with a PROXY header, in which a proxy in front names the client",
        doc:
          "HAProxy's `send-proxy` and `send-proxy-v2`, nginx's `proxy_protocol on`, and most load balancers of clouds send one; " +
          "both versions are read, on addresses for TLS before the handshake. In a virtual host it holds for its addresses, and so " +
          "for all virtual hosts there. **Every** connection must begin with the header then: one without is ended, unanswered, " +
          "with a line in the error log, and so is one whose header has not come within Timeout (or the head's time of " +
          "RequestReadTimeout). Anybody who reaches the address can claim to be anybody: let only the proxy reach it. " +
          "What the header says goes before RemoteIPHeader. `UNKNOWN` and `LOCAL` leave the connection's own address.",
        default: "Off",
        example: "Listen 127.0.0.1:8081\n<VirtualHost 127.0.0.1:8081>\n  RemoteIPProxyProtocol On\n</VirtualHost>",
        set: ([announced]) => ({ announced }),
      }),
      RemoteIPProxyProtocolExceptions: directive({
        args: [rest(arg.word("address"))],
        contexts,
        summary: "Names clients whose connections never begin with a PROXY header",
        doc: "Addresses or networks, for instance of who looks whether the server is well. Holds for the whole server.",
        example: "RemoteIPProxyProtocol On\nRemoteIPProxyProtocolExceptions 127.0.0.1 10.1.0.0/16",
        set: ([words], place) => ({
          announcementExceptions: words.map((word) => proxyOf(word, true, place).within),
        }),
      }),
    };
  },
  hooks: {
    postReadRequest: {
      rank: "first",
      when: ({ header }) => header !== undefined,
      run: (request, settings) => (request.connection.announced ? undefined : replaceAddress(request, settings)),
    },
  },
  lifecycle: {
    check: (server) => void expectationOf(server, remoteIp),
    start({ server }) {
      const expectation = expectationOf(server, remoteIp);
      const [main] = server.virtualHosts;
      if (main && expectation) expectations.set(main, expectation);
    },
  },
  provides: { announcements: { remoteip: reader } },
});

function linesOf(path: string, place: Place): string[] {
  try {
    return readLines(path).flatMap((line) => {
      const words = splitWords(line).map((word) => word.text);
      const comment = words.findIndex((word) => word.startsWith("#"));
      return comment < 0 ? words : words.slice(0, comment);
    });
  } catch (error) {
    return place.fail(`Could not open file ${path}: ${String(error)}`);
  }
}
