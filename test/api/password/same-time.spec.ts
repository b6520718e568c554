// Comparisons of secrets: one function, which takes the same time wherever the two differ.
import { expect } from "chai";
import crypto from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { isPassword, isSame } from "../../../src/api/index.js";
import { matches } from "../../../src/api/password/formats.js";

/** "secret" in the formats whose comparison is ours; that of bcrypt is its library's. */
const stored: Readonly<Record<string, string>> = {
  sha1: "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
  apr1: "$apr1$abcdefgh$",
  des: "ab",
};

describe("a comparison of secrets", () => {
  const source = new URL("../../../src/", import.meta.url);
  const read = (path: string): string => readFileSync(new URL(path, source), "utf8");

  it("is that of node:crypto, over digests of one length", () => {
    const body = /export function isSame[^]*?\n}/.exec(read("api/password/formats.ts"))?.[0] ?? "";
    expect(body)
      .to.match(/createHash\("sha256"\)/)
      .and.to.match(/timingSafeEqual\(first, second\)/);
    expect(typeof crypto.timingSafeEqual).to.equal("function");
  });

  it("is true for the same, and for nothing else", () => {
    expect(isSame("secret", "secret")).to.equal(true);
    for (const other of ["", "secre", "secret ", "Secret", "secretsecret"])
      expect(isSame("secret", other)).to.equal(false);
  });

  it("is used for each format, or its library's own", () => {
    const body = /export function matches[^]*?\n}/.exec(read("api/password/formats.ts"))?.[0] ?? "";
    const returns = [...body.matchAll(/return ([^;]*);/g)].map(([, text = ""]) => text);
    expect(returns.filter((text) => !/^(isSame|compareSync)\(|^false$/.test(text))).to.deep.equal([]);
    expect(returns.length).to.be.greaterThan(5);
  });

  for (const [name, path] of [
    ["mod_authn_file", "modules/mod_authn_file"],
    ["mod_auth_digest", "modules/mod_auth_digest"],
    ["mod_auth_form", "modules/mod_auth_form"],
    ["mod_session_crypto", "modules/mod_session_crypto"],
    ["mod_wsgi", "modules/mod_wsgi"],
  ] as const) {
    it(`is not made by === on a password, hash, digest or proof in ${name}`, () => {
      const files = readdirSync(new URL(`${path}/`, source)).filter((file) => file.endsWith(".ts"));
      const compared = files.flatMap((file) =>
        read(`${path}/${file}`)
          .split("\n")
          .filter((line) =>
            /\b(password|hash|digest|response|proof|secret|mac)\b\s*[!=]==(?!\s*(?:undefined|null|""))/i.test(line),
          )
          .map((line) => `${file}: ${line.trim()}`),
      );
      expect(compared).to.deep.equal([]);
    });
  }

  it("says no to what is only the beginning of a stored hash", async () => {
    for (const each of Object.values(stored)) {
      expect(await isPassword("other", each)).to.equal(false);
      expect(matches(Buffer.from("other"), each)).to.equal(false);
    }
    expect(matches(Buffer.from("secret"), stored["sha1"] ?? "")).to.equal(true);
  });
});
