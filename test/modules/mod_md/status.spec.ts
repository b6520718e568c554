// The JSON of md-status and of /.httpd/certificate-status beside Apache's: certificates of one's own, missing ones, manual mode.
import { expect } from "chai";
import {
  endCompared,
  makeComparedRoot,
  missingForApache,
  skipWithout,
  startServer,
  type Server,
} from "../../conformance/servers.js";
import { askHost, makeOwnCertificates } from "../../support/managed-domains.js";
import { until } from "../../support/running.js";

const hosts = (name: string): string => `
<VirtualHost *:@PORT@>
    ServerName ${name}
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName ${name}
    SSLEngine on
</VirtualHost>`;

/** Managed domains with virtual hosts, and whether they are left alone: an authority that is away is none's affair here. */
const names = {
  "own.test": true,
  "two-files.test": true,
  "over.test": true,
  "missing.test": true,
  "two-keys.test": true,
  "always.test": false,
  "auto.test": false,
} as const;

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule md_module @MODULES@/mod_md.so
Listen 127.0.0.1:@PORT2@
MDRenewMode manual
MDPortMap http:@PORT@ https:@PORT2@
MDContactEmail admin@own.test
<MDomainSet own.test>
    MDMember www.own.test
    MDCertificateFile @ROOT@/own.pem
    MDCertificateKeyFile @ROOT@/own.key
</MDomainSet>
<MDomainSet two-files.test>
    MDCertificateFile @ROOT@/own.pem
    MDCertificateKeyFile @ROOT@/own.key
    MDCertificateFile @ROOT@/other.pem
    MDCertificateKeyFile @ROOT@/other.key
</MDomainSet>
<MDomainSet over.test>
    MDCertificateFile @ROOT@/over.pem
    MDCertificateKeyFile @ROOT@/over.key
    MDRenewMode auto
</MDomainSet>
<MDomainSet always.test>
    MDCertificateFile @ROOT@/over.pem
    MDCertificateKeyFile @ROOT@/over.key
    MDRenewMode always
    MDCertificateAuthority http://127.0.0.1:@PORT2@/nobody
</MDomainSet>
<MDomainSet auto.test>
    MDRenewMode auto
    MDCertificateAuthority http://127.0.0.1:@PORT2@/nobody
</MDomainSet>
<MDomainSet unused.test>
    MDRenewMode auto
    MDCertificateAuthority http://127.0.0.1:@PORT2@/nobody
</MDomainSet>
<MDomainSet missing.test>
    MDCAChallenges http-01
    MDCertificateAgreement accepted
</MDomainSet>
<MDomainSet two-keys.test>
    MDPrivateKeys P-256 RSA 3072
    MDRequireHttps permanent
    MDMustStaple off
    MDStapling on
</MDomainSet>
${Object.keys(names).map(hosts).join("")}
<Location /domains>
    SetHandler md-status
</Location>
`;

const rows = [
  ["own.test", "/domains"],
  ["own.test", "/domains/unknown.test"],
  ["own.test", "/domains/unused.test"],
  ...Object.keys(names).map((name) => ["own.test", `/domains/${name}`] as const),
  ...Object.entries(names)
    .filter(([, isLeft]) => isLeft)
    .map(([name]) => [name, "/.httpd/certificate-status"] as const),
] as const;

interface Renewal {
  readonly errors?: number;
  readonly last?: object;
}

/** What an attempt that failed leaves behind: how often and with which words differs. */
const shapeOf = (renewal: Renewal): object => ({
  all: Object.keys(renewal).sort(),
  last: Object.keys(renewal.last ?? {}).sort(),
});

/** Without what is of the moment: ports, what is tried just now, and times that are less than an hour away. */
const masked = (text: string, secure: number): unknown =>
  JSON.parse(text, (key, value: unknown) => {
    if (key === "renewal") return shapeOf(value as Renewal);
    if (typeof value !== "string") return value;
    const isNow = / GMT$/.test(value) && Math.abs(Date.parse(value) - Date.now()) < 3_600_000;
    return isNow ? "now" : value.replace(`:${secure}/`, ":SECURE/");
  });

describe("md-status and certificate-status", function () {
  this.timeout(120_000);
  let folder = "";
  const servers: Server[] = [];
  before(function () {
    skipWithout(this, missingForApache());
    folder = makeComparedRoot();
    makeOwnCertificates(folder, { own: 90, other: 40, over: 1 });
  });
  after(() => endCompared(servers, folder));

  it("are Apache's", async () => {
    const found: unknown[] = [];
    for (const kind of ["apache", "modhost"] as const) {
      const server = await startServer(kind, configuration, folder);
      servers.push(server);
      const [port = 0, secure = 0] = server.ports;
      for (const name of ["always.test", "auto.test"]) {
        await until(`${kind} has tried for ${name}`, async () => {
          const { text } = await askHost(port, "own.test", `/domains/${name}`);
          return ((JSON.parse(text) as { readonly renewal?: Renewal }).renewal?.errors ?? 0) > 0;
        });
      }
      const answers: Record<string, unknown> = {};
      for (const [host, path] of rows) {
        const { status, text } = await askHost(port, host, path);
        answers[`${host}${path}`] = [status, masked(text, secure)];
      }
      found.push(answers);
    }
    const [byApache, byModhost] = found;
    expect(byModhost).to.deep.equal(byApache);
    expect(JSON.stringify(byApache)).to.include("certificate(P-256) is missing");
  });
});
