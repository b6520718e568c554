// Managed domains whose files are there already: redirections beside Apache.
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

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule md_module @MODULES@/mod_md.so
Listen 127.0.0.1:@PORT2@
MDRenewMode manual
MDPortMap http:@PORT@ https:@PORT2@
<MDomainSet own.test>
    MDMember www.own.test
    MDCertificateFile @ROOT@/own.pem
    MDCertificateKeyFile @ROOT@/own.key
    MDRequireHttps permanent
</MDomainSet>
<VirtualHost *:@PORT@>
    ServerName own.test
    ServerAlias www.own.test
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName own.test
    ServerAlias www.own.test
    SSLEngine on
</VirtualHost>
`;

/** Method, host and path of what is asked by plain HTTP. */
const rows = [
  ["GET", "own.test", "/"],
  ["GET", "own.test", "/shop?a=%20b&c=d"],
  ["HEAD", "www.own.test", "/shop"],
  ["POST", "own.test", "/shop"],
  ["GET", "own.test", "/.well-known/acme-challenge/unknown"],
  ["GET", "own.test", "/.well-known/other"],
] as const;

describe("MDRequireHttps permanent, with MDCertificateFile", function () {
  this.timeout(120_000);
  let folder = "";
  const servers: Server[] = [];
  before(function () {
    skipWithout(this, missingForApache());
    folder = makeComparedRoot();
    makeOwnCertificates(folder, { own: 90 });
  });
  after(() => endCompared(servers, folder));

  it("answers as Apache does", async () => {
    const found: string[][] = [];
    for (const kind of ["apache", "modhost"] as const) {
      const server = await startServer(kind, configuration, folder);
      servers.push(server);
      const [port = 0, secure = 0] = server.ports;
      const lines: string[] = [];
      for (const [method, host, path] of rows) {
        const { status, location } = await askHost(port, host, path, method);
        lines.push(`${method} ${host}${path}: ${status} ${location?.replace(String(secure), "SECURE")}`);
      }
      found.push(lines);
    }
    const [byApache, byModhost] = found;
    expect(byModhost).to.deep.equal(byApache);
    expect(byApache?.[1]).to.match(/: 301 https:\/\/own\.test/);
  });
});
