// RemoteIPProxyProtocol: whom a header at the beginning of a connection names, and what is refused.
import { selfSigned } from "./certificates.js";
import type { Case, Suite } from "./harness.js";

const signature = "\r\n\r\n\0\r\nQUIT\n";

/** A header of version 2: command, family, and what follows the length. */
function binary(command: number, family: number, rest: readonly number[], length = rest.length): string {
  return signature + String.fromCharCode(command, family, length >> 8, length & 255, ...rest);
}

const ipv4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x30, 0x39, 0, 80];
const ipv6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, ...Array<number>(16).fill(0), 0x30, 0x39, 0, 80];
const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 7, ...Array<number>(16).fill(0), 0x30, 0x39, 0, 80];

const lenient = "Apache reads part of it, or what is not there, and takes that for a client";
const spent = "Apache has not read it to its end, and gives up";

/** Headers, and why the two differ. */
const headers: readonly (readonly [name: string, header: string, differs?: string])[] = [
  ["IPv4", "PROXY TCP4 192.0.2.7 198.51.100.1 12345 80\r\n"],
  ["IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 12345 80\r\n"],
  ["IPv6 as it is written", "PROXY TCP6 2001:DB8:0:0:0:0:0:7 2001:db8::1 12345 80\r\n"],
  ["an unknown client", "PROXY UNKNOWN\r\n", spent],
  ["an unknown client with addresses", "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"],
  ["an unknown client with little", "PROXY UNKNOWN  \r\n"],
  ["several blanks", "PROXY  TCP4   192.0.2.7 198.51.100.1  12345 80\r\n"],
  ["no port of the server", "PROXY TCP4 192.0.2.7 198.51.100.1 12345\r\n"],
  ["more words", "PROXY TCP4 192.0.2.7 198.51.100.1 12345 80 more\r\n"],
  ["no address of the server that is one", "PROXY TCP4 192.0.2.7 here 12345 80\r\n"],
  ["no port", "PROXY TCP4 192.0.2.7 198.51.100.1\r\n"],
  ["no server", "PROXY TCP4 192.0.2.7\r\n"],
  ["no client", "PROXY TCP4       \r\n"],
  ["no family", "PROXY             \r\n"],
  ["an unknown family", "PROXY UDP4 192.0.2.7 198.51.100.1 12345 80\r\n"],
  ["a family in small letters", "PROXY tcp4 192.0.2.7 198.51.100.1 12345 80\r\n"],
  ["a name as the client", "PROXY TCP4 client.test 198.51.100.1 12345 80\r\n"],
  ["an address out of range", "PROXY TCP4 192.0.2.700 198.51.100.1 12345 80\r\n"],
  ["IPv6 as IPv4", "PROXY TCP4 2001:db8::7 2001:db8::1 12345 80\r\n"],
  ["IPv4 as IPv6", "PROXY TCP6 192.0.2.7 198.51.100.1 12345 80\r\n"],
  ["a part of an address", "PROXY TCP4 192.0 198.51.100.1 12345 80\r\n", lenient],
  ["a port that is none", "PROXY TCP4 192.0.2.7 198.51.100.1 http 80\r\n"],
  ["a port with letters", "PROXY TCP4 192.0.2.7 198.51.100.1 12x 80\r\n", lenient],
  ["a port out of range", "PROXY TCP4 192.0.2.7 198.51.100.1 99999 80\r\n", lenient],
  ["a line too long", `PROXY TCP4 192.0.2.7 198.51.100.1 12345 80${" ".repeat(80)}\r\n`],
  ["no header", ""],
  ["small letters", "proxy TCP4 192.0.2.7 198.51.100.1 12345 80\r\n"],
  ["bytes, IPv4", binary(0x21, 0x11, ipv4)],
  ["bytes, IPv6", binary(0x21, 0x21, ipv6)],
  ["bytes, IPv4 in IPv6", binary(0x21, 0x21, mapped)],
  ["bytes and what a proxy adds", binary(0x21, 0x11, [...ipv4, 1, 0, 2, 104, 50, 4, 0, 1, 0])],
  [
    "bytes and much that a proxy adds",
    binary(0x21, 0x11, [...ipv4, 4, 2, 0, ...Array<number>(512).fill(0)]),
    "Apache takes 216 bytes; what proxies say of a client's certificate is longer",
  ],
  ["bytes that are too many", binary(0x21, 0x11, ipv4, 65_535)],
  ["bytes, a proxy's own connection", binary(0x20, 0x00, [])],
  ["bytes of UDP", binary(0x21, 0x12, ipv4)],
  ["bytes of a Unix socket", binary(0x21, 0x31, Array<number>(216).fill(0))],
  ["bytes of no family", binary(0x21, 0x00, [])],
  ["bytes of an unknown command", binary(0x22, 0x11, ipv4)],
  ["bytes of version 1", binary(0x11, 0x11, ipv4)],
  ["bytes of version 3", binary(0x31, 0x11, ipv4)],
];

const pair = selfSigned("/CN=main.test");
const alone = "GET /index.html HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n";

/** An address for plain connections and one for TLS, with everything that names a client in answer and log. */
const about = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule remoteip_module @MODULES@/mod_remoteip.so
LoadModule headers_module @MODULES@/mod_headers.so
Listen 127.0.0.1:@PORT2@
Listen 127.0.0.1:@PORT3@ https
LogFormat "%a %{c}a %h %{remote}p %>s %U" addresses
CustomLog "@RUN@/addresses.log" addresses "expr=! %{REQUEST_URI} =~ m#probe#"
Header set X-Client "expr=%{REMOTE_ADDR} %{CONN_REMOTE_ADDR} %{REMOTE_PORT}"
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
<Location "/allowed">
  Require ip 192.0.2.7
