// MDStapling: what clients are shown beside Apache, answers that outlive servers, and renewals that nobody waits for.
import { expect } from "chai";
import { X509Certificate } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { Server as Responder } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingForApache, skipWithout, startServer, type Server } from "../../conformance/servers.js";
import { makeRoot, serveRoot, type ServedRoot } from "../../support/modhost.js";
import { endResponder, makeAuthority, startResponder, statusOf } from "../../support/ocsp-responder.js";
import { freePorts, until } from "../../support/running.js";

/** Hosts, by what their responder does, and what clients are shown by both servers. */
const rows = [
  ["good", /Cert Status: good/],
  ["revoked", /Cert Status: revoked/],
  ["unknown", /no response sent/],
  ["refused", /no response sent/],
  ["garbage", /no response sent/],
  ["broken", /no response sent/],
  ["late", /no response sent/],
  ["off", /no response sent/],
  ["managed", /Cert Status: good/],
] as const;

/** Lines of virtual hosts with certificates of the folder. */
const hosts = (port: string, names: readonly string[]): string =>
  names
    .map((name) => {
      const files = `SSLCertificateFile @ROOT@/${name}.pem\n  SSLCertificateKeyFile @ROOT@/${name}.key`;
      const own = name === "managed" ? "" : files;
      return `<VirtualHost *:${port}>
  ServerName ${name}.test
  SSLEngine On
  ${own}
  ${name === "off" ? "MDStapling off" : ""}
</VirtualHost>`;
    })
    .join("\n");

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule md_module @MODULES@/mod_md.so
Listen 127.0.0.1:@PORT2@
MDStoreDir @ROOT@/@STORE@
MDRenewMode manual
MDStapling on
<MDomainSet managed.test>
    MDCertificateFile @ROOT@/managed.pem
    MDCertificateKeyFile @ROOT@/managed.key
</MDomainSet>
${hosts(
  "@PORT2@",
  rows.map(([name]) => name),
)}
`;

describe("MDStapling beside Apache", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "md-stapling-"));
  const counts = new Map<string, number>();
  let responder: Responder | undefined;
  let port = 0;
  let server: Server | undefined;

  before(async function () {
    skipWithout(this, missingForApache());
    [port = 0] = await freePorts(1);
    const names = rows.map(([name]) => name);
    makeAuthority(folder, [...names, "several", "several-rsa"], `http://127.0.0.1:${port}`);
    mkdirSync(join(folder, "conf"));
    writeFileSync(join(folder, "conf/mime.types"), "text/html html\n");
    chmodSync(folder, 0o755);
    for (const file of readdirSync(folder)) chmodSync(join(folder, file), file === "conf" ? 0o755 : 0o644);
    responder = await startResponder(folder, counts, { port });
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  after(() => {
    endResponder(responder);
    rmSync(folder, { recursive: true });
  });

  const start = async (kind: "apache" | "modhost", store: string, more = ""): Promise<number> => {
    server = await startServer(kind, configuration.replace("@STORE@", store) + more, folder);
    return server.ports[1];
  };
  const shows = async (at: number, name: string, shown: RegExp): Promise<void> =>
    until(`${name} shows ${shown.source}`, async () => shown.test(await statusOf(at, name)));
  /** What is in the store: names of managed domains with those of their answers. */
  const answersIn = (store: string): string[] =>
    ["managed.test", "other"].flatMap((name) => {
      const place = join(folder, store, "ocsp", name);
      const files = existsSync(place) ? readdirSync(place) : [];
      return files.filter((file) => file.startsWith("ocsp-")).map((file) => `${name}/${file}`);
    });

  for (const kind of ["apache", "modhost"] as const) {
    it(`shows what a responder says, and nothing where it says nothing, by ${kind}`, async () => {
      const at = await start(kind, `${kind}-store`);
      // Good ones first: what comes to nothing has been asked for by then.
      for (const [name, shown] of rows.filter(([, { source }]) => source.includes("Status")))
        await shows(at, name, shown);
      for (const name of ["unknown", "refused", "garbage", "broken", "late"])
        await until(`${name} has been asked for`, () => (counts.get(`/${name}`) ?? 0) > 0);
      for (const [name, shown] of rows) expect(await statusOf(at, name), name).to.match(shown);
      expect(counts.get("/off")).to.equal(undefined);
      await until("the answers are in the store", () => answersIn(`${kind}-store`).length === 3);
      counts.clear();
    });
  }

  for (const kind of ["apache", "modhost"] as const) {
    it(`shows nothing of certificates that are no managed domain's with MDStapleOthers off, by ${kind}`, async () => {
      const at = await start(kind, `${kind}-alone`, "MDStapleOthers off\n");
      await shows(at, "managed", /Cert Status: good/);
      expect(await statusOf(at, "good")).to.match(/no response sent/);
      expect(counts.get("/good")).to.equal(undefined);
      counts.clear();
    });
  }

  for (const kind of ["apache", "modhost"] as const) {
    it(`shows each certificate of a managed domain that has several with its own answer, by ${kind}`, async () => {
      const files = ["several", "several-rsa"].map(
        (name) => `MDCertificateFile @ROOT@/${name}.pem\nMDCertificateKeyFile @ROOT@/${name}.key\n`,
      );
      const set = `<MDomainSet several.test>\n${files.join("")}</MDomainSet>\n`;
      const host = "<VirtualHost *:@PORT2@>\nServerName several.test\nSSLEngine On\n</VirtualHost>\n";
      const at = await start(kind, `${kind}-several`, set + host);
      const serials = new Set<string>();
      for (const signatures of ["ECDSA+SHA256", "RSA-PSS+SHA256"]) {
        await until(`those who take ${signatures} are shown an answer`, async () => {
          const said = await statusOf(at, "several", "-sigalgs", signatures);
          const [, certificate = ""] =
            /Server certificate\n(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----)/s.exec(said) ?? [];
          const [, serial = ""] = /Cert Status: good/.test(said) ? (/Serial Number: *(\w+)/.exec(said) ?? []) : [];
          if (serial === "") return false;
          expect(new X509Certificate(certificate).serialNumber, signatures).to.equal(serial);
          serials.add(serial);
          return true;
        });
      }
      expect(serials.size).to.equal(2);
      counts.clear();
    });
  }

  it("keeps answers where Apache does, as Apache does", () => {
    const read = (store: string): object[] =>
      answersIn(store)
        .sort()
        .map((file) => {
          const { valid, ...rest } = JSON.parse(readFileSync(join(folder, store, "ocsp", file), "utf8")) as {
            readonly valid: Record<string, string>;
            readonly response: string;
          };
          return { file, ...rest, response: rest.response.slice(0, 3), valid: Object.keys(valid).sort() };
        });
    expect(answersIn("modhost-store").sort()).to.deep.equal(answersIn("apache-store").sort());
    expect(read("modhost-store")).to.deep.equal(read("apache-store"));
  });

  for (const [kind, store] of [
    ["modhost", "modhost-store"],
    ["modhost", "apache-store"],
    ["apache", "modhost-store"],
  ] as const) {
    it(`shows with ${kind} what is in ${store} while no responder answers`, async () => {
      endResponder(responder);
      responder = undefined;
      const at = await start(kind, store);
      await shows(at, "good", /Cert Status: good/);
      await shows(at, "managed", /Cert Status: good/);
      expect(await statusOf(at, "revoked")).to.match(/Cert Status: revoked/);
    });
  }
});

