// mod_ssl: names in the handshake, versions, clients' certificates, variables, plain HTTP on its port.
import type { ConnectionOptions } from "node:tls";
import { selfSigned, selfSignedRsa, signed } from "./certificates.js";
import type { Case, Suite } from "./harness.js";

const first = selfSigned("/C=DE/O=First, Inc./CN=first.test", "subjectAltName=DNS:first.test,DNS:www.first.test");
const second = selfSigned("/CN=second.test");
const rsa = selfSignedRsa("/CN=both.test");
const joe = signed("/O=Authority/CN=authority", "/C=DE/O=Clients/OU=One/OU=Two/CN=joe/emailAddress=joe@clients.test");
const stranger = selfSigned("/CN=stranger");

const variables =
  `SSL_PROTOCOL SSL_CIPHER SSL_CIPHER_USEKEYSIZE SSL_CIPHER_ALGKEYSIZE SSL_CIPHER_EXPORT SSL_COMPRESS_METHOD
SSL_SECURE_RENEG SSL_TLS_SNI HTTPS SSL_SESSION_RESUMED SSL_SERVER_S_DN SSL_SERVER_S_DN_O SSL_SERVER_S_DN_CN SSL_SERVER_I_DN
SSL_SERVER_V_START SSL_SERVER_V_END SSL_SERVER_A_SIG SSL_SERVER_A_KEY SSL_SERVER_M_VERSION SSL_SERVER_M_SERIAL
SSL_SERVER_SAN_DNS_0 SSL_CLIENT_VERIFY SSL_CLIENT_S_DN SSL_CLIENT_S_DN_CN SSL_CLIENT_S_DN_Email SSL_CLIENT_S_DN_OU
SSL_CLIENT_I_DN SSL_CLIENT_M_SERIAL SSL_CLIENT_V_REMAIN SSL_CLIENT_A_SIG SSL_CLIENT_A_KEY SSL_SERVER_CERT SSL_CLIENT_CERT`.split(
    /\s+/,
  );
const shown = variables
  .filter((name) => !name.endsWith("_CERT"))
  .map((name) => `%{${name}}e`)
  .join("|");

/** What SSLRequire of a Location says, by the Location's number. */
const requirements = [
  "%{SSL_CIPHER_USEKEYSIZE} >= 128",
  "%{SSL_CIPHER_USEKEYSIZE} lt 56",
  '( %{SSL_CIPHER} !~ m/^(EXP|NULL)/ \\\n and %{SSL_CLIENT_S_DN_O} eq "Example" )',
  '"abc" < "b" or "9" > "10"',
  '"9" < "10" and "b" < "abc" and "b" > "a"',
  '%{SSL_PROTOCOL} in { "TLSv1.2", "TLSv1.3" } and not ( %{REMOTE_ADDR} =~ m/^10\\./ )',
  '%{SSL_VERSION_LIBRARY} -ge "10" and "007" == "7"',
  '"7" eq "7" && "7" ne "07"',
  "%{HTTPS} eq 'on'\n    SSLRequire %{SSL_PROTOCOL} eq 'SSLv2'",
];

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
Listen 127.0.0.1:@PORT2@ https
Listen 127.0.0.1:@PORT3@ https
LogFormat "%{SSL_PROTOCOL}x %{SSL_CIPHER}x %{SSL_CLIENT_S_DN_CN}x %{HTTPS}x %{version}c %{nothing}x \\"%r\\" %>s" ssl
CustomLog @RUN@/ssl.log ssl
DocumentRoot @ROOT@/htdocs
<Directory @ROOT@/htdocs>
    Require all granted
</Directory>
<Location /only-encrypted>
    SSLRequireSSL
</Location>
${requirements.map((text, index) => `<Location /former/${index}>\n    SSLRequire ${text}\n</Location>\n`).join("")}<Location /by-expression>
    <If "%{SSL_PROTOCOL} != 'TLSv1.2' && %{HTTPS} == 'on'">
        Require all denied
    </If>
</Location>
SSLCipherSuite HIGH:!aNULL
<VirtualHost *:@PORT2@>
    ServerName first.test
    ServerAlias *.first.test
    SSLEngine on
    SSLCertificateFile @ROOT@/first.pem
    SSLCertificateKeyFile @ROOT@/first.key
    SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1
    <Location /variables>
        SSLOptions +StdEnvVars
    </Location>
    Header set X-Variables "${shown}"
    Header set X-Format "%{SSL_CIPHER_USEKEYSIZE}s"
    Redirect /away /elsewhere
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName second.test
    SSLEngine on
    SSLCertificateFile @ROOT@/second.pem
    SSLCertificateKeyFile @ROOT@/second.key
    SSLProtocol TLSv1.2
    SSLCACertificateFile @ROOT@/authority.pem
    SSLVerifyClient require
    SSLVerifyDepth 1
    SSLOptions +StdEnvVars +ExportCertData
    SSLUserName SSL_CLIENT_S_DN_CN
    Header set X-Variables "%{SSL_CLIENT_VERIFY}e|%{SSL_CLIENT_S_DN}e|%{SSL_CLIENT_S_DN_OU}e|%{SSL_CLIENT_S_DN_Email}e|%{SSL_CLIENT_I_DN}e|%{SSL_CLIENT_V_REMAIN}e|%{SSL_CLIENT_A_KEY}e|%{REMOTE_USER}e"
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName optional.test
    SSLEngine on
    SSLCertificateFile @ROOT@/second.pem
    SSLCertificateKeyFile @ROOT@/second.key
    SSLCACertificateFile @ROOT@/authority.pem
    SSLVerifyClient optional
    SSLOptions +StdEnvVars
    Header set X-Variables "%{SSL_CLIENT_VERIFY}e|%{SSL_CLIENT_S_DN_CN}e"