</Location>
<VirtualHost *:@PORT2@>
  RemoteIPProxyProtocol On
  RemoteIPHeader X-Forwarded-For
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName second.test
</VirtualHost>
<VirtualHost *:@PORT3@>
  SSLEngine On
  SSLCertificateFile "@ROOT@/pair.pem"
  SSLCertificateKeyFile "@ROOT@/pair.key"
  RemoteIPProxyProtocol On
</VirtualHost>
`;

const from = (rows: readonly (readonly [string, Partial<Case>])[]): Case[] =>
  rows.map(([name, one]) => ({ name, to: { port: 2 }, target: "/index.html", ...one }));
const [, good = ""] = headers[0] ?? [];

export const suite: Suite = {
  name: "PROXY protocol",
  configuration: about,
  files: {
    "pair.pem": pair.cert,
    "pair.key": pair.key,
    "htdocs/index.html": "index",
    "htdocs/allowed/index.html": "allowed",
  },
  cases: [
    ...headers.flatMap(([name, preface, differs]): Case[] => {
      const more = differs === undefined ? {} : { differs };
      return [
        { name, to: { port: 2 }, raw: alone, preface, ...more },
        { name: `${name}, before TLS`, to: { port: 3 }, raw: alone, preface, tls: {}, ...more },
      ];
    }),
    ...from([
      ["is in logs", { preface: good, logs: ["addresses.log"] }],
      ["is in logs with TLS", { preface: good, to: { port: 3 }, tls: {}, logs: ["addresses.log"] }],
      ["grants by the client's address", { preface: good, target: "/allowed/" }],
      ["refuses by the client's address", { preface: good.replace("192.0.2.7", "192.0.2.8"), target: "/allowed/" }],
      ["goes before the field of RemoteIPHeader", { preface: good, headers: ["X-Forwarded-For: 203.0.113.5"] }],
      [
        "goes before the field where the client is unknown",
        { preface: "PROXY UNKNOWN 1 2 3 4\r\n", headers: ["X-Forwarded-For: 203.0.113.5"] },
      ],
      ["holds for other virtual hosts of the address", { preface: good, host: "second.test" }],
      ["is needed for other virtual hosts of the address", { host: "second.test" }],
      ["is not read at other addresses", { to: { port: 1 } }],
      ["is no request at other addresses", { to: { port: 1 }, preface: good }],
      [
        "holds for all requests of a connection",
        { preface: good, raw: [alone.replace("close", "keep-alive"), alone], answers: ["GET", "GET"] },
      ],
      ["is read once only", { preface: good + good, raw: alone }],
    ]),
  ],
};

const main = (lines: string): Suite["configuration"] => `
LoadModule remoteip_module @MODULES@/mod_remoteip.so
LoadModule headers_module @MODULES@/mod_headers.so
Listen 127.0.0.1:@PORT2@
Header set X-Client "expr=%{REMOTE_ADDR}"
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
${lines}
`;

/** Where lines hold: what stands where, and whether the header is read at the first and second address. */
const places: readonly (readonly [name: string, lines: string])[] = [
  ["On for the whole server", "RemoteIPProxyProtocol On"],
  [
    "On, and Off for an address",
    "RemoteIPProxyProtocol On\n<VirtualHost *:@PORT2@>\nRemoteIPProxyProtocol Off\n</VirtualHost>",
  ],
  [
    "Off, and On for an address",
    "RemoteIPProxyProtocol Off\n<VirtualHost *:@PORT2@>\nRemoteIPProxyProtocol On\n</VirtualHost>",
  ],
  [
    "On, then Off for the same address",
    "<VirtualHost *:@PORT2@>\nRemoteIPProxyProtocol On\n</VirtualHost>\n<VirtualHost *:@PORT2@>\nRemoteIPProxyProtocol Off\n</VirtualHost>",
  ],
  [
    "Off, then On for the same address",
    "<VirtualHost *:@PORT2@>\nRemoteIPProxyProtocol Off\n</VirtualHost>\n<VirtualHost *:@PORT2@>\nRemoteIPProxyProtocol On\n</VirtualHost>",
  ],
  [
    "On for one of two overlapping",
    "<VirtualHost 127.0.0.1:@PORT2@>\nRemoteIPProxyProtocol On\n</VirtualHost>\n<VirtualHost *:@PORT2@>\n</VirtualHost>",
  ],
  ["On, with exceptions", "RemoteIPProxyProtocol On\nRemoteIPProxyProtocolExceptions 10.0.0.0/8 127.0.0.0/8"],
  ["On, with other exceptions", "RemoteIPProxyProtocol On\nRemoteIPProxyProtocolExceptions 10.0.0.0/8"],
  [
    "On, with exceptions elsewhere",
    "RemoteIPProxyProtocol On\n<VirtualHost *:@PORT2@>\nRemoteIPProxyProtocolExceptions 127.0.0.1\n</VirtualHost>",
  ],
];

export const further: readonly Suite[] = places.map(([name, lines]) => ({
  name: `PROXY protocol ${name}`,
  configuration: main(lines),
  files: { "htdocs/index.html": "index" },
  cases: ([1, 2] as const).flatMap((port): Case[] => [
    { name: `with a header at address ${port}`, to: { port }, raw: alone, preface: good },
    { name: `without a header at address ${port}`, to: { port }, raw: alone },
  ]),
}));
