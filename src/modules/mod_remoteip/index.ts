// The field a proxy tells its client's address in → the address the request counts as coming from.
import {
  arg,
  contentLines,
  defineModule,
  defineSettings,
  keptFile,
  list,
  rest,
  splitWords,
  value,
  type Place,
} from "../../api/index.js";
import { proxyOf, type Proxy } from "./proxy.js";
import { replaceAddress } from "./replace.js";

const definition = defineSettings("mod_remoteip", {
  header: value<string | undefined>(undefined),
  proxiesHeader: value<string | undefined>(undefined),
  proxies: list<Proxy>("replace"),
});

const contexts = ["server config", "virtual host"] as const;
const readLines = keptFile(contentLines);

const why =
  "a connection that begins with a PROXY line cannot be read; let the proxy speak HTTP and name its client in the field of RemoteIPHeader";

export default defineModule({
  name: "mod_remoteip",
  summary: "Takes a request's address from what trusted proxies say of their clients",
  settings: definition.settings,
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
        example: `RemoteIPHeader X-Forwarded-For\n# RemoteIP${internal ? "Internal" : "Trusted"}ProxyList conf/proxies`,
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
        summary: "Off: connections do not begin with a PROXY line",
        doc: `\`On\` is refused: ${why}.`,
        default: "Off",
        example: "RemoteIPProxyProtocol Off",
        set: ([isOn], place) => (isOn ? place.fail(why) : {}),
      }),
      RemoteIPProxyProtocolExceptions: directive({
        args: [rest(arg.word("address"))],
        contexts,
        summary: "Has no effect: connections do not begin with a PROXY line",
        doc: "See RemoteIPProxyProtocol.",
        example: "RemoteIPProxyProtocolExceptions 127.0.0.1",
        set: () => undefined,
      }),
    };
  },
  hooks: {
    postReadRequest: {
      rank: "first",
      when: ({ header }) => header !== undefined,
      run: (request, settings) => replaceAddress(request, settings),
    },
  },
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