describe("MDStapling", function () {
  this.timeout(120_000);
  const counts = new Map<string, number>();
  let responder: Responder | undefined;
  let server: ServedRoot | undefined;

  afterEach(async () => {
    endResponder(responder);
    await server?.end();
    server = undefined;
  });

  it("renews answers before they end, tells of it, and shows a good one through it all", async () => {
    const [https = 0, port = 0] = await freePorts(2);
    const text = `
Listen 127.0.0.1:${https}
MDStapling on
MDStaplingRenewWindow 59s
MDStaplingKeepResponse 1h
MDMessageCmd @ROOT@/program
MDRetryDelay 1s
${hosts(String(https), ["short"])}`;
    const made = await makeRoot(text, { modules: ["ssl", "md"] });
    const { root } = made;
    makeAuthority(root, ["short"], `http://127.0.0.1:${port}`);
    writeFileSync(join(root, "program"), `#!/bin/sh\necho "$@" >>${root}/calls\n`, { mode: 0o755 });
    writeFileSync(join(root, "calls"), "");
    chmodSync(join(root, "calls"), 0o666);
    for (const file of ["short.pem", "short.key"]) chmodSync(join(root, file), 0o644);
    const old = join(root, "md/ocsp/other/ocsp-0123.json");
    mkdirSync(join(root, "md/ocsp/other"), { recursive: true });
    writeFileSync(old, "{}");
    utimesSync(old, 1, 1);
    server = await serveRoot(root, made.port);
    expect(existsSync(old)).to.equal(false);
    const heard = (word: string): boolean => readFileSync(join(root, "calls"), "utf8").includes(`${word} other`);
    await until("the failure is told", () => heard("ocsp-errored"));
    expect(await statusOf(https, "short")).to.match(/no response sent/);
    expect(server.errors()).to.match(/AH01941: .*ECONNREFUSED.*\(failures: 1\)/);
    // Each answer is good for a minute, and to be renewed after a second of it.
    responder = await startResponder(root, counts, { port, life: ["-nmin", "1"] });
    await until("it is shown", async () => /Cert Status: good/.test(await statusOf(https, "short")));
    await until("the answer is told", () => heard("ocsp-renewed"));
    const updates = new Set<string>();
    await until("three answers have been shown", async () => {
      const shown = await statusOf(https, "short");
      expect(shown).to.match(/Cert Status: good/);
      updates.add(/This Update: (.*)/.exec(shown)?.[1] ?? "");
      return updates.size >= 3;
    });
  });
});
