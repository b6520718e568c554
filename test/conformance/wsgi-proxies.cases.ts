// Fields of a proxy in front, trusted or not → the environ of an application.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const all =
  "X-Forwarded-For X-Forwarded-Host X-Forwarded-Server X-Forwarded-Port X-Script-Name X-Forwarded-Proto X-Forwarded-HTTPS";

/** What each mount believes. */
const mounts: Readonly<Record<string, string>> = {
  nobody: "",
  anyone: `WSGITrustedProxyHeaders ${all}`,
  local: `WSGITrustedProxyHeaders ${all}\n  WSGITrustedProxies 127.0.0.0/8 10.0.0.0/8`,
  other: `WSGITrustedProxyHeaders ${all}\n  WSGITrustedProxies 192.0.2.0/24`,
  synonyms:
    "WSGITrustedProxyHeaders X-Forwarded-For X-Client-IP X-Real-IP\n  WSGITrustedProxyHeaders X-Host X-Forwarded-Host",
  single: "WSGITrustedProxyHeaders X-Real-IP\n  WSGITrustedProxies 127.0.0.1",
  schemes:
    "WSGITrustedProxyHeaders X-Forwarded-Proto X-Forwarded-Scheme X-Scheme X-Forwarded-HTTPS X-Forwarded-SSL X-HTTPS",
  names: "WSGITrustedProxyHeaders X-Script-Name X-Forwarded-Script-Name",
  unknown: "WSGITrustedProxyHeaders X-Somebody x-forwarded-for",
};

const sections = Object.entries(mounts).map(
  ([mount, lines]) =>
    `WSGIScriptAlias /${mount} "@ROOT@/apps/dump.wsgi"\n<Location /${mount}>\n  ${lines}\n</Location>`,
);

const configuration = `${daemonGroup}
DocumentRoot "@ROOT@/htdocs"
${sections.join("\n")}
<Location /local/replaced>
  WSGITrustedProxyHeaders X-Real-IP
</Location>
<Directory "@ROOT@/apps">
  Require all granted
</Directory>
`;

const everything = [
  "X-Forwarded-For: 198.51.100.7",
  "X-Forwarded-Host: pub.test:8443",
  "X-Forwarded-Server: front.test",
  "X-Forwarded-Port: 8443",
  "X-Script-Name: /shop",
  "X-Forwarded-Proto: https",
];

const rows: readonly (readonly [name: string, target: string, headers: readonly string[], differs?: string])[] = [
  ["fields that nobody believes", "/nobody/x", everything],
  ["fields of anyone", "/anyone/x", everything],
  ["fields of a trusted proxy", "/local/x?y", everything],
  [
    "fields of one that is not trusted",
    "/other/x",
    everything,
    "mod_wsgi 6 takes server and port from trusted proxies alone; 4.9 from anybody",
  ],
  ["a chain of trusted proxies", "/local/x", ["X-Forwarded-For: 198.51.100.7, 10.1.1.1, 127.0.0.9"]],
  ["a chain that ends with a stranger", "/local/x", ["X-Forwarded-For: 10.1.1.1, 198.51.100.7"]],
  ["a forged beginning of a chain", "/local/x", ["X-Forwarded-For: 6.6.6.6, 198.51.100.7, 10.1.1.1"]],
  ["a chain of trusted ones alone", "/local/x", ["X-Forwarded-For: 10.1.1.1, 10.1.1.2"]],
  ["a chain of IPv6", "/local/x", ["X-Forwarded-For: 2001:db8::1, 10.1.1.2"]],
  ["a chain in several lines", "/local/x", ["X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 10.1.1.1"]],
  ["a chain for anyone", "/anyone/x", ["X-Forwarded-For: 198.51.100.7, 10.1.1.1"]],
  [
    "the last of several synonyms",
    "/synonyms/x",
    ["X-Real-IP: 198.51.100.3", "X-Client-IP: 198.51.100.2", "X-Forwarded-For: 198.51.100.1"],
  ],
  ["one of several synonyms", "/synonyms/x", ["X-Client-IP: 198.51.100.2", "X-Host: a.test"]],
  ["two names of the host", "/synonyms/x", ["X-Host: a.test", "X-Forwarded-Host: b.test"]],
  ["a synonym that is not listed", "/single/x", ["X-Forwarded-For: 198.51.100.1", "X-Client-IP: 198.51.100.2"]],
  ["one that is listed beside others", "/single/x", ["X-Forwarded-For: 198.51.100.1", "X-Real-IP: 198.51.100.2"]],
  ["fields of another kind", "/single/x", ["X-Forwarded-Host: a.test", "X-Forwarded-Proto: https"]],
  [
    "a list that an inner section replaces",
    "/local/replaced",
    ["X-Forwarded-For: 198.51.100.1", "X-Real-IP: 198.51.100.2"],
  ],
  ["the scheme https", "/schemes/x", ["X-Forwarded-Proto: https"]],
  ["the scheme HTTPS in capitals", "/schemes/x", ["X-Forwarded-Proto: HTTPS"]],
  ["a scheme of another kind", "/schemes/x", ["X-Forwarded-Proto: ftp"]],
  ["X-Forwarded-Scheme", "/schemes/x", ["X-Forwarded-Scheme: https"]],
  ["X-Scheme", "/schemes/x", ["X-Scheme: https"]],
  ["X-Forwarded-SSL on", "/schemes/x", ["X-Forwarded-SSL: on"]],
  ["X-HTTPS 1", "/schemes/x", ["X-HTTPS: 1"]],
  ["X-Forwarded-HTTPS true", "/schemes/x", ["X-Forwarded-HTTPS: true"]],
  ["X-Forwarded-HTTPS off", "/schemes/x", ["X-Forwarded-HTTPS: Off"]],
  ["two schemes that differ", "/schemes/x", ["X-Forwarded-Proto: https", "X-HTTPS: off"]],
  ["a mount of the proxy", "/names/x/y", ["X-Script-Name: /shop"]],
  ["a mount of the proxy that is empty", "/names/x/y", ["X-Script-Name:"]],
  ["a mount of the proxy that is a slash", "/names/x/y", ["X-Script-Name: /"]],
  ["a mount of the proxy with a slash behind", "/names/x/y", ["X-Forwarded-Script-Name: /shop/"]],
  ["names that do not exist, and small letters", "/unknown/x", ["X-Somebody: a", "X-Forwarded-For: 198.51.100.7"]],
  ["an address that is none", "/anyone/x", ["X-Forwarded-For: garbage"], "what is no address changes nothing"],
  ["a port that is none", "/anyone/x", ["X-Forwarded-Port: 80; x"], "what is no port changes nothing"],
  ["empty addresses", "/anyone/x", ["X-Forwarded-For: , 198.51.100.7"], "mod_wsgi 6 passes empty addresses over"],
];

const cases: readonly Case[] = rows.map(([name, target, headers, differs]) => ({
  name,
  target,
  headers,
  host: "www.test",
  ...(differs === undefined ? {} : { differs }),
}));

/** WSGITrustedProxyHeaders and WSGITrustedProxies. */
export const suite: Suite = {
  name: "WSGITrustedProxies",
  configuration,
  files: { "apps/dump.wsgi": dumpApplication, "htdocs/index.html": "static\n" },
  cases,
};
