// TLS lines as Mozilla's generator and certbot write them → what sslscan finds, the same as of a real Apache.
import { expect } from "chai";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned, selfSignedRsa } from "../../conformance/certificates.js";
import { missingForApache, startServer, type Server } from "../../conformance/servers.js";

const sslscan = "/usr/bin/sslscan";
const modern =
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" +
  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384";
const old =
  "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:" +
  "ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA256:" +
  "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:DES-CBC3-SHA";
const rsa = "SSLCertificateFile @ROOT@/rsa.pem\n  SSLCertificateKeyFile @ROOT@/rsa.key";
const elliptic = "SSLCertificateFile @ROOT@/ec.pem\n  SSLCertificateKeyFile @ROOT@/ec.key";
const curves = "SSLOpenSSLConfCmd Curves X25519:prime256v1:secp384r1";

/** Lines of a virtual host by where they come from. */
const handbooks: Readonly<Record<string, string>> = {
  "Mozilla's modern ones": `${elliptic}
  SSLProtocol -all +TLSv1.3
  ${curves}
  SSLHonorCipherOrder off
  SSLSessionTickets off`,
  "Mozilla's intermediate ones, with two certificates": `${rsa}
  ${elliptic}
  SSLProtocol -all +TLSv1.2 +TLSv1.3
  ${curves}
  SSLCipherSuite ${modern}:DHE-RSA-CHACHA20-POLY1305
  SSLHonorCipherOrder off
  SSLSessionTickets off`,
  "Mozilla's old ones": `${rsa}
  SSLProtocol -all +TLSv1 +TLSv1.1 +TLSv1.2 +TLSv1.3
  ${curves}
  SSLCipherSuite @SECLEVEL=0:${modern}:DHE-RSA-CHACHA20-POLY1305:${old}
  SSLHonorCipherOrder on
  SSLSessionTickets off`,
  "certbot's": `${elliptic}
  SSLProtocol all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1
  SSLCipherSuite ${modern}
  SSLHonorCipherOrder off
  SSLSessionTickets off
  SSLOptions +StrictRequire`,
};
const names = Object.keys(handbooks);

const configuration = `LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule socache_shmcb_module @MODULES@/mod_socache_shmcb.so
SSLUseStapling On
SSLStaplingCache "shmcb:@RUN@/ssl_stapling(32768)"
${names
  .map(
    (name, i) => `Listen 127.0.0.${i + 2}:@PORT2@ https
<VirtualHost 127.0.0.${i + 2}:@PORT2@>
  SSLEngine on
  ${handbooks[name]}
</VirtualHost>`,
  )
  .join("\n")}
`;

/** Versions, ciphers, groups and faults, with the number of the port left out. */
function scan(address: string, port: number): Promise<string> {
  const args = ["--no-colour", "--no-check-certificate", `${address}:${port}`];
  return new Promise((resolve, reject) => {
    execFile(sslscan, args, { timeout: 120_000 }, (error, text) => {
      if (error) reject(new Error(`sslscan failed: ${error.message}\n${text}`));
      else resolve(text.replaceAll(String(port), "PORT"));
    });
  });
}

describe("sslscan finds of TLS lines what it finds of Apache's:", function () {
  this.timeout(240_000);
  const root = mkdtempSync(join(tmpdir(), "handbooks-"));
  const servers: Server[] = [];

  before(async function () {
    const missing = existsSync(sslscan) ? missingForApache() : "apt-get install sslscan";
    if (missing !== undefined) {
      if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; missing: ${missing}`);
      console.log(`      skipped, missing: ${missing}`);
      return this.skip();
    }
    mkdirSync(join(root, "conf"));
    writeFileSync(join(root, "conf/mime.types"), "text/html html\n");
    for (const [name, { cert, key }] of [
      ["rsa", selfSignedRsa("/CN=localhost")],
      ["ec", selfSigned("/CN=localhost")],
    ] as const) {
      writeFileSync(join(root, `${name}.pem`), cert);
      writeFileSync(join(root, `${name}.key`), key);
    }
    for (const kind of ["apache", "modhost"] as const) servers.push(await startServer(kind, configuration, root));
  });
  after(async () => {
    for (const server of servers) await server.stop();
    rmSync(root, { recursive: true, force: true });
  });

  for (const [i, name] of names.entries()) {
    it(name, async () => {
      const [apache, modhost] = await Promise.all(servers.map(({ ports }) => scan(`127.0.0.${i + 2}`, ports[1])));
      expect(apache).to.match(/^TLSv1\.3 +enabled$/m);
      expect(modhost).to.equal(apache);
    });
  }
});
