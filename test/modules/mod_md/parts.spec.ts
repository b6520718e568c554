// The parts of mod_md that need no authority: times, keys, names, delays, exchanges.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authorityName, authorityUrl } from "../../../src/modules/mod_md/authorities.js";
import {
  belongTogether,
  factsOf,
  makeFallback,
  makeKeys,
  makeProof,
  requestFor,
} from "../../../src/modules/mod_md/certificates.js";
import { runCommand } from "../../../src/modules/mod_md/commands.js";
import { covers } from "../../../src/modules/mod_md/domains.js";
import { delayAfter, jobRecord, newJob, readJob, takeOn, writeJob } from "../../../src/modules/mod_md/job.js";
import { fileNames, readKeyKinds, usualKeys } from "../../../src/modules/mod_md/key-kinds.js";
import { withLock } from "../../../src/modules/mod_md/lock.js";
import { moveRenamed } from "../../../src/modules/mod_md/renamed.js";
import { renewalOf } from "../../../src/modules/mod_md/schedule.js";
import { Store } from "../../../src/modules/mod_md/store.js";
import { lengthOf, readDuration, readSlice, showSlice } from "../../../src/modules/mod_md/times.js";
import { exchange } from "../../../src/modules/mod_md/transport.js";

const day = 86_400_000;

describe("lengths of time of mod_md", () => {
  for (const [text, unit, milliseconds] of [
    ["30", "d", 30 * day],
    ["30", "s", 30_000],
    ["12h", "d", day / 2],
    ["5mi", "s", 300_000],
    ["250ms", "s", 250],
    ["2 days", "s", undefined],
    ["2days", "s", 2 * day],
    ["5m", "s", undefined],
    ["33%", "d", undefined],
    ["-1", "d", undefined],
    ["", "d", undefined],
  ] as const) {
    it(`${text || "nothing"} in ${unit} is ${milliseconds ?? "none"}`, () => {
      expect(readDuration(text, unit)).to.equal(milliseconds);
    });
  }

  it("takes a share of a certificate's life", () => {
    const slice = readSlice("33%");
    expect(slice).to.deep.equal({ share: 0.33 });
    expect(slice && lengthOf(slice, 90 * day)).to.be.closeTo(29.7 * day, 1);
    expect(slice && showSlice(slice)).to.equal("33%");
    expect(readSlice("soon")).to.equal(undefined);
  });
});

describe("MDPrivateKeys", () => {
  it("keeps each kind of key in files of its own", () => {
    const kinds = readKeyKinds(["RSA", "3072", "p-256", "secp384r1"]);
    expect(typeof kinds === "string" ? kinds : kinds.map(fileNames)).to.deep.equal([
      { key: "privkey.pem", certificate: "pubcert.pem" },
      { key: "privkey.p-256.pem", certificate: "pubcert.p-256.pem" },
      { key: "privkey.secp384r1.pem", certificate: "pubcert.secp384r1.pem" },
    ]);
    expect(readKeyKinds(["rsa4096"])).to.deep.equal([{ type: "RSA", bits: 4096 }]);
  });
});

describe("names of a certificate", () => {
  for (const [name, host, isCovered] of [
    ["a.test", "A.test", true],
    ["*.a.test", "www.a.test", true],
    ["*.a.test", "a.test", false],
    ["*.a.test", "x.www.a.test", false],
    ["*.a.test", "xa.test", false],
    ["a.test", "www.a.test", false],
  ] as const) {
    it(`${name} is ${isCovered ? "" : "not "}good for ${host}`, () => {
      expect(covers(name, host)).to.equal(isCovered);
    });
  }
});

describe("authorities", () => {
  it("are named, or URLs", () => {
    expect(authorityUrl("letsencrypt-TEST")).to.equal("https://acme-staging-v02.api.letsencrypt.org/directory");
    expect(authorityName("https://acme-v02.api.letsencrypt.org/directory")).to.equal("LetsEncrypt");
    expect(authorityName("https://acme.test:14000/dir")).to.equal("acme.test");
    for (const text of ["nowhere", "ftp://a.test/", "https://user:secret@a.test/"]) {
      expect(authorityUrl(text), text).to.equal(undefined);
    }
  });
});

describe("attempts of mod_md", () => {
  for (const [errors, wanted, least] of [
    [1, 0, 30_000],
    [2, 0, 60_000],
    [5, 0, 480_000],
    [2, 7_200_000, 7_200_000],
    [40, 0, day],
    [1, 30 * day, day],
  ] as const) {
    it(`wait after ${errors} failures, and ${wanted} ms as asked for, at least ${least} ms`, () => {
      const delay = delayAfter(errors, { first: 30_000, wanted });
      expect(delay).to.be.within(least, least * 1.1);
    });
  }
});

