// mod_ssl: clients' certificates that only a section asks for, with both versions of TLS.
import type { ConnectionOptions } from "node:tls";
import { makeAuthorities } from "./authorities.js";
import { selfSigned } from "./certificates.js";
import type { Case, Suite } from "./harness.js";

const { pairs } = makeAuthorities([
  { name: "root", isAuthority: true },
  { name: "middle", by: "root", isAuthority: true },
  { name: "child", by: "root" },
  { name: "grandchild", by: "middle" },
]);
const server = selfSigned("/CN=www.test");
const stranger = selfSigned("/CN=stranger");

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule headers_module @MODULES@/mod_headers.so
Listen 127.0.0.1:@PORT2@ https
DocumentRoot @ROOT@/htdocs
<Directory @ROOT@/htdocs>
    Require all granted
</Directory>
<VirtualHost *:@PORT2@>
    ServerName www.test
    SSLEngine on
    SSLCertificateFile @ROOT@/server.pem
    SSLCertificateKeyFile @ROOT@/server.key
    SSLCACertificateFile @ROOT@/root.pem
    Header always set X-Verify "%{SSL_CLIENT_VERIFY}s %{SSL_CLIENT_S_DN_CN}s"
    <Location /required>
        SSLVerifyClient require
    </Location>
    <Location /near>
        SSLVerifyClient require
        SSLVerifyDepth 1
    </Location>
    <Location /far>
        SSLVerifyClient require
        SSLVerifyDepth 2
    </Location>
    <Location /optional>
        SSLVerifyClient optional
        SSLVerifyDepth 2
    </Location>
</VirtualHost>
`;

const files: Suite["files"] = {
  ...Object.fromEntries(
    ["open", "required", "near", "far", "optional"].map((name) => [`htdocs/${name}/index.html`, `${name}\n`]),
  ),
  "server.pem": server.cert,
  "server.key": { text: server.key, mode: 0o600 },
  "root.pem": pairs["root"]?.cert ?? "",
};

const client = (name: string, ...above: string[]): ConnectionOptions => ({
  key: pairs[name]?.key ?? "",
  cert: [name, ...above].map((each) => pairs[each]?.cert ?? "").join(""),
});
const clients: Readonly<Record<string, ConnectionOptions>> = {
  "no certificate": {},
  "a good one": client("child"),
  "a good one of an authority below": client("grandchild", "middle"),
  "a stranger's": { key: stranger.key, cert: stranger.cert },
};

/** Clients are asked in the handshake, whatever they request; Apache asks again, or later, when a section wants it. */
function differenceOf(version: string, place: string, client: string): string | undefined {
  const hasCertificate = client !== "no certificate";
  if (place === "open") return hasCertificate ? "what the client has shown is known at once" : undefined;
  if (version === "TLSv1.3") return "this client cannot be asked after the handshake, as most cannot";
  const isRefused = place === "optional" ? client === "a stranger's" : !isGoodFor(place, client);
  return isRefused ? "a 403 says so, where Apache breaks off the second handshake" : undefined;
}

function isGoodFor(place: string, client: string): boolean {
  return client === "a good one" || (place === "far" && client === "a good one of an authority below");
}

const cases: readonly Case[] = (["TLSv1.2", "TLSv1.3"] as const).flatMap((version) =>
  ["open", "required", "near", "far", "optional"].flatMap((place) =>
    Object.entries(clients).map(([name, tls]): Case => {
      const differs = differenceOf(version, place, name);
      return {
        name: `${version}, ${place}: ${name}`,
        to: { port: 2 },
        target: `/${place}/`,
        tls: { servername: "www.test", minVersion: version, maxVersion: version, ...tls },
        ...(differs === undefined ? {} : { differs }),
      };
    }),
  ),
);

/** Sections that need a certificate. */
export const suite: Suite = { name: "ssl sections", configuration, files, cases };
