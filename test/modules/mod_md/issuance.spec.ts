// Managed domains with a real authority: from the order to the handshake, without a restart.
import { expect } from "chai";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { serveModhost, type ServedRoot } from "../../support/modhost.js";
import { needPebble, startPebble, type Pebble } from "../../support/pebble.js";
import { freePorts, until } from "../../support/running.js";

/** The certificate that is shown for a name. */
function certificateFor(port: number, servername: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", servername, rejectUnauthorized: false }, () => {
      const certificate = socket.getPeerCertificate();
      socket.destroy();
      resolve(certificate);
    });
    socket.on("error", reject);
  });
}

describe("mod_md with an authority", function () {
  let pebble: Pebble | undefined;
  let server: ServedRoot | undefined;
  let http = 0;
  let https = 0;

  before(function () {
    needPebble(this);
  });
  beforeEach(async () => {
    [http = 0, https = 0] = await freePorts(2);
    pebble = await startPebble({ http, https });
  });
  afterEach(async () => {
    await server?.end();
    await pebble?.end();
    server = pebble = undefined;
  });

  const configuration = (lines: string, listens = `Listen 127.0.0.1:${http}\nListen 127.0.0.1:${https}`): string => `
${listens}
LogLevel md:debug
MDCertificateAuthority ${pebble?.directory ?? ""}
MDCACertificateFile ${pebble?.trusted ?? ""}
MDPortMap http:${http} https:${https}
MDCertificateAgreement accepted
MDContactEmail admin@example.org
MDRetryDelay 1s
${lines}
`;

  const isIssued = async (name: string): Promise<boolean> => {
    const { issuer } = await certificateFor(https, name);
    return String(issuer.CN).startsWith("Pebble Intermediate");
  };

  it("gets a certificate by http-01, and serves it without a restart", async () => {
    server = await serveModhost(
      configuration(`
MDCAChallenges http-01
MDPrivateKeys P-256
MDomain one.example.org
<VirtualHost *:${https}>
    ServerName one.example.org
    ServerAlias www.one.example.org
    SSLEngine On
</VirtualHost>`),
      { modules: ["ssl", "md"] },
    );
    await until("the certificate is in use", () => isIssued("one.example.org"));
    const certificate = await certificateFor(https, "one.example.org");
    expect(certificate.subjectaltname).to.equal("DNS:one.example.org, DNS:www.one.example.org");
    const store = join(server.root, "md");
    expect(readdirSync(join(store, "staging/one.example.org"))).to.include.members([
      "job.json",
      "privkey.secp256r1.pem",
      "pubcert.secp256r1.pem",
    ]);
    expect(readFileSync(join(store, "staging/one.example.org/privkey.secp256r1.pem"), "utf8")).to.match(/ENCRYPTED/);
    expect(statSync(join(store, "staging/one.example.org/privkey.secp256r1.pem")).mode & 0o777).to.equal(0o600);
    expect(existsSync(join(store, "accounts/ACME-127.0.0.1-0000/account.json"))).to.equal(true);
    expect(server.errors()).not.to.match(/PRIVATE KEY/);
  });
});