describe("a failed attempt of mod_md", () => {
  const failed = (problem = "") => {
    const now = Date.now();
    return { ...newJob(), errors: 9, problem, wish: "this", lastRun: now - day / 2, nextRun: now + day / 4 };
  };
  const rateLimited = "urn:ietf:params:acme:error:rateLimited";
  for (const [what, problem, wish, isNow, errors] of [
    ["is made again at once where something else is asked for", "", "that", true, 0],
    ["is made again within the hour after a start", "", "this", true, 9],
    ["is left alone where the authority wants that", rateLimited, "this", false, 9],
    ["is made again where the authority has refused another", rateLimited, "that", true, 0],
  ] as const) {
    it(what, () => {
      const job = failed(problem);
      takeOn(job, wish);
      expect(job.nextRun <= Date.now()).to.equal(isNow);
      expect(job.errors).to.equal(errors);
    });
  }

  for (const [problem, status] of [
    ["", 20_014],
    ["urn:ietf:params:acme:error:malformed", 22],
    ["urn:ietf:params:acme:error:unauthorized", 13],
    ["urn:ietf:params:acme:error:rejectedIdentifier", 70_013],
    ["urn:ietf:params:acme:error:connection", 20_014],
  ] as const) {
    it(`has status ${status} of ${problem || "no problem"}, as in Apache`, () => {
      expect(jobRecord("a.test", { ...failed(problem), detail: "no" })).to.have.nested.property("last.status", status);
    });
  }
});

describe("a managed domain by another name", () => {
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "md-renamed-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const [what, names, moved] of [
    ["that has its names in another order goes on with its files", ["b.test", "a.test"], "a.test"],
    ["that has one of its names goes on with them too", ["c.test", "new.test", "d.test"], "c2.test"],
    ["that has none of its names begins anew", ["new.test"], undefined],
    ["that is still there keeps its own", ["a.test", "b.test", "d.test"], undefined],
  ] as const) {
    it(what, () => {
      const store = Store.make(folder, undefined);
      const kept = [["a.test", "b.test"], ["c2.test", "c.test"], ["e.test"]];
      for (const domains of kept) {
        store.write("domains", domains[0] ?? "", "md.json", JSON.stringify({ domains }));
        store.write("staging", domains[0] ?? "", "job.json", "{}");
      }
      const [name = ""] = names;
      const line = { name, names, certificateFiles: [] };
      expect(moveRenamed(store, [line])).to.deep.equal(moved === undefined ? [] : [{ from: moved, to: name }]);
      if (moved === undefined) return;
      expect(store.files("domains", name)).to.deep.equal(["md.json"]);
      expect(store.files("staging", name)).to.deep.equal(["job.json"]);
      expect(store.names("domains")).not.to.include(moved);
    });
  }
});

describe("the time of a renewal", () => {
  const life = { validFrom: Date.now() - day, validUntil: Date.now() + 99 * day };
  const facts = { ...life, names: ["a.test"], serial: "", fingerprint: "", ocspId: "", issuer: "", ariId: undefined };
  const domain = { names: ["a.test"], keys: usualKeys, renewWindow: { share: 0.33 } };
  for (const [wanted, found, asked, isNow] of [
    [true, true, undefined, false],
    [false, false, undefined, false],
    [true, false, undefined, true],
    [false, true, undefined, true],
    [true, false, false, true],
    // An authority that does not give what it was asked for is not asked for ever.
    [true, false, true, false],
  ] as const) {
    it(`is ${isNow ? "now" : "later"} with MDMustStaple ${wanted}, found ${found}, and asked for ${asked}`, () => {
      const due = renewalOf({ ...domain, mustStaple: wanted }, [{ ...facts, mustStaple: found }], {
        askedToStaple: asked,
      });
      expect(due === 0).to.equal(isNow);
    });
  }
});

