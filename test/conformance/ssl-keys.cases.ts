// mod_ssl: keys that a program gives the pass phrases of.
import { execFileSync } from "node:child_process";
import { selfSigned, selfSignedRsa, type KeyPair } from "./certificates.js";
import type { Case, FileSpec, Suite } from "./harness.js";

const ec = selfSigned("/CN=ec.test");
const rsa = selfSignedRsa("/CN=rsa.test");

/** The same key, encrypted: as PKCS #8, or in the older form that its kind had before. */
function encrypted({ key }: KeyPair, form: "pkcs8" | "older", phrase: string): string {
  const older = form === "older" ? ["-traditional"] : [];
  const args = ["pkey", "-aes-256-cbc", "-passout", `pass:${phrase}`, ...older];
  const text = execFileSync("openssl", args, { input: key, stdio: ["pipe", "pipe", "ignore"] }).toString();
  if (!text.includes("ENCRYPTED")) throw new Error("the key is as plain as before");
  return text;
}

/** Virtual hosts: the certificate, the form of the key, and its pass phrase. */
const hosts = {
  "ec.test": { pair: ec, form: "pkcs8", phrase: "one for ec" },
  "rsa.test": { pair: rsa, form: "pkcs8", phrase: "one-for-rsa$(date)" },
  "older-ec.test": { pair: ec, form: "older", phrase: "'quoted' \\\\" },
  "older-rsa.test": { pair: rsa, form: "older", phrase: "z\xe4h" },
} as const;

const configuration = (dialog: string): string => `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule headers_module @MODULES@/mod_headers.so
Listen 127.0.0.1:@PORT2@ https
DocumentRoot @ROOT@/htdocs
<Directory @ROOT@/htdocs>
    Require all granted
</Directory>
SSLPassPhraseDialog ${dialog}
Header set X-Key "%{SSL_SERVER_A_KEY}s %{SSL_SERVER_S_DN_CN}s"
${Object.keys(hosts)
  .map(
    (name) => `<VirtualHost *:@PORT2@>
    ServerName ${name}
    SSLEngine on
    SSLCertificateFile @ROOT@/${name}.pem
    SSLCertificateKeyFile @ROOT@/${name}.key
</VirtualHost>`,
  )
  .join("\n")}
<VirtualHost *:@PORT2@>
    ServerName plain.test
    SSLEngine on
    SSLCertificateFile @ROOT@/ec.test.pem
    SSLCertificateKeyFile @ROOT@/plain.key
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName both.test
    SSLEngine on
    SSLCertificateFile @ROOT@/ec.test.pem
    SSLCertificateKeyFile @ROOT@/ec.test.key
    SSLCertificateFile @ROOT@/rsa.test.pem
    SSLCertificateKeyFile @ROOT@/rsa.test.key
</VirtualHost>
`;

const entries = Object.entries(hosts);
/** By the words it is run with: the second says which key it is, whatever its kind. */
const told = `#!/bin/sh
case "$1 $2" in
${entries.map(([name]) => `"${name}:"*" RSA") cat @ROOT@/${name}.phrase ;;`).join("\n")}
"both.test:"*" RSA") cat @ROOT@/ec.test.phrase ;;
"both.test:"*" DSA") cat @ROOT@/rsa.test.phrase ;;
*) echo wrong ;;
esac
`;
/** By the lines it reads. */
const asked = `#!/bin/sh
while read -r line; do
    case "$line" in
${entries.map(([name]) => `    *"Private key ${name}:"*) cat @ROOT@/${name}.phrase ;;`).join("\n")}
    *"Private key both.test:"*":0 "*) cat @ROOT@/ec.test.phrase ;;
    *"Private key both.test:"*":1 "*) cat @ROOT@/rsa.test.phrase ;;
    esac
done
`;

const files: Suite["files"] = {
  "htdocs/index.html": "index\n",
  "plain.key": { text: ec.key, mode: 0o600 },
  "told.sh": { text: told, mode: 0o755 },
  "asked.sh": { text: asked, mode: 0o755 },
  ...Object.fromEntries(entries.flatMap(([name, host]) => filesOf(name, host))),
};

/** A certificate, its key, encrypted, and the phrase. Files are written as latin1, and this one is UTF-8. */
function filesOf(name: string, { pair, form, phrase }: (typeof hosts)[keyof typeof hosts]): [string, FileSpec][] {
  return [
    [`${name}.pem`, pair.cert],
    [`${name}.key`, { text: encrypted(pair, form, phrase), mode: 0o600 }],
    [`${name}.phrase`, Buffer.from(`${phrase}\n`).toString("latin1")],
  ];
}

const cases: readonly Case[] = [
  ...[...Object.keys(hosts), "plain.test"].map((name) => ({ name, tls: { servername: name } })),
  ...["rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256"].map((sigalgs) => ({
    name: `both.test by ${sigalgs}`,
    tls: { servername: "both.test", sigalgs },
  })),
].map((one) => ({ ...one, to: { port: 2 }, host: one.tls.servername }));

/** A program that is run for each key. */
export const suite: Suite = {
  name: "ssl with pass phrases that are printed",
  configuration: configuration("exec:@ROOT@/told.sh"),
  files,
  cases,
};

/** A program that is asked for each key. */
export const further: readonly Suite[] = [
  { ...suite, name: "ssl with pass phrases that are asked for", configuration: configuration("|@ROOT@/asked.sh") },
];
