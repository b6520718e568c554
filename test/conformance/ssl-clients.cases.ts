// Certificates of clients: chains of all depths, revoked, expired, of strangers, against each way of asking for them.
import type { ConnectionOptions } from "node:tls";
import { hashedNames, makeAuthorities } from "./authorities.js";
import { selfSigned } from "./certificates.js";
import type { Case, Suite } from "./harness.js";

const authority = { isAuthority: true } as const;
const { pairs, lists, indexes } = makeAuthorities([
  { name: "root", ...authority },
  { name: "middle", by: "root", ...authority },
  { name: "lower", by: "middle", ...authority },
  { name: "other-root", ...authority },
  { name: "trusted" },
  { name: "child", by: "root" },
  { name: "grandchild", by: "middle" },
  { name: "great-grandchild", by: "lower" },
  { name: "revoked-child", by: "root", isRevoked: true },
  { name: "revoked-grandchild", by: "middle", isRevoked: true },
  { name: "revoked-middle", by: "root", isRevoked: true, ...authority },
  { name: "below-revoked", by: "revoked-middle" },
  { name: "expired", by: "root", from: "200101000000Z", until: "200201000000Z" },
  { name: "not-yet", by: "root", from: "400101000000Z", until: "410101000000Z" },
  { name: "for-servers", by: "root", extensions: ["extendedKeyUsage=serverAuth"] },
  { name: "below-child", by: "child" },
  { name: "named-responder", by: "root", extensions: ["authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/"] },
  { name: "strangers", by: "other-root" },
  { name: "self-signed" },
  { name: "responder", by: "root", extensions: ["extendedKeyUsage=OCSPSigning"] },
]);
const server = selfSigned("/CN=www.test");

const cert = (name: string): string => pairs[name]?.cert ?? "";
/** What a client sends: its certificate, with those above it. */
const client = (name: string, ...above: string[]): ConnectionOptions => ({
  key: pairs[name]?.key ?? "",
  cert: [name, ...above].map(cert).join(""),
});

const clients: Readonly<Record<string, ConnectionOptions>> = {
  nothing: {},
  "a trusted certificate itself": client("trusted"),
  "a child of the authority": client("child"),
  "a grandchild": client("grandchild", "middle"),
  "a grandchild without its parent": client("grandchild"),
  "a great-grandchild": client("great-grandchild", "lower", "middle"),
  "one that was revoked": client("revoked-child"),
  "a grandchild that was revoked": client("revoked-grandchild", "middle"),
  "a child of one that was revoked": client("below-revoked", "revoked-middle"),
  "one that has expired": client("expired"),
  "one that is not valid yet": client("not-yet"),
  "one for servers": client("for-servers"),
  "a child of one that is no authority": client("below-child", "child"),
  "a stranger's": client("strangers"),
  "a stranger's with its authority": client("strangers", "other-root"),
  "a self-signed one": client("self-signed"),
  "one whose responder cannot be reached": client("named-responder"),
};

const known = "SSLCACertificateFile @ROOT@/known.pem";
const revoked = "SSLCARevocationFile @ROOT@/revoked.crl";
const responder = "SSLOCSPDefaultResponder http://127.0.0.1:@PORT@/ocsp/answer";
/** Ways to ask, by the name of a virtual host. */
const ways: Readonly<Record<string, string>> = {
  require: `SSLVerifyClient require\n${known}`,
  "require-0": `SSLVerifyClient require\nSSLVerifyDepth 0\n${known}`,
  "require-2": `SSLVerifyClient require\nSSLVerifyDepth 2\n${known}`,
  "require-3": `SSLVerifyClient require\nSSLVerifyDepth 3\n${known}`,
  optional: `SSLVerifyClient optional\nSSLVerifyDepth 3\n${known}`,
  generous: `SSLVerifyClient optional_no_ca\nSSLVerifyDepth 3\n${known}`,
  folder: "SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCACertificatePath @ROOT@/folder",
  chain: `SSLVerifyClient require\nSSLVerifyDepth 3\n${known}\n${revoked}\nSSLCARevocationCheck chain`,
  leaf: `SSLVerifyClient require\nSSLVerifyDepth 3\n${known}\n${revoked}\nSSLCARevocationCheck leaf`,
  lenient: `SSLVerifyClient require\nSSLVerifyDepth 3\n${known}\n${revoked}\nSSLCARevocationCheck chain no_crl_for_cert_ok`,
  lists: `SSLVerifyClient require\nSSLVerifyDepth 3\n${known}\nSSLCARevocationPath @ROOT@/lists\nSSLCARevocationCheck chain`,
  old: `SSLVerifyClient require\nSSLVerifyDepth 3\n${known}\nSSLCARevocationFile @ROOT@/old.crl\nSSLCARevocationCheck leaf`,
  unlooked: `SSLVerifyClient require\nSSLVerifyDepth 3\n${known}\n${revoked}`,
  asked: `SSLVerifyClient require\n${known}\nSSLOCSPEnable on\n${responder}`,
  "asked-leaf": `SSLVerifyClient optional\n${known}\nSSLOCSPEnable leaf\n${responder}\nSSLOCSPUseRequestNonce off`,
  "asked-always": `SSLVerifyClient require\n${known}\nSSLOCSPEnable leaf\n${responder}\nSSLOCSPOverrideResponder on`,
  "asked-lenient": `SSLVerifyClient require\nSSLVerifyDepth 2\n${known}\nSSLOCSPEnable on no_ocsp_for_cert_ok`,
  "asked-nobody": `SSLVerifyClient require\n${known}\nSSLOCSPEnable on`,
  "asked-stranger": `SSLVerifyClient require\n${known}\nSSLOCSPEnable leaf\nSSLOCSPDefaultResponder http://127.0.0.1:@PORT@/ocsp/stranger`,
  "asked-unverified": `SSLVerifyClient require\n${known}\nSSLOCSPEnable leaf\nSSLOCSPNoVerify on\nSSLOCSPDefaultResponder http://127.0.0.1:@PORT@/ocsp/stranger`,
  "asked-trusted": `SSLVerifyClient require\n${known}\nSSLOCSPEnable leaf\nSSLOCSPResponderCertificateFile @ROOT@/other-root.pem\nSSLOCSPDefaultResponder http://127.0.0.1:@PORT@/ocsp/stranger`,
};