describe("certificates of our own making", () => {
  for (const kind of [
    { type: "EC", curve: "P-256", name: "P-256" },
    { type: "RSA", bits: 2048 },
  ] as const) {
    it(`are for all names, with a key of ${kind.type}`, async () => {
      const { certificate, key } = await makeFallback(["a.test", "*.a.test"], kind);
      const { names, validFrom, validUntil } = factsOf(certificate) ?? {};
      expect(names).to.deep.equal(["a.test", "*.a.test"]);
      expect((validUntil ?? 0) - (validFrom ?? 0)).to.be.closeTo(14 * day, 120_000);
      expect(belongTogether(certificate, key)).to.equal(true);
      const other = await makeProof("a.test", Buffer.alloc(32, 1));
      expect(belongTogether(certificate, other.key)).to.equal(false);
    });
  }

  it("are nothing where the text is none", () => {
    expect(factsOf("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).to.equal(undefined);
  });
});

describe("requests for certificates", () => {
  for (const mustStaple of [true, false]) {
    it(`ask for the TLS feature status_request with MDMustStaple alone: ${mustStaple}`, async () => {
      const kind = { type: "EC", curve: "P-256", name: "P-256" } as const;
      const input = await requestFor(["a.test", "b.test"], await makeKeys(kind), { kind, mustStaple });
      const words = ["req", "-inform", "DER", "-noout", "-verify", "-text"];
      const text = execFileSync("openssl", words, { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
      expect(text).to.contain("DNS:a.test, DNS:b.test");
      expect(/TLS Feature: *\n *status_request/.test(text)).to.equal(mustStaple);
    });
  }
});

describe("commands of mod_md", () => {
  it("get their words as they are: no shell reads them", async () => {
    await runCommand(["/usr/bin/test", "$(id); `id`"], ["=", "$(id); `id`"]);
  });
  it("say what was wrong", async () => {
    const failure = async (command: readonly string[]): Promise<string> =>
      runCommand(command, []).then(
        () => "",
        (error: unknown) => String(error),
      );
    expect(await failure(["/bin/sh", "-c", "echo no such zone >&2; exit 3"])).to.contain(
      "/bin/sh failed with exit code 3: no such zone",
    );
    // More than a pipe holds is read to its end, and the log gets the start of it.
    const long = await failure(["/bin/sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; exit 4"]);
    expect(long).to.match(/failed with exit code 4: x{2000}$/);
    expect(await failure(["/nowhere/at/all"])).to.contain("/nowhere/at/all cannot be run");
  });
});

describe("exchanges with an authority", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  const listen = async (answer: RequestListener): Promise<string> => {
    const made = (server = createServer(answer));
    await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
  };
  const get = (url: string, proxy?: string): Promise<string> => {
    const route = { trusted: undefined, proxy, signal: new AbortController().signal };
    return exchange({ method: "GET", url, headers: {}, body: undefined }, route).then(
      ({ status, text }) => `${status} ${text.length}`,
      (error: unknown) => (error instanceof Error ? error.message : ""),
    );
  };

  it("are bounded in size", async () => {
    const url = await listen((_asked, response) => response.end(Buffer.alloc(2_000_000, "x")));
    expect(await get(url)).to.match(/its answer is longer than 1048576 bytes/);
  });
  it("follow no redirect", async () => {
    const url = await listen((_asked, response) => response.writeHead(302, { Location: "http://127.0.0.1:1/" }).end());
    expect(await get(url)).to.equal("302 0");
  });
  it("say who was not reached", async () => {
    const url = await listen((asked) => asked.socket.destroy());
    expect(await get(url)).to.contain(`${url} cannot be asked: `);
  });
  it("go by a proxy, and say when it does not take them", async () => {
    const seen: string[] = [];
    const proxy = await listen(() => undefined);
    server?.on("connect", (asked: { url?: string }, socket: import("node:net").Socket) => {
      seen.push(asked.url ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    expect(await get("https://acme.test/dir", proxy)).to.contain("the proxy answered 403");
    expect(seen).to.deep.equal(["acme.test:443"]);
  });
});

describe("a store that servers share", () => {
  const folder = mkdtempSync(join(tmpdir(), "md-lock-"));
  const file = join(folder, "modhost.lock");
  after(() => rmSync(folder, { recursive: true }));

  it("is changed by one of them at a time", async () => {
    writeFileSync(file, "another");
    expect(await withLock(folder, 100, () => expect.fail("it is locked"))).to.equal(false);
    expect(await withLock(folder, 0, () => undefined)).to.equal(true);
    const waiting = withLock(folder, 30_000, () => undefined);
    rmSync(file);
    expect(await waiting).to.equal(true);
    expect(existsSync(file)).to.equal(false);
  });

  it("is not locked for ever by one that has died", async () => {
    writeFileSync(file, "another");
    utimesSync(file, 1, 1);
    expect(await withLock(folder, 30_000, () => undefined)).to.equal(true);
  });

  it("keeps jobs, which a clock that was set back does not hold up", () => {
    const store = Store.make(join(folder, "md"), undefined);
    const year = Date.now() + 365 * day;
    writeJob(store, "a.test", { ...newJob(), errors: 3, nextRun: year, records: [{ name: "a.test", value: "x" }] });
    const { errors, nextRun, records } = readJob(store, "a.test");
    expect({ errors, nextRun, records }).to.deep.equal({
      errors: 3,
      nextRun: 0,
      records: [{ name: "a.test", value: "x" }],
    });
  });

  it("is Apache's of form 3, and none of a later form", () => {
    const path = join(folder, "md");
    const kept = JSON.parse(readFileSync(join(path, "md_store.json"), "utf8")) as { key: string; store: object };
    expect(kept.store).to.deep.equal({ version: 3 });
    expect(Buffer.from(kept.key, "base64url")).to.have.length(48);
    writeFileSync(join(path, "md_store.json"), JSON.stringify({ ...kept, store: { version: 4 } }));
    expect(() => Store.open(path)).to.throw("has form 4, and this server knows 3");
  });
});

describe("what an authority calls wrong", () => {
  it("is tried again after a day", () => {
    const problem = "urn:ietf:params:acme:error:rejectedIdentifier";
    expect(delayAfter(1, { first: 30_000, problem })).to.be.within(day, day * 1.1);
  });
});