</VirtualHost>
`;

const severalCertificates = `
<VirtualHost *:@PORT3@>
    ServerName both.test
    SSLEngine on
    SSLCertificateFile @ROOT@/second.pem
    SSLCertificateKeyFile @ROOT@/second.key
    SSLCertificateFile @ROOT@/rsa.pem
    SSLCertificateKeyFile @ROOT@/rsa.key
    Header set X-Key "%{SSL_SERVER_A_KEY}s %{SSL_SERVER_S_DN_CN}s"
</VirtualHost>
<VirtualHost *:@PORT3@>
    ServerName rsa.test
    SSLEngine on
    SSLCertificateFile @ROOT@/rsa.pem
    SSLCertificateKeyFile @ROOT@/rsa.key
    SSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256
    Header set X-Key "%{SSL_SERVER_A_KEY}s %{SSL_CIPHER}s"
</VirtualHost>
`;

const strict = `
SSLStrictSNIVHostCheck on
<VirtualHost *:@PORT3@>
    ServerName first.test
    SSLEngine on
    SSLCertificateFile @ROOT@/first.pem
    SSLCertificateKeyFile @ROOT@/first.key
</VirtualHost>
<VirtualHost *:@PORT3@>
    ServerName second.test
    SSLEngine on
    SSLCertificateFile @ROOT@/second.pem
    SSLCertificateKeyFile @ROOT@/second.key
</VirtualHost>
`;

const told = "Apache's page says that the name was missing, and it ends the connection";

const byListen = (address: string): string => `
<VirtualHost ${address}:@PORT3@>
    ServerName first.test
    SSLCertificateFile @ROOT@/first.pem
    SSLCertificateKeyFile @ROOT@/first.key
