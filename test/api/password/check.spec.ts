// Passwords against what Apache's own htpasswd and openssl make of them, bytes and lengths that are easy to get wrong.
import { expect } from "chai";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isKnownFormat, isPassword, isSame } from "../../../src/api/password/check.js";

const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** Options of htpasswd, and what it is. */
const kinds: readonly (readonly [string, string])[] = [
  ["-m", "apr1"],
  ["-B", "bcrypt"],
  ["-s", "SHA1"],
  ["-d", "DES"],
  ["-2", "SHA-256"],
  ["-5", "SHA-512"],
];

const passwords: readonly string[] = [
  "secret",
  "a",
  "eightchr",
  "gräßlich",
  "with blanks and : colons",
  "x".repeat(31),
  "x".repeat(32),
  "x".repeat(63),
  "x".repeat(64),
  "x".repeat(65),
  "y".repeat(100),
];

describe("a password", () => {
  for (const [option, kind] of kinds) {
    it(`is checked against ${kind} as htpasswd makes it`, async function () {
      this.timeout(60_000);
      if (spawnSync("htpasswd").error) {
        if (process.env["CI"] === "true") throw new Error("nothing may be skipped here; missing: htpasswd");
        console.log("      skipped, missing: htpasswd: apt-get install apache2-utils");
        this.skip();
      }
      for (const password of passwords) {
        const line = execFileSync("htpasswd", ["-nb", option, "user", password], {
          stdio: ["ignore", "pipe", "ignore"],
        });
        const stored = line.toString("latin1").trim().slice("user:".length);
        expect(await isPassword(bytes(password), stored), password).to.equal(true);
        expect(await isPassword(bytes(password), stored), `${password}, once more`).to.equal(true);
        expect(await isPassword(`-${bytes(password)}`, stored), `-${password}`).to.equal(false);
        expect(await isPassword("", stored), `nothing for ${password}`).to.equal(false);
      }
    });
  }

  /** Password, stored, whether they are the same. */
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["secret", "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1", true],
    ["Secret", "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1", false],
    ["Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", true],
    [
      "Hello world!",
      "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
      true,
    ],
    ["", "", false],
    ["secret", "secret", false],
    ["secret", "$y$j9T$abc$def", false],
    ["secret", "*", false],
    ["secret", "$2y$05$short", false],
    ["secret", "{SHA}", false],
    ["secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", true],
    ["secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ", false],
    ["x".repeat(5000), "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1", false],
  ];
  for (const [password, stored, same] of rows) {
    it(`${same ? "is" : "is not"} ${JSON.stringify(stored.slice(0, 20))} for ${JSON.stringify(password.slice(0, 12))}`, async () => {
      expect(await isPassword(password, stored)).to.equal(same);
    });
  }

  it("of a format that is not known is told apart", () => {
    expect(["secret", "$y$j9T$abc$def", ""].map(isKnownFormat)).to.deep.equal([false, false, false]);
  });

  it("does not keep the process waiting while it is hashed", async function () {
    this.timeout(60_000);
    // Cost 11: some tenths of a second.
    const stored = "$2b$11$abcdefghijklmnopqrstuuu2AVoYDxvdXJrDEsPIHv3YHgRKJHeHO";
    let turns = 0;
    const verdict = isPassword("whatever", stored) as Promise<boolean>;
    let done = false;
    const end = (): void => void (done = true);
    verdict.then(end, end);
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    expect(turns).to.be.greaterThan(20);
  });

  it("is refused where too many wait", async function () {
    this.timeout(60_000);
    const stored = "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1";
    const asked = Array.from({ length: 300 }, (_, i) => Promise.resolve(isPassword(`wrong ${i}`, stored)));
    const settled = await Promise.allSettled(asked);
    const refused = settled.filter(({ status }) => status === "rejected");
    expect(refused).to.have.length(300 - 256);
    expect(String((refused[0] as PromiseRejectedResult).reason)).to.match(/PasswordQueueFull/);
  });
});

describe("isSame", () => {
  it("compares by digests of one length, in constant time", () => {
    expect([isSame("a", "a"), isSame("a", "b"), isSame("a", "aa"), isSame("", "")]).to.deep.equal([
      true,
      false,
      false,
      true,
    ]);
    const text = readFileSync(new URL("../../../src/api/password/formats.ts", import.meta.url), "utf8");
    expect(text).to.match(/function isSame[^}]*timingSafeEqual/s);
  });

  it("is what every secret is compared by", () => {
    for (const file of ["formats.ts", "check.ts"]) {
      const text = readFileSync(new URL(`../../../src/api/password/${file}`, import.meta.url), "utf8");
      expect(text, file).to.not.match(/(hash|digest|stored|password)\s*===\s*\w*(hash|digest|stored|password)/i);
    }
  });
});
