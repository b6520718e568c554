// OpenSSL's own client → sessions, clients' certificates of sections, and staples as it tells of them, beside Apache.
import { expect } from "chai";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned, signed } from "../../conformance/certificates.js";
import { missingForApache, skipWithout, startServer, type Server } from "../../conformance/servers.js";

const client = signed("/CN=authority", "/CN=client");
const server = selfSigned("/CN=www.test");

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
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
    SSLCACertificateFile @ROOT@/authority.pem
    <Location /members>
        SSLVerifyClient require
    </Location>
</VirtualHost>
`;

/** What the client wrote; it is given the lines once it has connected. */
function ask(args: readonly string[], { folder, lines }: { folder: string; lines: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("openssl", ["s_client", ...args], { cwd: folder, stdio: "pipe" });
    let out = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (out += data.toString("latin1")));
    child.stdin.on("error", () => undefined).write(lines);
    child.once("error", reject).once("close", () => resolve(out));
  });
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n`;

interface Row {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly apache: string;
  readonly modhost: string;
}

const own = ["-cert", "client.pem", "-key", "client.key"];
const rows: readonly Row[] = (["-tls1_2", "-tls1_3"] as const).flatMap((version): Row[] => [
  { name: `${version}, an open page`, path: "/", args: [version], apache: "200 index", modhost: "200 index" },
  {
    name: `${version}, an open page with a certificate at hand`,
    path: "/",
    args: [version, ...own],
    apache: "200 index",
    modhost: "200 index",
  },
  {
    name: `${version}, a section with a certificate`,
    path: "/members/",
    args: [version, ...own, "-enable_pha"],
    apache: "200 members",
    modhost: "200 members",
  },
  {
    name: `${version}, a section without a certificate`,
    path: "/members/",
    args: [version, "-enable_pha"],
    // A failure of the second handshake is the end of the connection.
    apache: "closed",
    modhost: "403",
  },
  {
    name: `${version}, a section with a certificate that can only be shown in the handshake`,
    path: "/members/",
    args: [version, ...own],
    // What browsers do: none takes a request for a certificate after the handshake of TLS 1.3.
    apache: version === "-tls1_2" ? "200 members" : "403",
    modhost: "200 members",
  },
]);

/** "200 body", "403", or that nothing came. */
function answerIn(out: string): string {
  const [, status = "", body = ""] = /HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*)$/.exec(out) ?? [];
  if (status === "") return "closed";
  return status === "200" ? `200 ${(/^\w*/.exec(body) ?? [""])[0]}` : status;
}

describe("openssl s_client", function () {
  this.timeout(60_000);
  let root = "";
  const servers: Server[] = [];

  before(async function () {
    skipWithout(this, missingForApache());
    root = mkdtempSync(join(tmpdir(), "s-client-"));
    chmodSync(root, 0o755);
    mkdirSync(join(root, "conf"));
    mkdirSync(join(root, "htdocs/members"), { recursive: true });
    const files = {
      "conf/mime.types": "text/html html\n",
      "htdocs/index.html": "index\n",
      "htdocs/members/index.html": "members\n",
      "server.pem": server.cert,
      "server.key": server.key,
      "client.pem": client.cert,
      "client.key": client.key,
      "authority.pem": client.authority,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    for (const kind of ["apache", "modhost"] as const) servers.push(await startServer(kind, configuration, root));
  });
  after(async () => {
    await Promise.all(servers.map((each) => each.stop()));
    if (root !== "") rmSync(root, { recursive: true });
  });

  for (const row of rows) {
    it(`is answered: ${row.name}`, async () => {
      for (const { kind, ports } of servers) {
        const args = ["-connect", `127.0.0.1:${ports[1]}`, "-servername", "www.test", "-quiet", ...row.args];
        expect(answerIn(await ask(args, { folder: root, lines: request(row.path) })), kind).to.equal(row[kind]);
      }
    });
  }

  it("is told no when it begins anew, as by Apache", async () => {
    for (const { kind, ports } of servers) {
      const args = ["-connect", `127.0.0.1:${ports[1]}`, "-tls1_2"];
      const out = await ask(args, { folder: root, lines: "R\n" });
      expect(out, kind).to.match(/RENEGOTIATING\n[^\n]*no renegotiation/);
    }
  });
});