</VirtualHost>
`;

const toFirst: ConnectionOptions = { servername: "first.test" };
const toSecond: ConnectionOptions = { servername: "second.test", key: joe.key, cert: joe.cert, maxVersion: "TLSv1.2" };
const toOptional: ConnectionOptions = { servername: "optional.test" };
const over = (tls: ConnectionOptions, host: string, more: Omit<Case, "tls" | "host" | "to">): Case => ({
  ...{ tls, host, to: { port: 2 } },
  ...more,
});

const files: Suite["files"] = {
  "htdocs/index.html": "index\n",
  "htdocs/variables/index.html": "variables\n",
  "htdocs/only-encrypted/index.html": "secret\n",
  "htdocs/by-expression/index.html": "by expression\n",
  "htdocs/large.txt": "x".repeat(300_000),
  "first.pem": first.cert,
  "first.key": { text: first.key, mode: 0o600 },
  "second.pem": second.cert,
  "second.key": { text: second.key, mode: 0o600 },
  "authority.pem": joe.authority,
  "rsa.pem": rsa.cert,
  "rsa.key": { text: rsa.key, mode: 0o600 },
};

/** TLS as mod_ssl has it. */
export const suite: Suite = {
  name: "ssl",
  configuration,
  files,
  cases: [
    over(toFirst, "first.test", { name: "an encrypted request" }),
    over(toFirst, "www.first.test", { name: "an alias of the host named in the handshake" }),
    over(toFirst, "first.test", { name: "a large file", target: "/large.txt" }),
    over(toFirst, "first.test", { name: "a redirect to itself by https", target: "/away" }),
    over(toFirst, "first.test", { name: "a folder without its slash", target: "/variables" }),
    over(toFirst, "first.test", { name: "the variables of 1.3", target: "/variables/" }),
    over({ ...toFirst, maxVersion: "TLSv1.2" }, "first.test", { name: "the variables of 1.2", target: "/variables/" }),
    over({ servername: "unknown.test" }, "unknown.test", { name: "a name nobody has", target: "/variables/" }),
    over({}, "first.test", { name: "no name in the handshake", target: "/variables/" }),
    over({ ...toFirst, maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }, "first.test", {
      name: "a version that is not spoken",
    }),
    over({ ...toSecond, maxVersion: "TLSv1.3", minVersion: "TLSv1.3" }, "second.test", {
      name: "a version another host speaks",
    }),
    over(toFirst, "second.test", {
      name: "another host than the one named in the handshake",
      differs: "Apache ends the connection without having said so; it is kept here, for the host it was made for",
    }),
    over(toFirst, "nobody.test", { name: "a host that falls to the one named in the handshake" }),
    over(toSecond, "second.test", { name: "a good certificate of the client" }),
    over({ servername: "second.test" }, "second.test", { name: "no certificate where one is needed" }),
    over({ ...toSecond, key: stranger.key, cert: stranger.cert }, "second.test", { name: "a stranger's certificate" }),
    over(toOptional, "optional.test", { name: "no certificate where one may be" }),
    over({ ...toOptional, key: joe.key, cert: joe.cert }, "optional.test", { name: "a certificate where one may be" }),
    over(toFirst, "first.test", { name: "what is for encrypted connections only", target: "/only-encrypted/" }),
    { name: "the same without encryption", target: "/only-encrypted/", host: "main.test" },
    over(toFirst, "first.test", { name: "a condition that does not hold", target: "/by-expression/" }),
    over({ ...toFirst, maxVersion: "TLSv1.2" }, "first.test", {
      name: "a condition that holds",
      target: "/by-expression/",
    }),
    { name: "a condition without encryption", target: "/by-expression/", host: "main.test" },
    ...requirements.flatMap((text, index): Case[] => [
      over(toFirst, "first.test", { name: `SSLRequire ${text.replace(/\s+/g, " ")}`, target: `/former/${index}` }),
    ]),
    { name: "SSLRequire without encryption", target: "/former/1", host: "main.test" },
    { name: "plain HTTP on the port for TLS", to: { port: 2 }, host: "first.test" },
    { name: "plain HTTP/1.0 on the port for TLS", to: { port: 2 }, raw: "GET / HTTP/1.0\r\n\r\n" },
    over(toFirst, "first.test", { name: "the log of an encrypted request", logs: ["ssl.log"] }),
    over(toSecond, "second.test", { name: "the log of a request with a certificate", logs: ["ssl.log"] }),
    { name: "the log of a plain request", host: "main.test", logs: ["ssl.log"] },
    over(toFirst, "first.test", { name: "a bad request", raw: "GET\r\n\r\n" }),
    over(toFirst, "first.test", { name: "an absolute target of the scheme", target: "https://first.test/variables/" }),
  ],
};

const third: Omit<Case, "name"> = { to: { port: 3 }, host: "first.test" };

/** TLS without a line that says so. */
export const further: readonly Suite[] = [
  {
    name: "ssl by the Listen line of the very address",
    configuration: configuration + byListen("127.0.0.1"),
    files,
    cases: [
      { ...third, name: "an encrypted request", tls: toFirst },
      { ...third, name: "a plain request" },
    ],
  },
  {
    name: "ssl by the Listen line of another address",
    configuration: configuration + byListen("*"),
    files,
    cases: [{ ...third, name: "a plain request" }],
  },
  {
    name: "ssl with several certificates",
    configuration: configuration + severalCertificates,
    files,
    cases: ["both.test", "rsa.test"].flatMap((name): Case[] => [
      { ...at3(name), name: `${name}: TLS 1.3` },
      { ...at3(name), name: `${name}: RSA in 1.3`, tls: { servername: name, sigalgs: "rsa_pss_rsae_sha256" } },
      { ...at3(name), name: `${name}: ECDSA in 1.3`, tls: { servername: name, sigalgs: "ecdsa_secp256r1_sha256" } },
      { ...at3(name), name: `${name}: RSA in 1.2`, tls: old(name, "ECDHE-RSA-AES128-GCM-SHA256") },
      { ...at3(name), name: `${name}: another of RSA in 1.2`, tls: old(name, "ECDHE-RSA-AES256-GCM-SHA384") },
      { ...at3(name), name: `${name}: ECDSA in 1.2`, tls: old(name, "ECDHE-ECDSA-AES128-GCM-SHA256") },
    ]),
  },
  {
    name: "ssl that is strict about names",
    configuration: configuration + strict,
    files,
    cases: [
      { ...at3("first.test"), name: "the first host" },
      { ...at3("second.test"), name: "the second host" },
      { ...at3("first.test"), name: "no name", tls: {}, differs: told },
      { ...at3("second.test"), name: "no name, and the second host", tls: {}, differs: told },
      { ...at3("first.test"), name: "an unknown name, and the first host", tls: { servername: "unknown.test" } },
      { ...at3("unknown.test"), name: "an unknown name" },
    ],
  },
];

/** A request to the third port by a name that is that of the handshake, too. */
function at3(name: string): Omit<Case, "name"> {
  return { to: { port: 3 }, host: name, tls: { servername: name } };
}

function old(servername: string, ciphers: string): ConnectionOptions {
  return { servername, ciphers, maxVersion: "TLSv1.2" };
}
