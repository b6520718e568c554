// OCSP stapling: questions and answers as OpenSSL has them, and what s_client is shown by modhost and by a real Apache.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server as Responder } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { der, derAt, derWithin } from "../../../src/modules/mod_ssl/der.js";
import { ocspAnswer, ocspQuestion } from "../../../src/modules/mod_ssl/ocsp.js";
import { responderOf } from "../../../src/modules/mod_ssl/ocsp-client.js";
import { leafAndIssuer, Stapler } from "../../../src/modules/mod_ssl/stapling.js";
import { ssl } from "../../../src/modules/mod_ssl/settings.js";
import { missingForApache, startServer, type Server } from "../../conformance/servers.js";
import {
  addressOf,
  answerTo,
  endResponder,
  makeAuthority,
  openssl,
  startResponder,
  statusOf,
} from "../../support/ocsp-responder.js";
import { until } from "../../support/running.js";

const folder = mkdtempSync(join(tmpdir(), "stapling-"));
const read = (name: string): X509Certificate => new X509Certificate(readFileSync(join(folder, name)));

/** An authority and a certificate of it for each row; one more with a key of another kind. */
function makeCertificates(): void {
  const names = rows.map(([name]) => name);
  makeAuthority(folder, names, "http://127.0.0.1:1");
  const from = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "0xF2F0", "-extfile", "extension"];
  const make = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "rsa.key", "-out", "request"];
  openssl(folder, ...make, "-subj", "/CN=rsa.test");
  openssl(folder, "x509", "-req", "-in", "request", "-out", "rsa.pem", "-days", "30", ...from);
  appendFileSync(join(folder, "rsa.pem"), readFileSync(join(folder, "ca.pem")));
  appendFileSync(join(folder, "index"), "V\t401231235959Z\t\tF2F0\tunknown\t/CN=rsa.test\n");
}

before(makeCertificates);
after(() => rmSync(folder, { recursive: true }));

describe("a question to an OCSP responder", () => {
  it("is the one OpenSSL asks", () => {
    openssl(folder, "ocsp", "-issuer", "ca.pem", "-cert", "good.leaf", "-no_nonce", "-reqout", "asked");
    const { bytes } = ocspQuestion(read("good.leaf"), read("ca.pem"));
    expect(bytes.toString("hex")).to.equal(readFileSync(join(folder, "asked")).toString("hex"));
  });

  for (const name of ["good", "revoked"]) {
    it(`about a ${name} certificate is answered by OpenSSL, and the answer understood`, () => {
      const question = ocspQuestion(read(`${name}.leaf`), read("ca.pem"));
      const answer = ocspAnswer(answerTo(folder, question.bytes), question);
      expect(answer.kind).to.equal("answer");
      if (answer.kind !== "answer") return;
      expect(Math.abs(Date.now() - answer.thisUpdate)).to.be.below(600_000);
      expect((answer.nextUpdate ?? 0) - answer.thisUpdate).to.be.within(86_000_000, 87_000_000);
    });
  }

  it("is not answered by what is said of another certificate", () => {
    const question = ocspQuestion(read("good.leaf"), read("ca.pem"));
    const other = ocspQuestion(read("revoked.leaf"), read("ca.pem"));
    expect(() => ocspAnswer(answerTo(folder, other.bytes), question)).to.throw("not about this certificate");
  });

  it("is not answered by parts of an answer, nor by anything else", () => {
    const question = ocspQuestion(read("good.leaf"), read("ca.pem"));
    const whole = answerTo(folder, question.bytes);
    for (let length = 0; length < whole.length; length += 7) {
      expect(() => ocspAnswer(whole.subarray(0, length), question), `${length} bytes`).to.throw();
    }
    for (const text of ["", "0", "<html>", "\x30\x80", "\x30\x85\xff\xff\xff\xff\xff", "\x30\x03\x0a\x01\x00"]) {
      expect(() => ocspAnswer(Buffer.from(text, "latin1"), question), JSON.stringify(text)).to.throw();
    }
  });

  it("is made of values with short and long lengths", () => {
    for (const length of [0, 1, 127, 128, 255, 256, 70_000]) {
      const value = der(0x30, der(0x04, Buffer.alloc(length)));
      const [inner] = derWithin(value, derAt(value, 0));
      expect((inner?.end ?? 0) - (inner?.start ?? 0)).to.equal(length);
    }
  });
});

