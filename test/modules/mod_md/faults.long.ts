// Authorities at fault, and many managed domains at once → certificates all the same, as soon as can be.
import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encryptedHost, isIssued, managedLines } from "../../support/managed-domains.js";
import { makeRoot, serveRoot, type ServedRoot } from "../../support/modhost.js";
import { needPebble, startPebble, type Pebble } from "../../support/pebble.js";
import { freePorts, until } from "../../support/running.js";

describe("managed domains of an authority at fault", function () {
  this.timeout(300_000);
  let pebble: Pebble | undefined;
  let server: ServedRoot | undefined;
  let http = 0;
  let https = 0;

  before(async function () {
    needPebble(this);
    [http = 0, https = 0] = await freePorts(2);
  });
  afterEach(async () => {
    await server?.end();
    await pebble?.end();
  });

  const start = async (
    names: readonly string[],
    { environment = {}, lines = "" }: { environment?: Readonly<Record<string, string>>; lines?: string } = {},
  ): Promise<ServedRoot> => {
    pebble = await startPebble({ http, https, environment });
    const domains = names.map((name) => `MDomain ${name}`).join("\n");
    const text = managedLines({ http, https }, pebble, `MDPrivateKeys P-256\n${lines}\n${domains}`);
    const hosts = names.map((name) => encryptedHost({ http, https }, name)).join("");
    const { root, port } = await makeRoot(text + hosts, { modules: ["ssl", "md"] });
    return (server = await serveRoot(root, port));
  };

  it("get their certificates though every other nonce is refused", async () => {
    const served = await start(["nonces.example.org"], { environment: { PEBBLE_WFE_NONCEREJECT: "50" } });
    await until("the certificate is in use", () => isIssued(https, "nonces.example.org"));
    expect(served.errors()).to.include("AH10059: nonces.example.org");
  });

  it("are got at once after a reload where the authority was not trusted before", async () => {
    const served = await start(["trusted.example.org"], {
      lines: "MDCACertificateFile @ROOT@/htdocs/none.pem\nMDRetryDelay 1h",
    }).catch(() => undefined);
    expect(served, "a server without the file it names").to.equal(undefined);
    await pebble?.end();
    const second = await start(["trusted.example.org"], {
      lines: "MDCACertificateFile /etc/ssl/certs/ca-certificates.crt\nMDRetryDelay 1h",
    });
    await until("that is in the log", () => /AH10056: trusted\.example\.org: .*self-signed/.test(second.errors()));
    const file = join(second.root, "apache2.conf");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("MDCACertificateFile /etc/ssl/certs/ca-certificates.crt\n", ""));
    second.running.child.kill("SIGUSR1");
    await until("the certificate is in use", () => isIssued(https, "trusted.example.org"));
    expect(second.errors()).to.include("AH10064: trusted.example.org: failures before this start: 1");
  });

  it("are sixty, and all of them get theirs", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `d${index}.example.org`);
    const served = await start(names);
    const got = (): number => served.errors().match(/AH10059: /g)?.length ?? 0;
    for (const count of [15, 30, 45, 60]) await until(`${count} are got`, () => got() >= count);
    for (const name of ["d0.example.org", "d59.example.org"])
      await until(`that of ${name} is in use`, () => isIssued(https, name));
    expect(served.errors()).not.to.include("AH10056");
  });
});
