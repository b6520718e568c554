// Directives that say who the server is: names, addresses, signature.
import { byteString, arg, optional, rest, type Place, type ServerName } from "../../api/index.js";
import { everywhere, hosts, hostsAndDirectories, serverOnly, type CoreMaker } from "./contexts.js";
import { listenAddresses } from "./host-addresses.js";
import { unixListen } from "./unix-address.js";

function parseServerName(text: string, place: Place): ServerName {
  if (/^[\w.-]+$/.test(text)) return { scheme: undefined, host: text, port: undefined };
  // Apache takes whatever stands between the scheme and the first colon; of a path `-t` warns.
  const { scheme, host, port } =
    /^(?:(?<scheme>.*?):\/\/)?(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>.*))?$/.exec(text)?.groups ?? {};
  if (!host) return place.fail(`name: must be [scheme://]name[:port], found "${text}"`);
  if (/[*?[]/.test(host) && !host.startsWith("[")) {
    return place.fail(`Invalid ServerName "${host}" use ServerAlias to set multiple server names.`);
  }
  const number = port === undefined ? undefined : parseInt(port, 10);
  if (number !== undefined && !(number >= 1 && number <= 65535)) {
    return place.fail(`The port number "${text}" is outside the appropriate range (i.e., 1..65535).`);
  }
  return { scheme: scheme?.toLowerCase(), host, port: number };
}

