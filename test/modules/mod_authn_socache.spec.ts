// The lines of Apache's cache of passwords: taken, with the provider behind it asked at once.
import { expect } from "chai";
import { createHash } from "node:crypto";
import { faultsOf, serve } from "../support/ask.js";

const sha1 = (password: string): string => `{SHA}${createHash("sha1").update(password).digest("base64")}`;
const basic = (user: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

const area = `AuthnCacheEnable
AuthnCacheSOCache shmcb
<Location />
  AuthType Basic
  AuthName Private
  AuthBasicProvider socache file
  AuthnCacheProvideFor file
  AuthnCacheTimeout 60
  AuthnCacheContext server
  AuthUserFile conf/users
  Require valid-user
</Location>
`;
const files = { "conf/users": `user:${sha1("secret")}\n`, "htdocs/f.txt": "text" };

describe("mod_authn_socache", () => {
  for (const [user, password, status] of [
    ["user", "secret", 200],
    ["user", "wrong", 401],
    ["who", "secret", 401],
  ] as const) {
    it(`answers ${user} with ${password} by ${status}`, async () => {
      const server = serve(area, { files });
      for (let time = 0; time < 2; time++) {
        expect((await server.ask("/f.txt", { headers: basic(user, password) })).status).to.equal(status);
      }
    });
  }

  for (const name of [
    "shmcb",
    "shmcb:/run/cache(512000)",
    "dbm:/run/cache",
    "memcache:127.0.0.1:11211",
    "redis:127.0.0.1",
  ]) {
    it(`takes AuthnCacheSOCache ${name}`, () => {
      expect(faultsOf(`AuthnCacheSOCache ${name}`).errors).to.deep.equal([]);
    });
  }

  it("refuses a store that no module provides", () => {
    expect(faultsOf("AuthnCacheSOCache nowhere").errors.join("\n")).to.include("Unknown socache provider 'nowhere'");
  });
});
