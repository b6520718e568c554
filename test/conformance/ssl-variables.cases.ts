// All variables of mod_ssl over certificates with odd names: in the environ, expressions, rules, fields and logs.
import { makeAuthorities } from "./authorities.js";
import { selfSigned } from "./certificates.js";
import type { Case, Suite } from "./harness.js";

const otherName = "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:joe@upn.test";
const { pairs } = makeAuthorities([
  { name: "root", isAuthority: true, subject: '/C=DE/O=Root, "Inc."/CN=Prüfstelle' },
  { name: "middle", by: "root", isAuthority: true, subject: "/C=DE/O=Root/OU=Middle/CN=middle" },
  {
    name: "odd",
    by: "middle",
    subject:
      '/C=DE/ST=Baden-Württemberg/L=Tübingen/O=Q "A" <B>; C, D \\+ #E/OU=One/OU=Two/OU= edges /CN=Jürgen Groß 日本/' +
      "emailAddress=j@clients.test/SN=Groß/GN=Jürgen/initials=JG/title=Dr\\\\.h/description=#first/UID=u1/DC=test/" +
      "serialNumber=42/street=Gasse 1+postalCode=72070/1.2.3.4.5=odd",
    extensions: [
      `subjectAltName=email:a@clients.test,email:b@clients.test,DNS:one.test,DNS:two.test,URI:http://x.test/,${otherName}`,
      "extendedKeyUsage=clientAuth",
      "keyUsage=digitalSignature,keyAgreement",
      "nsComment=a comment",
      "1.2.3.4.5.6=ASN1:UTF8String:of our own",
      "subjectKeyIdentifier=hash",
    ],
  },
  { name: "control", by: "middle", subject: "/O=tab\tand line/CN=x" },
  { name: "long", by: "root", subject: `/O=${"o".repeat(60)}/OU=${"u".repeat(60)}/CN=${"n".repeat(60)}` },
  { name: "empty", by: "root", subject: "/" },
]);
const server = selfSigned(
  "/C=DE/O=Server/OU=A/OU=B/CN=www.test",
  "subjectAltName=DNS:www.test,DNS:*.www.test,email:admin@www.test",
);

const ofCertificate = [
  ..."M_VERSION M_SERIAL S_DN I_DN V_START V_END V_REMAIN A_SIG A_KEY CERT_RFC4523_CEA CERT".split(" "),
  ..."C ST SP L O OU OU_0 OU_1 OU_2 OU_3 CN T I G S D UID Email DC"
    .split(" ")
    .flatMap((part) => [`S_DN_${part}`, `I_DN_${part}`]),
  ..."SAN_Email_0 SAN_Email_1 SAN_Email_2 SAN_DNS_0 SAN_DNS_1 SAN_OTHER_msUPN_0 SAN_OTHER_dnsSRV_0 SAN_URI_0".split(
    " ",
  ),
];
const ofConnection =
  `VERSION_INTERFACE VERSION_LIBRARY PROTOCOL CIPHER CIPHER_EXPORT CIPHER_USEKEYSIZE CIPHER_ALGKEYSIZE COMPRESS_METHOD
SECURE_RENEG TLS_SNI SESSION_RESUMED CLIENT_VERIFY SRP_USER SRP_USERINFO CLIENT_CERT_CHAIN_0 CLIENT_CERT_CHAIN_1
CLIENT_CERT_CHAIN_2 HANDSHAKE_RTT NOTHING CLIENT_NOTHING SERVER_S_DN_nothing`.split(/\s+/);
const all = [
  ...ofConnection.filter((name) => !name.startsWith("VERSION")),
  ...ofCertificate.flatMap((name) => [`CLIENT_${name}`, ...(name === "V_REMAIN" ? [] : [`SERVER_${name}`])]),
].map((name) => `SSL_${name}`);
const lower = [
  "ssl_client_s_dn_CN",
  "SSL_CLIENT_S_DN_cn",
  "ssl_protocol",
  "SSL_client_san_dns_0",
  "SSL_CLIENT_SAN_EMAIL_1",
];

const items = (names: readonly string[], letter: string): string =>
  names.map((name) => `${name}=%{${name}}${letter}`).join("~");
const environ = all.filter((name) => !/_CERT$|_CHAIN_/.test(name));
const quoted = (text: string): string => text.replaceAll('"', '\\"');

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
Listen 127.0.0.1:@PORT2@ https
DocumentRoot @ROOT@/htdocs
<Directory @ROOT@/htdocs>
    Require all granted