/** Hosts: their lines, and what s_client is shown, by a real Apache too. */
const rows: readonly (readonly [name: string, lines: string, shown: RegExp, byApache?: RegExp])[] = [
  ["good", "SSLStaplingForceURL @RESPONDER@/answer", /Cert Status: good/],
  ["revoked", "SSLStaplingForceURL @RESPONDER@/answer", /Cert Status: revoked/],
  ["off", "SSLUseStapling Off", /OCSP response: no response sent/],
  ["broken", "SSLStaplingForceURL @RESPONDER@/broken", /OCSP Response Status: trylater/],
  ["garbage", "SSLStaplingForceURL @RESPONDER@/garbage", /OCSP Response Status: trylater/],
  ["late", "SSLStaplingForceURL @RESPONDER@/late\nSSLStaplingResponderTimeout 1", /OCSP Response Status: trylater/],
  ["unreachable", "SSLStaplingFakeTryLater Off", /OCSP response: no response sent/],
  // Apache, against its manual, tells the first client to try later.
  [
    "silent",
    "SSLStaplingForceURL @RESPONDER@/broken\nSSLStaplingReturnResponderErrors Off",
    /no response sent/,
    /Status: trylater|no response sent/,
  ],
  ["refused", "SSLStaplingForceURL @RESPONDER@/refused", /OCSP Response Status: unauthorized/],
  [
    "hidden",
    "SSLStaplingForceURL @RESPONDER@/refused\nSSLStaplingReturnResponderErrors Off",
    /OCSP response: no response sent/,
  ],
  ["alone", "SSLStaplingForceURL @RESPONDER@/answer\nSSLCertificateFile @ROOT@/alone.leaf", /no response sent/],
  [
    "several",
    "SSLStaplingForceURL @RESPONDER@/answer\nSSLCertificateFile @ROOT@/several.pem\nSSLCertificateFile @ROOT@/rsa.pem\nSSLCertificateKeyFile @ROOT@/rsa.key",
    /Cert Status: good/,
  ],
];

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule socache_shmcb_module @MODULES@/mod_socache_shmcb.so
Listen 127.0.0.1:@PORT2@ https
SSLStaplingCache shmcb:@RUN@/stapling(128000)
SSLUseStapling On
${rows
  .map(([name, lines]) => {
    const file = lines.includes("SSLCertificateFile") ? "" : `SSLCertificateFile @ROOT@/${name}.pem`;
    return `<VirtualHost *:@PORT2@>
  ServerName ${name}.test
  SSLEngine On
  ${file}
  SSLCertificateKeyFile @ROOT@/${name}.key
  ${lines}
</VirtualHost>`;
  })
  .join("\n")}
