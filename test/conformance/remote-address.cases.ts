// RemoteIPHeader: whose address a request counts as coming from, in Require, logs and variables.
import type { Case, Suite } from "./harness.js";

const host = (name: string, lines: string): string => `<VirtualHost *:@PORT@>
  ServerName ${name}.test
  ${lines}
  CustomLog "@RUN@/addresses.log" addresses env=!probe
</VirtualHost>`;

/** Lines of a virtual host, by name. */
const hosts: Readonly<Record<string, string>> = {
  believing: "RemoteIPHeader X-Forwarded-For",
  internal: "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1 10.0.0.0/8",
  trusted: "RemoteIPHeader X-Forwarded-For\nRemoteIPTrustedProxy 127.0.0.0/8 198.51.100.0/24",
  both: "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\nRemoteIPTrustedProxy 198.51.100.7\nRemoteIPProxiesHeader X-By",
  stranger: "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 10.9.9.9",
  client: "RemoteIPHeader Client-IP\nRemoteIPInternalProxy 127.0.0.1",
  listed: 'RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxyList "@ROOT@/conf/proxies"',
  "listed-trusted":
    'RemoteIPHeader X-Forwarded-For\nRemoteIPTrustedProxyList "@ROOT@/conf/proxies"\nRemoteIPProxiesHeader X-By',
  without: "",
};

const fields: readonly string[] = [
  "192.0.2.7",
  "10.1.2.3",
  "192.0.2.7, 10.1.2.3",
  "192.0.2.7,198.51.100.7",
  "192.0.2.9, 192.0.2.7, 198.51.100.7",
  "192.0.2.7, 10.1.2.3, 10.1.2.4",
  "10.1.2.3, 198.51.100.7",
  "2001:db8::7",
  "::1",
  "::ffff:192.0.2.7",
  "fe80::1, 192.0.2.7",
  "192.0.2.7:8080",
  "[2001:db8::7]",
  "unknown",
  "unknown, 192.0.2.7",
  "",
  " ",
  ",",
  "192.0.2.7,",
  ",192.0.2.7",
  "192.0.2.7, , 10.1.2.3",
  "127.0.0.1, 192.0.2.7, 127.0.0.1",
  "192.0.2.300",
  "192.0.2.7 192.0.2.8",
  '192.0.2.7"\\x',
];

export const suite: Suite = {
  name: "remote address",
  configuration: `
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule remoteip_module @MODULES@/mod_remoteip.so
LoadModule headers_module @MODULES@/mod_headers.so
LogFormat "%a %{c}a %h %{X-Forwarded-For}i %{X-By}i %{remoteip-proxy-ip-list}n %>s %U" addresses
SetEnvIf Request_URI conformance-probe probe
SetEnvIf Remote_Addr "^192\\.0\\.2\\." documentation
SetEnvIf Remote_Addr "(.*)" address=$1
Header set X-Address "%{address}e"
Header set X-Documentation "%{documentation}e"
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  Require all granted
</Directory>
<Location "/allowed">
  Require ip 192.0.2.7
</Location>
<Location "/local">
  Require local
</Location>
${Object.entries(hosts)
  .map(([name, lines]) => host(name, lines))
  .join("\n")}
`,
  files: {
    "conf/proxies": "# proxies\n127.0.0.1 10.0.0.0/8 # those\n",
    "htdocs/index.html": "index",
    "htdocs/allowed/index.html": "allowed",
    "htdocs/local/index.html": "local",
  },
  cases: [
    ...Object.keys(hosts).flatMap((name): Case[] =>
      fields.map((field) => ({
        name: `takes ${JSON.stringify(field)} at ${name}`,
        host: `${name}.test`,
        target: "/index.html",
        headers: [`X-Forwarded-For: ${field}`],
        logs: ["addresses.log"],
      })),
    ),
    ...["believing", "internal", "trusted", "stranger"].flatMap((name): Case[] => [
      {
        name: `grants by the address at ${name}`,
        host: `${name}.test`,
        target: "/allowed/",
        headers: ["X-Forwarded-For: 192.0.2.7"],
      },
      {
        name: `refuses by the address at ${name}`,
        host: `${name}.test`,
        target: "/local/",
        headers: ["X-Forwarded-For: 192.0.2.7"],
      },
      {
        name: `is not fooled at ${name}`,
        host: `${name}.test`,
        target: "/allowed/",
        headers: ["X-Forwarded-For: 192.0.2.7, 203.0.113.5"],
      },
    ]),
    { name: "takes another field", host: "client.test", target: "/allowed/", headers: ["Client-IP: 192.0.2.7"] },
    {
      name: "takes several fields as one",
      host: "internal.test",
      target: "/allowed/",
      headers: ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 10.1.2.3"],
    },
  ],
};