const host = (name: string): string => `${name}.test`;
const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule cgi_module @MODULES@/mod_cgi.so
Listen 127.0.0.1:@PORT2@ https
DocumentRoot @ROOT@/htdocs
<Directory @ROOT@>
    Require all granted
</Directory>
ScriptAlias /ocsp/ @ROOT@/ocsp/
Header set X-Verify "%{SSL_CLIENT_VERIFY}s %{SSL_CLIENT_S_DN}s %{REMOTE_USER}e"
SSLCertificateFile @ROOT@/server.pem
SSLCertificateKeyFile @ROOT@/server.key
${Object.entries(ways)
  .map(
    ([name, lines]) => `<VirtualHost *:@PORT2@>
    ServerName ${host(name)}
    SSLEngine on
    ${lines}
    <Location /named>
        SSLUserName SSL_CLIENT_S_DN_CN
    </Location>
</VirtualHost>`,
  )
  .join("\n")}
`;

const answering = (signer: string): string => `#!/bin/sh
cd @ROOT@/ocsp-files
question=$(mktemp)
cat >"$question"
openssl ocsp -index index -CA root.pem -rsigner ${signer}.pem -rkey ${signer}.key -ndays 1 -reqin "$question" -respout "$question.answer" >/dev/null 2>&1
printf 'Content-Type: application/ocsp-response\\r\\n\\r\\n'
cat "$question.answer"
rm -f "$question" "$question.answer"
`;

const files: Suite["files"] = {
  "htdocs/index.html": "index\n",
  "htdocs/named/index.html": "named\n",
  "server.pem": server.cert,
  "server.key": server.key,
  "known.pem": cert("root") + cert("trusted"),
  "other-root.pem": cert("other-root"),
  "revoked.crl": `${lists["root"]}${lists["middle"]}`,
  "old.crl": `${lists["root.old"]}${lists["middle"]}`,
  "ocsp/answer": { text: answering("responder"), mode: 0o755 },
  "ocsp/stranger": { text: answering("other-root"), mode: 0o755 },
  "ocsp-files/index": indexes["root"] ?? "",
  "ocsp-files/root.pem": cert("root"),
  ...Object.fromEntries(
    ["responder", "other-root"].flatMap((name) => [
      [`ocsp-files/${name}.pem`, cert(name)],
      [`ocsp-files/${name}.key`, pairs[name]?.key ?? ""],
    ]),
  ),
  ...within("folder", hashedNames([cert("root"), cert("trusted")], "x509")),
  ...within("lists", hashedNames([lists["root"] ?? "", lists["middle"] ?? ""], "crl")),
};

function within(folder: string, texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${folder}/${name}`, text]));
}

/** Questions to responders cost a process each: only those that tell something. */
const asked: ReadonlySet<string> = new Set([
  "nothing",
  "a child of the authority",
  "one that was revoked",
  "a trusted certificate itself",
  "one whose responder cannot be reached",
]);

/** By way and client. */
const differences: Readonly<Record<string, string>> = {};

/** Ways that are tried with TLS 1.2 too, where what is wrong with a certificate ends the handshake of both sides. */
const alsoOld: ReadonlySet<string> = new Set(["require-2", "optional", "generous", "chain", "asked-leaf"]);

const cases: readonly Case[] = Object.keys(ways).flatMap((way) =>
  (alsoOld.has(way) ? ["", "TLSv1.2"] : [""]).flatMap((version) =>
    Object.entries(clients)
      .filter(([name]) => !way.startsWith("asked") || asked.has(name))
      .map(([name, certificate]): Case => {
        const differs = differences[`${way}: ${name}`];
        return {
          name: `${way}: ${name}${version === "" ? "" : `, by ${version}`}`,
          to: { port: 2 },
          host: host(way),
          target: "/named/",
          tls: { servername: host(way), ...certificate, ...(version === "TLSv1.2" ? { maxVersion: version } : {}) },
          ...(differs === undefined ? {} : { differs }),
        };
      }),
  ),
);

/** Clients' certificates as mod_ssl has them. */
export const suite: Suite = { name: "ssl clients", configuration, files, cases };