export const hostDirectives = (directive: CoreMaker) => ({
  ServerName: directive({
    args: [arg.word("name")],
    contexts: hosts,
    summary: "Names the server: `[scheme://]name[:port]`.",
    doc:
      "Selects the virtual host, and stands in URLs that name the server itself. A scheme (`https://...`) goes into those " +
      "URLs too, for a server behind a proxy that ends TLS. Without it the name of the machine is used.",
    example: "ServerName www.example.org:8080",
    set: ([name], place) => ({ serverName: parseServerName(name, place) }),
  }),

  ServerAlias: directive({
    args: [optional(rest(arg.word("name")))],
    contexts: ["virtual host"],
    summary: "Further names of a virtual host; `*` and `?` are wildcards.",
    doc: "Several lines add up. Names compare without case.",
    example:
      "<VirtualHost *:8080>\n  ServerName example.org\n  ServerAlias www.example.org *.example.net\n</VirtualHost>",
    set: ([names]) => ({ serverAliases: names ?? [] }),
  }),

  ServerPath: directive({
    args: [arg.urlPath("URL-path")],
    contexts: hosts,
    summary: "A URL prefix that selects a virtual host for clients that send no Host field.",
    doc:
      "Such a client's request for a path below it is the virtual host's. Whoever asks, with a Host field too, the prefix is " +
      "taken off the path before it is joined to DocumentRoot.",
    example: "<VirtualHost *:8080>\n  ServerPath /sub\n</VirtualHost>",
    set: ([serverPath]) => ({ serverPath: byteString(serverPath) }),
  }),

  ServerAdmin: directive({
    args: [arg.word("address")],
    contexts: hosts,
    summary: "The address error pages name for complaints.",
    doc: "A mail address, or a URL.",
    example: "ServerAdmin webmaster@example.org",
    default: "[no address given]",
    set: ([address]) => ({ serverAdmin: address }),
  }),

  ServerSignature: directive({
    args: [arg.oneOf("signature", "Off", "On", "EMail")],
    contexts: everywhere,
    override: "All",
    summary: "Whether error pages end with a line that names the server.",
    doc: "`EMail` makes the name in it a link to `ServerAdmin`. What it says of the product is set by `ServerTokens`.",
    example: "ServerSignature On",
    default: "Off",
    set: ([serverSignature]) => ({ serverSignature }),
  }),

  ServerTokens: directive({
    args: [arg.oneOf("detail", "Full", "OS", "Minimal", "Min", "Minor", "Major", "ProductOnly", "Prod")],
    contexts: serverOnly,
    summary: "How much the Server field tells: from the product alone (Prod) to its version and system (Full).",
    doc: "The product is modhost, not Apache.",
    example: "ServerTokens Prod",
    default: "Full",
    set: ([word]) => ({ serverTokens: word === "Minimal" ? "Min" : word === "ProductOnly" ? "Prod" : word }),
  }),

  UseCanonicalName: directive({
    args: [arg.oneOf("source", "On", "Off", "DNS")],
    contexts: hostsAndDirectories,
    summary: "Where URLs that name the server take its name from: the Host field (Off), ServerName (On) or the DNS.",
    doc:
      "`DNS` takes the name that the DNS has for the address a connection came to, ServerName where it has none, and the port " +
      "as `Off` does. A name is looked up when it is first needed, and kept for five minutes.",
    example: "UseCanonicalName On",
    default: "Off",
    set: ([useCanonicalName]) => ({ useCanonicalName }),
  }),

  UseCanonicalPhysicalPort: directive({
    args: [arg.flag()],
    contexts: hostsAndDirectories,
    summary: "Whether URLs that name the server may take the port of the connection.",
    doc: "Asked before the port of ServerName, and after that of the Host field.",
    example: "UseCanonicalPhysicalPort On",
    default: "Off",
    set: ([useCanonicalPhysicalPort]) => ({ useCanonicalPhysicalPort }),
  }),

  StrictHostCheck: directive({
    args: [arg.flag()],
    contexts: hosts,
    summary: "Whether a host name that no virtual host has is refused (400).",
    doc: "Off, the default virtual host of the address answers.",
    example: "StrictHostCheck On",
    default: "Off",
    set: ([strictHostCheck]) => ({ strictHostCheck }),
  }),

  HostnameLookups: directive({
    args: [arg.oneOf("lookup", "On", "Off", "Double")],
    contexts: hostsAndDirectories,
    summary: "Whether clients' names are looked up in the DNS: for `%h` in logs and REMOTE_HOST.",
    doc:
      "`Double` takes a name only if it leads back to the address. A name is looked up once for each connection, two at a time, and " +
      "nothing but what needs it waits: a line of an access log (while 1000 wait, further ones show the address), a condition " +
      "with REMOTE_HOST, a program's environment. Where a text (`Header ... expr=`) or a SetEnvIf line asks for it, requests wait for it early.",
    example: "HostnameLookups Off",
    default: "Off",
    set: ([hostnameLookups]) => ({ hostnameLookups }),
  }),

  Listen: directive({
    args: [arg.word("address"), optional(rest(arg.word("protocol")))],
    contexts: serverOnly,
    summary: "An address and port to take connections on: `[address:]port`; or a Unix socket: `unix:/path`.",
    doc:
      "Without an address the port is opened on all of them, IPv4 and IPv6; with a name, on every address that /etc/hosts, or " +
      "else the system's name services, have for it when the configuration is loaded, IPv6 and IPv4 each only where the machine has it. Several lines open several. The protocol is " +
      "`https` for port 443, else `http`. At least one line is needed.\n\n" +
      "`unix:/path [mode=660] [user=NAME] [group=NAME]`, which Apache does not have, is for a front end on the same machine. " +
      "The socket belongs to User and Group unless the line says otherwise. What a server that was killed has left there is " +
      "removed, and a socket somebody listens on is an error. It stays through graceful restarts, and goes with the server. " +
      "Its connections come from `unix:` (REMOTE_ADDR, `%a`), which no address in `Require ip` is, and arrive at " +
      "`unix:/path`, port 80: virtual hosts of `*:80` and `*` answer. TLS is the front end's. " +
      "RemoteIPHeader names the client, with `RemoteIPInternalProxy unix:` where other proxies are named too; or the front end " +
      "sends a PROXY header (RemoteIPProxyProtocol).",
    example: "Listen 8080\nListen 127.0.0.1:8081\nListen unix:/run/modhost/front.sock mode=660 group=www-data",
    set: ([text, words = []], place) => {
      if (/^unix:/i.test(text)) return { listens: [{ ...unixListen(text, words, place), origin: place.origin }] };
      const [protocol, ...more] = words;
      if (more.length > 0)
        return place.fail(
          `takes one or two arguments, an address:port combination with an optional protocol, found "${more.join(" ")}" too`,
        );
      const { addresses, port } = listenAddresses(text, place);
      const spoken = protocol?.toLowerCase() ?? (port === 443 ? "https" : "http");
      return { listens: addresses.map((address) => ({ address, port, protocol: spoken, origin: place.origin })) };
    },
  }),

  NameVirtualHost: directive({
    args: [arg.word("address")],
    contexts: hosts,
    summary: "Of older versions; has no effect.",
    doc: "Virtual hosts of one address are told apart by name without it. Accepted with a warning.",
    example: "NameVirtualHost *:8080",
    set: (_values, place) => {
      place.warn("has no effect and can be removed", "AH00548");
      return undefined;
    },
  }),

  Port: directive({
    args: [arg.word("port")],
    contexts: hosts,
    summary: "Of older versions; always refused.",
    doc: "Write `Listen`, and the port in `ServerName` where URLs are to show it.",
    example: "# Port 8080 is written:\nListen 8080",
    set: (_values, place) => place.fail("Port was replaced with Listen in Apache 2.0"),
  }),
});