`;

for (const kind of ["apache", "modhost"] as const) {
  describe(`OCSP stapling by ${kind}`, function () {
    this.timeout(60_000);
    const counts = new Map<string, number>();
    let responder: Responder | undefined;
    let server: Server | undefined;
    let url = "";

    before(async function () {
      const missing = kind === "apache" ? missingForApache() : undefined;
      if (missing !== undefined) {
        if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; missing: ${missing}`);
        console.log(`      skipped, missing: ${missing}`);
        return this.skip();
      }
      mkdirSync(join(folder, "conf"), { recursive: true });
      writeFileSync(join(folder, "conf/mime.types"), "text/html html\n");
      execFileSync("chmod", ["-R", "a+rX", folder]);
      responder = await startResponder(folder, counts);
      url = addressOf(responder);
      server = await startServer(kind, configuration.replaceAll("@RESPONDER@", url), folder);
    });
    after(async () => {
      await server?.stop();
      endResponder(responder);
    });

    for (const [name, , ours, byApache = ours] of rows) {
      const shown = kind === "apache" ? byApache : ours;
      it(`shows at ${name} ${shown.source}`, async () => {
        expect(await statusOf(server?.ports[1] ?? 0, name)).to.match(shown);
      });
    }

    // Each shows the answer about the certificate that goes with what the client can do, and about no other.
    for (const [options, shown] of [
      ["-tls1_3", "several"],
      ["-tls1_3 -sigalgs RSA-PSS+SHA256", "rsa"],
      ["-tls1_3 -sigalgs RSA-PSS+SHA256:ECDSA+SHA256", "rsa|several"],
      ["-tls1_2", "several"],
      ["-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", "rsa"],
      ["-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256", "rsa|several"],
      ["-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", "several"],
      ["-tls1_2 -curves P-384", "rsa"],
      ["-tls1_2 -sigalgs RSA+SHA256", "rsa"],
    ] as const) {
      it(`shows the one about the certificate that is for clients with ${options}`, async () => {
        const said = await statusOf(server?.ports[1] ?? 0, "several", ...options.split(" "));
        expect(said).to.match(/Cert Status: good/);
        const [, name = ""] = /^subject=CN *= *(\w+)/m.exec(said) ?? [];
        expect(name).to.match(new RegExp(`^(?:${shown})$`));
        const [, serial = ""] = /Serial Number: *(\w+)/.exec(said) ?? [];
        expect(serial).to.equal(read(name === "rsa" ? "rsa.pem" : "several.leaf").serialNumber);
      });
    }

    it("shows it in TLS 1.2 too, and asks once for many", async () => {
      const before = counts.get("/answer");
      const all = await Promise.all([1, 2, 3].map(() => statusOf(server?.ports[1] ?? 0, "good", "-tls1_2")));
      for (const one of all) expect(one).to.match(/Cert Status: good/);
      expect(counts.get("/answer")).to.equal(before);
    });
  });
}

describe("what is kept of an OCSP responder", () => {
  const defaults = Object.fromEntries(Object.entries(ssl.settings).map(([name, { initial }]) => [name, initial]));
  const settings = defaults as unknown as ConstructorParameters<typeof Stapler>[1];
  const counts = new Map<string, number>();
  let responder: Responder;
  let url = "";
  before(async () => {
    responder = await startResponder(folder, counts);
    url = addressOf(responder);
  });
  after(() => endResponder(responder));
  const stapler = (path: string, more: Partial<typeof settings>, failed: string[] = []): Stapler => {
    const { leaf, issuer } = leafAndIssuer([readFileSync(join(folder, "good.pem"), "utf8")]);
    if (!issuer) throw new Error("the authority is missing");
    expect(responderOf(leaf)).to.equal("http://127.0.0.1:1/good");
    return new Stapler({ leaf, issuer, url: url + path }, { ...settings, ...more }, (reason) => failed.push(reason));
  };

  it("is asked for once by many that wait", async () => {
    const before = counts.get("/answer") ?? 0;
    const one = stapler("/answer", {});
    const all = await Promise.all([1, 2, 3, 4].map(() => one.response()));
    expect(new Set(all.map((bytes) => bytes?.toString("hex"))).size).to.equal(1);
    expect(await one.response()).to.equal(all[0]);
    expect(counts.get("/answer")).to.equal(before + 1);
  });

  it("goes out while the next answer is asked for", async () => {
    const before = counts.get("/answer") ?? 0;
    const one = stapler("/answer", { staplingKeeps: 0 });
    const first = await one.response();
    expect(await one.response()).to.equal(first);
    await until("it was asked again", () => (counts.get("/answer") ?? 0) === before + 2);
  });

  it("is a failure for as long as SSLStaplingErrorCacheTimeout says", async () => {
    const failed: string[] = [];
    const one = stapler("/broken", {}, failed);
    expect((await one.response())?.toString("hex")).to.equal("30030a0103");
    await one.response();
    expect(failed).to.have.length(1);
    expect(failed[0]).to.include("AH01941").and.include("it answered 500");
    const again = stapler("/broken", { staplingKeepsErrors: 0 }, failed);
    await again.response();
    await again.response();
    expect(failed).to.have.length(3);
  });
});