</Directory>
LogFormat "${items([...all, ...lower, "HTTPS"], "x")}" every
LogFormat "%{version}c %{cipher}c %{subjectdn}c %{clientcert}c %{issuerdn}c %{cacert}c %{errcode}c %{errstr}c %{nothing}c" old
CustomLog @RUN@/every.log every
CustomLog @RUN@/old.log old
<VirtualHost *:@PORT2@>
    ServerName www.test
    SSLEngine on
    SSLCertificateFile @ROOT@/server.pem
    SSLCertificateKeyFile @ROOT@/server.key
    SSLCACertificateFile @ROOT@/known.pem
    SSLVerifyClient optional
    SSLVerifyDepth 3
    <Location /fields>
        Header set X-All "${items(all, "s")}"
        Header set X-Lower "${items(lower, "s")}"
    </Location>
    <Location /environ>
        SSLOptions +StdEnvVars
        Header set X-All "${items(environ, "e")}"
    </Location>
    <Location /legacy>
        SSLOptions +StdEnvVars +LegacyDNStringFormat
        Header set X-All "${items(["SSL_CLIENT_S_DN", "SSL_CLIENT_I_DN", "SSL_SERVER_S_DN"], "e")}"
        Header set X-Fields "${items(["SSL_CLIENT_S_DN", "SSL_CLIENT_I_DN"], "s")}"
    </Location>
    <Location /data>
        SSLOptions +ExportCertData
        Header set X-All "${items(["SSL_CLIENT_CERT", "SSL_SERVER_CERT", "SSL_CLIENT_CERT_CHAIN_0", "SSL_CLIENT_CERT_CHAIN_1", "SSL_CLIENT_CERT_CHAIN_2"], "e")}"
    </Location>
    <Location /expressions>
        Header set X-All "expr=${quoted(
          all
            .filter((name) => !/_CERT$|_CHAIN_/.test(name))
            .map((name) => `${name}=%{${name}}`)
            .join("~"),
        )}"
    </Location>
    <Location /extensions>
        Header set X-Own "yes" "expr='of our own' -in PeerExtList('1.2.3.4.5.6')"
        Header set X-Other "yes" "expr='something' -in PeerExtList('1.2.3.4.5.6')"
        Header set X-Comment "yes" "expr='a comment' -in PeerExtList('nsComment')"
        Header set X-Usage "yes" "expr='TLS Web Client Authentication' -in PeerExtList('extendedKeyUsage')"
        Header set X-Key "yes" "expr='Digital Signature, Key Agreement' -in PeerExtList('2.5.29.15')"
        Header set X-Basic "yes" "expr='CA:FALSE' -in PeerExtList('basicConstraints')"
    </Location>
    <Location /fake>
        SSLOptions +FakeBasicAuth
        AuthType Basic
        AuthName "by certificate"
        AuthUserFile @ROOT@/users
        Require valid-user
    </Location>
    RewriteEngine On
    RewriteCond %{SSL:SSL_CLIENT_S_DN_OU_1} ^(.+)$
    RewriteRule ^/rule$ /ruled/%1 [R]
    RewriteCond %{SSL:SSL_CLIENT_SAN_DNS_1} ^(.+)$
    RewriteRule ^/rule-name$ /ruled/%1 [R]
</VirtualHost>
`;

const cert = (name: string): string => pairs[name]?.cert ?? "";
const clients = {
  odd: { key: pairs["odd"]?.key, cert: cert("odd") + cert("middle") },
  "the whole chain": { key: pairs["odd"]?.key, cert: cert("odd") + cert("middle") + cert("root") },
  control: { key: pairs["control"]?.key, cert: cert("control") + cert("middle") },
  long: { key: pairs["long"]?.key, cert: cert("long") },
  empty: { key: pairs["empty"]?.key, cert: cert("empty") },
  none: {},
} as const;

const cases: readonly Case[] = (Object.keys(clients) as (keyof typeof clients)[]).flatMap((client) =>
  [
    "/fields/",
    "/environ/",
    "/legacy/",
    "/data/",
    "/expressions/",
    "/extensions/",
    "/rule",
    "/rule-name",
    "/fake/",
    "/",
  ].flatMap((target) =>
    (["TLSv1.3", "TLSv1.2"] as const)
      .filter((version) => version === "TLSv1.3" || target === "/environ/")
      .map((maxVersion): Case => {
        const tls = { servername: "www.test", maxVersion, ...clients[client] } as NonNullable<Case["tls"]>;
        const logs = target === "/" ? ["every.log", "old.log"] : undefined;
        return {
          name: `${client}: ${target} of ${maxVersion}`,
          host: "www.test",
          target,
          to: { port: 2 },
          tls,
          ...(logs ? { logs } : {}),
        };
      }),
  ),
);

const folders = ["fields", "environ", "legacy", "data", "expressions", "extensions", "fake"];

/** Variables of mod_ssl. */
export const suite: Suite = {
  name: "ssl variables",
  configuration,
  files: {
    "htdocs/index.html": "index\n",
    ...Object.fromEntries(folders.map((folder) => [`htdocs/${folder}/index.html`, `${folder}\n`])),
    "server.pem": server.cert,
    "server.key": server.key,
    "known.pem": cert("root"),
    users: "/O=oooo:xxj31ZMTZzkVA\n",
  },
  cases,
};
