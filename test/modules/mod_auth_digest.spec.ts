// The nonces of the scheme Digest: whose they are, how old they may be, and that all workers know each other's.
import { expect } from "chai";
import { createHash } from "node:crypto";
import { HighMarks, type MarkRise, type RiseVerdict } from "../../src/api/index.js";
import { nonceOf, timeOf } from "../../src/modules/mod_auth_digest/nonce.js";
import { readField } from "../../src/modules/mod_auth_digest/field.js";
import { faultsOf, serve, type Asked } from "../support/ask.js";

const nonceFor = { realm: "realm", opaque: undefined, key: Buffer.alloc(32, 1) };
const time = 1_800_000_000_123;

const md5 = (text: string): string => createHash("md5").update(text, "latin1").digest("hex");

const configuration = `
<Location />
  AuthType Digest
  AuthName realm
  AuthUserFile conf/digests
  Require valid-user
</Location>
`;
const files = { "conf/digests": `user:realm:${md5("user:realm:secret")}\n`, "htdocs/f.txt": "text" };

async function nonceFrom(server: Asked): Promise<string> {
  const { headers } = await server.ask("/f.txt");
  return /nonce="([^"]*)"/.exec(headers.get("www-authenticate") ?? "")?.[1] ?? "";
}

function signed(nonce: string): Record<string, string> {
  const response = md5(`${md5("user:realm:secret")}:${nonce}:00000001:c:auth:${md5("GET:/f.txt")}`);
  const shown = `username="user", realm="realm", nonce="${nonce}", uri="/f.txt", response="${response}"`;
  return { authorization: `Digest ${shown}, qop=auth, nc=00000001, cnonce="c"` };
}

describe("mod_auth_digest", () => {
  it("knows the time of its own nonces", () => {
    expect(timeOf(nonceOf(time, nonceFor), nonceFor)).to.equal(time);
  });

  it("knows no nonce that was changed anywhere, of another realm, or of another server", () => {
    const nonce = nonceOf(time, nonceFor);
    for (let at = 0; at < nonce.length; at++) {
      const changed = nonce.slice(0, at) + (nonce[at] === "A" ? "B" : "A") + nonce.slice(at + 1);
      expect(timeOf(changed, nonceFor), `at ${at}`).to.be.a("string");
    }
    expect(timeOf(nonce, { ...nonceFor, realm: "other" })).to.equal("forged");
    expect(timeOf(nonce, { ...nonceFor, opaque: "" })).to.equal("forged");
    expect(timeOf(nonce, { ...nonceFor, opaque: "1" })).to.equal("forged");
    expect(timeOf(nonce, { ...nonceFor, key: Buffer.alloc(32, 2) })).to.equal("forged");
  });

  for (const text of [
    "",
    "x",
    "=".repeat(52),
    "A".repeat(52),
    "A".repeat(51),
    `${"A".repeat(11)}=${"\xe9".repeat(40)}`,
  ]) {
    it(`knows no nonce ${JSON.stringify(text)}`, () => {
      expect(timeOf(text, nonceFor)).to.be.a("string");
    });
  }

  it("takes a nonce of another worker with the same secret", async () => {
    const [one, other] = [serve(configuration, { files }), serve(configuration, { files })];
    const { status } = await other.ask("/f.txt", { headers: signed(await nonceFrom(one)) });
    expect(status).to.equal(200);
  });

  it("sends stale=true for a nonce that is too old, and none for a wrong password", async () => {
    const server = serve(configuration.replace("AuthName", "AuthDigestNonceLifetime -1\n  AuthName"), { files });
    const nonce = await nonceFrom(server);
    expect((await server.ask("/f.txt", { headers: signed(nonce) })).status).to.equal(200);
    const old = await server.ask("/f.txt", { headers: signed(`AAAAAAAAAAA=${nonce.slice(12)}`) });
    expect(old.headers.get("www-authenticate")).to.include("stale=true");
    const wrong = signed(nonce)["authorization"]?.replace(/response="\w+"/, `response="${"0".repeat(32)}"`) ?? "";
    const refused = await server.ask("/f.txt", { headers: { authorization: wrong } });
    expect(refused.headers.get("www-authenticate"))
      .to.match(/^Digest /)
      .and.not.include("stale");
  });

  it("counts uses where AuthDigestNcCheck says so, for all workers alike", async () => {
    const counting = configuration.replace("AuthName", "AuthDigestNcCheck On\n  AuthName");
    const marks = new HighMarks();
    const raise = (rise: MarkRise): Promise<RiseVerdict> => Promise.resolve(marks.raise(rise));
    const [one, other] = [serve(counting, { files, raise }), serve(counting, { files, raise })];
    const asked = (await one.ask("/f.txt")).headers.get("www-authenticate") ?? "";
    const nonce = /nonce="([^"]*)"/.exec(asked)?.[1] ?? "";
    const opaque = /opaque="([^"]*)"/.exec(asked)?.[1] ?? "";
    const headers = { authorization: `${signed(nonce)["authorization"] ?? ""}, opaque="${opaque}"` };
    expect((await one.ask("/f.txt", { headers })).status).to.equal(200);
    expect((await other.ask("/f.txt", { headers })).status).to.equal(401);
    expect((await one.ask("/f.txt", { headers })).status).to.equal(401);
  });

  it("refuses with 500 where a use cannot be counted", async () => {
    const once = configuration.replace("AuthName", "AuthDigestNonceLifetime 0\n  AuthName");
    const server = serve(once, { files, raise: () => Promise.reject(new Error("no verdict")) });
    const asked = (await server.ask("/f.txt")).headers.get("www-authenticate") ?? "";
    const nonce = /nonce="([^"]*)"/.exec(asked)?.[1] ?? "";
    const opaque = /opaque="([^"]*)"/.exec(asked)?.[1] ?? "";
    const headers = { authorization: `${signed(nonce)["authorization"] ?? ""}, opaque="${opaque}"` };
    expect((await server.ask("/f.txt", { headers })).status).to.equal(500);
  });

  it("reads a field of 100,000 signs in no time", () => {
    for (const text of [
      `Digest ${",".repeat(100_000)}`,
      `Digest a="${"\\".repeat(100_000)}`,
      `Digest ${"a ".repeat(50_000)}`,
    ]) {
      expect(readField(text)).to.equal(undefined);
    }
  });

  for (const [line, expected] of [
    ["AuthDigestQop none", "only 'auth' is supported"],
    ["AuthDigestQop auth-int", "only 'auth' is supported"],
    ["AuthDigestAlgorithm MD5-sess", "not implemented"],
    ["AuthDigestProvider anon", "doesn't support Digest Authentication"],
    ["AuthDigestProvider nobody", "Unknown Authn provider: nobody"],
    ['AuthDigestDomain "a\\"b"', "must have no quotes"],
    ["AuthFormProvider nobody", "Unknown Authn provider: nobody"],
    ['AuthFormSitePassphrase ""', "cannot be empty"],
  ] as const) {
    it(`refuses ${line}`, () => {
      expect(faultsOf(`<Location />\n${line}\n</Location>`).errors.join("\n")).to.include(expected);
    });
  }
});
