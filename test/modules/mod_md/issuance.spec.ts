// Managed domains with a real authority: from the order to the handshake, without a restart.
import { expect } from "chai";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { askHost, certificateFor, encryptedHost, isIssued, managedLines } from "../../support/managed-domains.js";
import { makeRoot, serveModhost, serveRoot, type ServedRoot } from "../../support/modhost.js";
import { needPebble, startPebble, type Pebble } from "../../support/pebble.js";
import { freePorts, until } from "../../support/running.js";

const modules = ["ssl", "md", "status"];

describe("mod_md with an authority", function () {
  // Each test starts a server and waits for an authority.
  this.timeout(180_000);
  let pebble: Pebble;
  let server: ServedRoot | undefined;
  let http = 0;
  let https = 0;

  before(async function () {
    needPebble(this);
    [http = 0, https = 0] = await freePorts(2);
    // One nonce in ten is refused, as an authority may do at any time.
    pebble = await startPebble({ http, https, environment: { PEBBLE_WFE_NONCEREJECT: "10", PEBBLE_AUTHZREUSE: "0" } });
  });
  afterEach(async () => {
    await server?.end();
    server = undefined;
  });
  after(async () => pebble?.end());

  const configuration = (lines: string): string => managedLines({ http, https }, pebble, lines);
  const host = (name: string, more?: string): string => encryptedHost({ http, https }, name, more);

  it("gets a certificate by http-01, serves it without a restart, and keeps it through a reload", async () => {
    const text = configuration(`
MDCAChallenges http-01
MDPrivateKeys P-256
MDRequireHttps temporary
MDomain one.example.org
${host("one.example.org", "ServerAlias www.one.example.org")}
<VirtualHost *:${http}>
    ServerName one.example.org
</VirtualHost>
<Location /domains>
    SetHandler md-status
</Location>
<Location /server-status>
    SetHandler server-status
</Location>`);
    server = await serveModhost(text, { modules });
    const { root, port, running } = server;
    const store = join(root, "md");
    await until("the certificate is in use", () => isIssued(https, "one.example.org"));
    const { subjectaltname, serialNumber } = await certificateFor(https, "one.example.org");
    expect(subjectaltname).to.equal("DNS:one.example.org, DNS:www.one.example.org");

    const key = join(store, "staging/one.example.org/privkey.p-256.pem");
    expect(readFileSync(key, "utf8")).to.match(/ENCRYPTED/);
    expect(statSync(key).mode & 0o777).to.equal(0o600);
    const account = JSON.parse(
      readFileSync(join(store, "accounts/ACME-127.0.0.1-0000/account.json"), "utf8"),
    ) as Record<string, unknown>;
    expect(account).to.include({ status: "valid", "ca-url": pebble.directory });
    expect(account["contact"]).to.deep.equal(["mailto:admin@example.org"]);
    expect(server.errors()).not.to.match(/PRIVATE KEY/);

    for (const [path, status, location] of [
      ["/.well-known/acme-challenge/unknown", 404, undefined],
      ["/.well-known/acme-challenge/..%2f..%2fmd_store.json", 404, undefined],
      ["/shop?a=%20b", 302, "https://one.example.org/shop?a=%20b"],
    ] as const) {
      const answered = await askHost(http, "one.example.org", path);
      expect([answered.status, answered.location], path).to.deep.equal([status, location]);
    }
    const posted = await askHost(http, "one.example.org", "/shop", "POST");
    expect(posted.status).to.equal(307);

    // The keeper says what it has done when the certificate is in use already.
    await until("the status says so", async () => {
      const { text } = await askHost(port, "localhost", "/domains/one.example.org");
      return (JSON.parse(text) as Record<string, unknown>)["renew"] === undefined;
    });
    const all = JSON.parse((await askHost(port, "localhost", "/domains")).text) as {
      readonly "managed-domains": readonly Record<string, unknown>[];
    };
    expect(all["managed-domains"].map(({ name, watched }) => [name, watched])).to.deep.equal([
      ["one.example.org", true],
    ]);
    const told = JSON.parse((await askHost(http, "one.example.org", "/.httpd/certificate-status")).text) as {
      readonly "P-256": { readonly serial: string };
    };
    expect(told["P-256"].serial).to.equal(serialNumber);
    expect((await askHost(port, "localhost", "/server-status?auto")).text).to.contain("ManagedCertificatesOK: 1\n");
    expect((await askHost(port, "localhost", "/server-status")).text).to.contain("<h3>Managed Certificates</h3>");

    running.child.kill("SIGUSR1");
    await until("it is in the place of those in use", () =>
      existsSync(join(store, "domains/one.example.org/privkey.p-256.pem")),
    );
    expect(statSync(join(store, "domains/one.example.org/privkey.p-256.pem")).mode & 0o777).to.equal(0o600);
    await until("the reload is over", () => server?.errors().match(/resuming normal operations/g)?.length === 2);
    expect((await certificateFor(https, "one.example.org")).serialNumber).to.equal(serialNumber);
    expect(readdirSync(join(store, "staging/one.example.org"))).to.deep.equal(["job.json"]);
    expect(readdirSync(join(store, "archive"))).to.deep.equal(["one.example.org.1"]);
  });

  it("gets certificates by tls-alpn-01, one for each kind of key", async () => {
    const text = configuration(`
MDCAChallenges tls-alpn-01
MDPrivateKeys P-384 RSA
<MDomainSet two.example.org>
    MDMember also.two.example.org
</MDomainSet>
${host("two.example.org", "ServerAlias also.two.example.org\n    Protocols http/1.1 acme-tls/1")}`);
    server = await serveModhost(text, { modules });
    await until("the one is in use", () => isIssued(https, "two.example.org", "ECDHE-ECDSA-AES128-GCM-SHA256"));
    expect(await isIssued(https, "also.two.example.org", "ECDHE-RSA-AES128-GCM-SHA256")).to.equal(true);
  });

  it("gets a certificate for a wildcard by dns-01, with a program that makes the record", async () => {
    const tool = `#!/bin/sh
echo "$0 $*" >>"@ROOT@/calls"
case "$2" in
    setup) exec curl -sf "${pebble.records}/set-txt" -d "{\\"host\\":\\"_acme-challenge.$3.\\",\\"value\\":\\"$4\\"}" ;;
    teardown) exec curl -sf "${pebble.records}/clear-txt" -d "{\\"host\\":\\"_acme-challenge.$3.\\"}" ;;
esac
`;
    const text = configuration(`
MDChallengeDns01 @ROOT@/record "two words;"
MDNotifyCmd @ROOT@/record notified
MDomain *.three.example.org
${host("www.three.example.org")}`);
    const made = await makeRoot(text, { modules, files: { record: tool, calls: "" } });
    const { chmodSync, writeFileSync } = await import("node:fs");
    writeFileSync(join(made.root, "record"), tool.replaceAll("@ROOT@", made.root));
    chmodSync(join(made.root, "record"), 0o755);
    chmodSync(join(made.root, "calls"), 0o666);
    server = await serveRoot(made.root, made.port);
    await until("the certificate is in use", () => isIssued(https, "www.three.example.org"));
    const calls = readFileSync(join(made.root, "calls"), "utf8").trim().split("\n");
    const words = calls.map((line) => line.slice(`${made.root}/record `.length));
    expect(words.map((line) => line.replace(/[\w-]{43}/, "TOKEN"))).to.deep.equal([
      "two words; setup three.example.org TOKEN",
      "two words; teardown three.example.org",
      "notified *.three.example.org",
    ]);
  });

  it("waits as long as an authority wants, and serves a certificate of its own making meanwhile", async () => {
    const refusing: Server = createServer((asked, response) => {
      const here = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
      if (asked.url === "/dir") {
        const names = ["newNonce", "newAccount", "newOrder"].map((name) => [name, `${here}/${name}`]);
        return void response.end(JSON.stringify(Object.fromEntries(names)));
      }
      if (asked.method === "HEAD") return void response.writeHead(200, { "Replay-Nonce": "abc" }).end();
      response.writeHead(429, { "Retry-After": "7200", "Content-Type": "application/problem+json" });
      response.end(
        JSON.stringify({ type: "urn:ietf:params:acme:error:rateLimited", detail: "too\nmany [info] lines" }),
      );
    });
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = refusing.address() as AddressInfo;
      const text = configuration(`
MDCertificateAuthority http://127.0.0.1:${port}/dir
MDomain four.example.org
${host("four.example.org")}`);
      server = await serveModhost(text, { modules });
      const { root } = server;
      await until("the failure is in the log", () => server?.errors().includes("AH10056: four.example.org") === true);
      const { subject } = await certificateFor(https, "four.example.org");
      expect(subject.CN).to.equal("modhost managed domain fallback");
      const file = join(root, "md/staging/four.example.org/job.json");
      await until("the job is kept", () => existsSync(file));
      const job = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
      expect(job["errors"]).to.equal(1);
      expect(job["last"]).to.deep.include({ problem: "urn:ietf:params:acme:error:rateLimited" });
      expect(Date.parse(String(job["next-run"])) - Date.parse(String(job["last-run"]))).to.be.at.least(7_199_000);
    } finally {
      refusing.closeAllConnections();
      refusing.close();
    }
  });
});
