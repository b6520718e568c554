// Sessions that begin with one HTTP worker and go on with another; the shipped ssl.conf as sslscan judges it, beside Debian's.
import { expect } from "chai";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { selfSigned } from "../../conformance/certificates.js";
import { missingForApache, startServer } from "../../conformance/servers.js";
import { serveModhost, type ServedRoot } from "../../support/modhost.js";
import { freePorts, until } from "../../support/running.js";

const pair = selfSigned("/CN=localhost");

/** One request by that session; gives a session to go on with. */
function ask(port: number, maxVersion: "TLSv1.2" | "TLSv1.3", session?: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let next = session;
    const socket = connect({ port, rejectUnauthorized: false, maxVersion, ...(session ? { session } : {}) });
    socket.on("session", (bytes) => (next = bytes)).on("error", reject);
    socket.on("data", () => undefined).on("close", () => resolve(next));
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  });
}

describe("a TLS session", function () {
  this.timeout(60_000);
  let server: ServedRoot | undefined;
  let port = 0;

  before(async () => {
    [port = 0] = await freePorts(1);
    server = await serveModhost(
      `Listen 127.0.0.1:${port} https
LogFormat "%P %{SSL_PROTOCOL}x %{SSL_SESSION_RESUMED}x" sessions
<VirtualHost *:${port}>
  SSLEngine On
  SSLCertificateFile pair.pem
  SSLCertificateKeyFile pair.key
  CustomLog run/sessions.log sessions
</VirtualHost>`,
      {
        files: { "htdocs/index.html": "index", "pair.pem": pair.cert, "pair.key": pair.key },
        modules: ["ssl", "log_config"],
      },
    );
  });
  after(() => server?.end());

  it("goes on when openssl s_client comes again, five times", () => {
    const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", "-reconnect"];
    const { stdout } = spawnSync("openssl", args, { input: "", encoding: "utf8" });
    expect(stdout.match(/^(?:New|Reused), /gm)).to.deep.equal(["New, ", ...(Array(5).fill("Reused, ") as string[])]);
  });

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`of ${version} goes on with every worker, whichever it began with`, async () => {
      const session = await ask(port, version);
      const log = join(server?.root ?? "", "run/sessions.log");
      const lines = (): string[] =>
        existsSync(log)
          ? readFileSync(log, "utf8")
              .split("\n")
              .filter((line) => line.includes(version))
          : [];
      const workers = (): Set<string | undefined> =>
        new Set(
          lines()
            .filter((line) => line.endsWith("Resumed"))
            .map((line) => line.split(" ")[0]),
        );
      await until("two workers have gone on with it", async () => {
        await Promise.all(Array.from({ length: 8 }, () => ask(port, version, session)));
        return workers().size === 2;
      });
      expect(lines().filter((line) => line.endsWith("Initial"))).to.have.length(1);
    });

    it(`of ${version} ends with a graceful restart, as with Apache, and another begins`, async () => {
      const session = await ask(port, version);
      const errors = (): number => [...(server?.errors() ?? "").matchAll(/resuming normal operations/g)].length;
      const before = errors();
      process.kill(server?.running.child.pid ?? 0, "SIGUSR1");
      await until("the new workers serve", () => errors() > before);
      const log = join(server?.root ?? "", "run/sessions.log");
      const count = (): number => readFileSync(log, "utf8").split("\n").length;
      const known = count();
      await ask(port, version, session);
      await until("it is logged", () => count() > known);
      expect(readFileSync(log, "utf8")).to.match(/Initial\n$/);
    });
  }
});

const sslscan = "/usr/bin/sslscan";
const shipped = fileURLToPath(new URL("../../../mods-available/ssl.conf", import.meta.url));

/** What a scan accepts: versions that are on, ciphers, and what is wrong. */
interface Scan {
  readonly versions: readonly string[];
  readonly ciphers: readonly string[];
  readonly faults: readonly string[];
}

function scan(port: number): Promise<Scan> {
  return new Promise((resolve, reject) => {
    const args = ["--no-colour", "--ocsp", `127.0.0.1:${port}`];
    execFile(sslscan, args, { timeout: 120_000 }, (error, text) => {
      if (error) return reject(new Error(`sslscan failed: ${error.message}\n${text}`));
      const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = ""]) => found);
      resolve({
        versions: all(/^((?:SSL|TLS)v[\d.]+) +enabled$/gm),
        ciphers: all(/^(?:Accepted|Preferred) +(\S+ +\d+ bits +\S+)/gm).map((line) => line.replace(/ +/g, " ")),
        faults: all(/^(.*(?:(?<!not )vulnerable|Insecure|Compression enabled|NULL|EXPORT).*)$/gm),
      });
    });
  });
}

describe("the shipped ssl.conf", function () {
  this.timeout(180_000);

  it("lets sslscan find nothing worse than Debian's of Apache", async function () {
    const missing = [
      ...(existsSync(sslscan) ? [] : ["apt-get install sslscan"]),
      ...(missingForApache() === undefined ? [] : [missingForApache()]),
    ];
    if (missing.length > 0) {
      if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; missing: ${missing.join(", ")}`);
      console.log(`      skipped, missing: ${missing.join(", ")}`);
      return this.skip();
    }
    const root = mkdtempSync(join(tmpdir(), "sslscan-"));
    mkdirSync(join(root, "conf"));
    writeFileSync(join(root, "conf/mime.types"), "text/html html\n");
    writeFileSync(join(root, "pair.pem"), pair.cert);
    writeFileSync(join(root, "pair.key"), pair.key);
    const scans: Scan[] = [];
    try {
      for (const [kind, file] of [
        ["apache", "/etc/apache2/mods-available/ssl.conf"],
        ["modhost", shipped],
      ] as const) {
        const configuration = `
Define APACHE_RUN_DIR @RUN@
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule socache_shmcb_module @MODULES@/mod_socache_shmcb.so
LoadModule ssl_module @MODULES@/mod_ssl.so
Include "${file}"
Listen 127.0.0.1:@PORT2@ https
<VirtualHost *:@PORT2@>
  SSLEngine On
  SSLCertificateFile @ROOT@/pair.pem
  SSLCertificateKeyFile @ROOT@/pair.key
</VirtualHost>
`;
        const server = await startServer(kind, configuration, root);
        try {
          scans.push(await scan(server.ports[1]));
        } finally {
          await server.stop();
        }
      }
    } finally {
      rmSync(root, { recursive: true });
    }
    const [apache, modhost] = scans;
    expect(modhost?.versions).to.deep.equal(["TLSv1.2", "TLSv1.3"]);
    expect(modhost?.faults).to.deep.equal([]);
    expect(modhost?.ciphers).to.not.be.empty;
    expect(apache?.versions).to.include.members([...(modhost?.versions ?? [])]);
    expect(apache?.ciphers).to.include.members([...(modhost?.ciphers ?? [])]);
  });
});
