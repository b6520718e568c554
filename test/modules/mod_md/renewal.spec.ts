// Managed domains over time: renewals while serving, keepers that die, authorities that are away, forget, advise and refuse.
import { expect } from "chai";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { Agent, request as requestSecure } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificateFor, encryptedHost, isIssued, managedLines } from "../../support/managed-domains.js";
import { makeRoot, serveRoot, type ServedRoot } from "../../support/modhost.js";
import { needPebble, startPebble, type Pebble } from "../../support/pebble.js";
import { freePorts, until } from "../../support/running.js";

const modules = ["ssl", "md"];

describe("a managed domain over time", function () {
  // Each test starts an authority and a server, and waits for certificates.
  this.timeout(180_000);
  let pebble: Pebble;
  let server: ServedRoot | undefined;
  let http = 0;
  let https = 0;

  before(async function () {
    needPebble(this);
    [http = 0, https = 0] = await freePorts(2);
  });
  afterEach(async () => {
    await server?.end();
    server = undefined;
    await pebble?.end();
  });

  const start = async (options: Partial<Parameters<typeof startPebble>[0]> = {}): Promise<void> => {
    pebble = await startPebble({ http, https, ...options });
  };
  /** Serves one managed domain; `program` is what MDMessageCmd and MDChallengeDns01 call. */
  const serve = async (name: string, lines: string, program = ":", ports = { http, https }): Promise<ServedRoot> => {
    const text = managedLines(ports, pebble, `${lines}\nMDPrivateKeys P-256\nMDomain ${name}`);
    const made = await makeRoot(text + encryptedHost(ports, name), { modules });
    const { root, port } = made;
    writeFileSync(join(root, "program"), `#!/bin/sh\necho "$@" >>${root}/calls\ncd ${root}/calls.d\n${program}\n`);
    writeFileSync(join(root, "calls"), "");
    mkdirSync(join(root, "calls.d"));
    for (const [file, mode] of [
      ["program", 0o755],
      ["calls", 0o666],
      ["calls.d", 0o777],
    ] as const)
      chmodSync(join(root, file), mode);
    return (server = await serveRoot(root, port));
  };
  const callsOf = ({ root }: ServedRoot): string[] => readFileSync(join(root, "calls"), "utf8").trim().split("\n");
  const serialOf = async (name: string): Promise<string> => (await certificateFor(https, name)).serialNumber;
  const jobOf = ({ root }: ServedRoot, name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(root, "md/staging", name, "job.json"), "utf8")) as Record<string, unknown>;
  /** Kills whoever called it, once. */
  const killOnce = '[ -e killed ] || { touch killed; kill -9 "$PPID"; exit 1; }';

  it("is renewed near its end, again and again, and nobody notices", async () => {
    await start({ validity: 12 });
    await serve("often.example.org", "MDRenewWindow 50%\nMaxKeepAliveRequests 0\nKeepAliveTimeout 60");
    await until("the first is in use", () => isIssued(https, "often.example.org"));
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const statuses = new Set<number>();
    let connections = 0;
    const ask = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const headers = { Host: "often.example.org" };
        const options = { port: https, host: "127.0.0.1", servername: "often.example.org", agent, headers };
        requestSecure(options, (response) => {
          statuses.add(response.statusCode ?? 0);
          response.resume().on("end", resolve);
        })
          .on("socket", (socket) => {
            if (socket.connecting) connections++;
          })
          .on("error", reject)
          .end();
      });
    const serials = new Set<string>();
    await until("two renewals have been seen", async () => {
      await ask();
      serials.add(await serialOf("often.example.org"));
      return serials.size >= 3;
    });
    agent.destroy();
    expect([...statuses]).to.have.length(1);
    expect(connections).to.equal(1);
  });

  it("waits for an authority that is away when the server starts", async () => {
    await start();
    await pebble.stop();
    const served = await serve("away.example.org", "");
    await until("that is in the log", () =>
      /AH10056: away\.example\.org: .* cannot be asked: .*ECONNREFUSED/.test(served.errors()),
    );
    await pebble.start();
    await until("the certificate is in use", () => isIssued(https, "away.example.org"));
  });

  it("makes a new account where the authority has forgotten the one there is", async () => {
    await start({ validity: 20 });
    const served = await serve("forgotten.example.org", "MDRenewWindow 70%");
    await until("the first is in use", () => isIssued(https, "forgotten.example.org"));
    const first = await serialOf("forgotten.example.org");
    await pebble.stop();
    await pebble.start();
    await until("it is renewed", async () => (await serialOf("forgotten.example.org")) !== first);
    expect(served.errors()).to.contain("does not know the account in ACME-127.0.0.1-0000; a new one is made");
    expect(readdirSync(join(served.root, "md/accounts"))).to.deep.equal(["ACME-127.0.0.1-0000"]);
  });

  it("is got though the keeper is killed in the middle of an order", async () => {
    await start();
    const served = await serve(
      "killed.example.org",
      "MDMessageCmd @ROOT@/program",
      `case "$1" in challenge-setup:*) ${killOnce} ;; esac`,
    );
    await until("the certificate is in use", () => isIssued(https, "killed.example.org"));
    expect(served.errors()).to.match(/the keeper \(pid \d+\) ended by SIGKILL; a new one takes its place/);
    expect(readdirSync(join(served.root, "md/accounts"))).to.deep.equal(["ACME-127.0.0.1-0000"]);
  });

  it("is in use though the keeper is killed as soon as the certificate has come", async () => {
    await start();
    const served = await serve(
      "late.example.org",
      "MDMessageCmd @ROOT@/program",
      `case "$1" in renewed) ${killOnce} ;; installed) cat ../md/domains/$2/privkey.p-256.pem >key; sleep 60 & ;; esac`,
    );
    await until("the certificate is in use", () => isIssued(https, "late.example.org"));
    await until("everybody has heard of it", () => jobOf(served, "late.example.org")["notified"] === true);
    served.running.child.kill("SIGUSR1");
    await until("it is in its place", () => callsOf(served).includes("installed late.example.org"));
    // Root may read it, and nobody waits for what is left in the background.
    const key = join(served.root, "calls.d/key");
    await until("the key is handed on", () => existsSync(key) && readFileSync(key, "utf8").includes("END PRIVATE KEY"));
    const words = callsOf(served).map((line) => line.split(" ")[0]);
    expect(words).to.deep.equal([
      ...["renewing", "challenge-setup:http-01:late.example.org", "renewed", "renewed", "installed"],
    ]);
  });

  it("is got anew with MDMustStaple, once, though the authority does not give the extension", async () => {
    await start();
    const served = await serve("staple.example.org", "MDStapling on\nMDMessageCmd @ROOT@/program");
    await until("the first is in use", () => isIssued(https, "staple.example.org"));
    const serial = await serialOf("staple.example.org");
    const file = join(served.root, "apache2.conf");
    writeFileSync(file, `${readFileSync(file, "utf8")}\nMDMustStaple on\n`);
    served.running.child.kill("SIGUSR1");
    await until("there is another", async () => (await serialOf("staple.example.org")) !== serial);
    await until("that is in the log", () =>
      /MDMustStaple: .* gives certificates without the extension/.test(served.errors()),
    );
    served.running.child.kill("SIGUSR1");
    const installed = (): number => callsOf(served).filter((line) => line.startsWith("installed")).length;
    await until("it is in its place", () => installed() === 2);
    await until("the reload is over", () => served.errors().match(/resuming normal operations/g)?.length === 3);
    expect(served.errors().match(/AH10059: /g)).to.have.length(2);
  });

  it("is put off where the program does not want it renewed now", async () => {
    await start();
    const served = await serve(
      "veto.example.org",
      "MDMessageCmd @ROOT@/program",
      'case "$1" in renewing) echo not me; exit 4 ;; esac',
    );
    await until("that is in the log", () =>
      /AH10109: veto\.example\.org: MDMessageCmd: .*program failed with exit code 4: not me/.test(served.errors()),
    );
    await until("it is put off", () => served.errors().includes("AH10060: veto.example.org"));
    expect(served.errors()).not.to.include("AH10056");
    expect(callsOf(served)).to.deep.equal(["renewing veto.example.org"]);
  });

  it("leaves no record of DNS behind when the keeper is killed", async () => {
    await start();
    const record = '\\"host\\":\\"_acme-challenge.$2.\\"';
    const served = await serve(
      "record.example.org",
      "MDCAChallenges dns-01\nMDChallengeDns01 @ROOT@/program",
      `case "$1" in
    setup) curl -sf "${pebble.records}/set-txt" -d "{${record},\\"value\\":\\"$3\\"}" ; ${killOnce} ;;
    teardown) curl -sf "${pebble.records}/clear-txt" -d "{${record}}" ;;
esac`,
    );
    await until("the certificate is in use", () => isIssued(https, "record.example.org"));
    const words = callsOf(served).map((line) => line.split(" ")[0]);
    expect(words).to.deep.equal(["setup", "teardown", "setup", "teardown"]);
  });

  it("is got though the server is reloaded in the middle of an order", async () => {
    await start();
    const served = await serve(
      "reloaded.example.org",
      "MDMessageCmd @ROOT@/program",
      'case "$1" in challenge-setup:*) touch waiting; until [ -e go ]; do sleep 0.1; done ;; esac',
    );
    const { root, running } = served;
    await until("an order is under way", () => existsSync(join(root, "calls.d/waiting")));
    running.child.kill("SIGUSR1");
    await until("the reload is over", () => served.errors().match(/resuming normal operations/g)?.length === 2);
    writeFileSync(join(root, "calls.d/go"), "");
    await until("the certificate is in use", () => isIssued(https, "reloaded.example.org"));
  });

  it("is not ordered when the certificate could not be kept", async () => {
    await start({ validity: 8 });
    const served = await serve("full.example.org", "MDRenewWindow 50%");
    await until("the first is in use", () => isIssued(https, "full.example.org"));
    const folder = join(served.root, "md/staging/full.example.org");
    const { uid, gid, mode } = statSync(folder);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(folder, 0, 0);
    chmodSync(folder, 0o555);
    const orders = (): number => pebble.output().match(/order-plz|Added order/g)?.length ?? 0;
    await until("that is in the log", () => served.errors().includes("cannot be written"));
    const before = orders();
    const tries = (): number => served.errors().match(/AH10056: full/g)?.length ?? 0;
    const triesBefore = tries();
    await until("it has been tried again", () => tries() > triesBefore);
    expect(orders()).to.equal(before);
    const serial = await serialOf("full.example.org");
    if (isRoot) chownSync(folder, uid, gid);
    chmodSync(folder, mode);
    await until("it is renewed", async () => (await serialOf("full.example.org")) !== serial);
  });

  it("is ordered by one of two servers on a store, and used by both", async () => {
    await start();
    const store = mkdtempSync(join(tmpdir(), "md-store-"));
    chmodSync(store, 0o755);
    const record = '\\"host\\":\\"_acme-challenge.$2.\\"';
    const program = `case "$1" in
    setup) curl -sf "${pebble.records}/set-txt" -d "{${record},\\"value\\":\\"$3\\"}" ;;
    teardown) curl -sf "${pebble.records}/clear-txt" -d "{${record}}" ;;
esac`;
    const [otherHttp = 0, otherHttps = 0] = await freePorts(2);
    const ports = [
      { http, https },
      { http: otherHttp, https: otherHttps },
    ];
    const lines = `MDStoreDir ${store}\nMDStoreLocks on\nMDCAChallenges dns-01\nMDChallengeDns01 @ROOT@/program`;
    const servers = await Promise.all(ports.map((each) => serve("shared.example.org", lines, program, each)));
    try {
      for (const each of ports) await until("both use it", () => isIssued(each.https, "shared.example.org"));
      const serials = await Promise.all(ports.map((each) => certificateFor(each.https, "shared.example.org")));
      expect(new Set(serials.map(({ serialNumber }) => serialNumber)).size).to.equal(1);
      const calls = servers.flatMap((each) => callsOf(each)).filter((line) => line.startsWith("setup"));
      expect(calls).to.have.length(1);
    } finally {
      await Promise.all(servers.map((each) => each.end()));
      rmSync(store, { recursive: true, force: true });
    }
  });

  it("is renewed when the authority wants it", async () => {
    await start();
    const asked: string[] = [];
    const minutes = (count: number): string => new Date(Date.now() + count * 60_000).toISOString();
    const front: Server = createServer((request, response) => {
      const here = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
      const id = request.url?.startsWith("/ari/") ? request.url.slice("/ari/".length) : undefined;
      if (id === undefined) {
        return void pebbleDirectory(pebble.directory).then((directory) => {
          response.end(JSON.stringify({ ...directory, renewalInfo: `${here}/ari` }));
        });
      }
      if (!asked.includes(id)) asked.push(id);
      // The first has to go at once, the second has a year.
      const [start, end] = asked.indexOf(id) === 0 ? [minutes(-10), minutes(-5)] : [minutes(500_000), minutes(500_001)];
      const body = { suggestedWindow: { start, end }, explanationURL: "https://example.org/why" };
      response.writeHead(200, { "Retry-After": "21600" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = front.address() as AddressInfo;
      const served = await serve("advised.example.org", `MDCertificateAuthority http://127.0.0.1:${port}/dir`);
      await until("both have been asked about", () => asked.length === 2);
      expect(served.errors()).to.match(
        /AH10516: .* wants the certificate renewed now: .*, see https:\/\/example\.org\/why/,
      );
      await until("the second is in use", () => isIssued(https, "advised.example.org"));
      const serial = await serialOf("advised.example.org");
      const [, second = ""] = asked;
      const named = Buffer.from(second.split(".")[1] ?? "", "base64url")
        .toString("hex")
        .toUpperCase();
      expect(named.replace(/^00/, "")).to.equal(serial);
    } finally {
      front.closeAllConnections();
      front.close();
    }
  });

  it("is left alone for a day where the authority does not sign for its name", async () => {
    await start({ refused: ["refused.example.org"] });
    const served = await serve("refused.example.org", "");
    await until("that is in the log", () => served.errors().includes("AH10056: refused.example.org"));
    await until("the job is kept", () => existsSync(join(served.root, "md/staging/refused.example.org/job.json")));
    await until("it has failed", () => jobOf(served, "refused.example.org")["errors"] === 1);
    const job = jobOf(served, "refused.example.org");
    expect(job["last"]).to.deep.include({ problem: "urn:ietf:params:acme:error:rejectedIdentifier" });
    const wait = Date.parse(String(job["next-run"])) - Date.parse(String(job["last-run"]));
    expect(wait).to.be.at.least(86_390_000);
  });

  it("is bound to an account at the customer desk, by the right secret alone", async () => {
    const secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    await start({ bindingKeys: { "kid-1": secret } });
    const first = await serve("bound.example.org", `MDExternalAccountBinding kid-1 ${secret.replace("z", "y")}`);
    await until("it was refused", () => /AH10056: bound\.example\.org: the account was not taken/.test(first.errors()));
    await first.end();
    const second = await serve("bound.example.org", `MDExternalAccountBinding kid-1 ${secret}`);
    await until("the certificate is in use", () => isIssued(https, "bound.example.org"));
    const account = readFileSync(join(second.root, "md/accounts/ACME-127.0.0.1-0000/account.json"), "utf8");
    expect((JSON.parse(account) as { readonly eab: object }).eab).to.deep.equal({ kid: "kid-1", hmac: secret });
  });
});

/** A directory of ACME. */
function pebbleDirectory(url: string): Promise<object> {
  return new Promise((resolve, reject) => {
    requestSecure(url, { rejectUnauthorized: false, agent: false }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve(JSON.parse(text) as object));
    })
      .on("error", reject)
      .end();
  });
}
