// The variables mod_env and mod_setenvif give to applications.
import { expect } from "chai";
import { faultsOf, serve, type Ask } from "../support/ask.js";

/** Configuration, request, and the variables A, B, C an application finds. */
const rows: readonly (readonly [string, Ask, Readonly<Record<string, string>>])[] = [
  ["SetEnv A one\nSetEnv B", {}, { A: "one", B: "" }],
  ['SetEnv A "two words"', {}, { A: "two words" }],
  ["SetEnv A one\nSetEnv A two", {}, { A: "two" }],
  ["SetEnv A one\n<Location /app>\nUnsetEnv A\n</Location>", {}, {}],
  ["SetEnv A one\n<Location /app>\nSetEnv A two\nSetEnv B three\n</Location>", {}, { A: "two", B: "three" }],
  ["SetEnv A one\nUnsetEnv A", {}, { A: "one" }],
  ["SetEnv A one\n<Location /app>\nUnsetEnv A\nSetEnv A two\n</Location>", {}, { A: "two" }],
  ["SetEnvIf X-K ^v A=1\n<Location /app>\nUnsetEnv A\n</Location>", { headers: { "X-K": "v" } }, { A: "1" }],
  ["SetEnvIf Request_URI . A=if\nSetEnv A set", {}, { A: "set" }],
  ["SetEnvIf Request_URI ^/app A", {}, { A: "1" }],
  ["SetEnvIf Request_URI ^/other A", {}, {}],
  ["SetEnvIf Request_Method POST A=post\nSetEnvIf Request_Protocol 1\\.1 B", { method: "POST" }, { A: "post", B: "1" }],
  [
    "SetEnvIf Remote_Addr ^127\\. A\nSetEnvIf Server_Addr ^127\\. B\nSetEnvIf Remote_Host ^127 C",
    {},
    { A: "1", B: "1", C: "1" },
  ],
  ["SetEnvIf X-K (\\w+)-(\\w+) A=$2.$1 B=$0", { headers: { "x-k": "one-two" } }, { A: "two.one", B: "one-two" }],
  ["SetEnvIf X-None ^$ A", {}, { A: "1" }],
  ["SetEnvIf ^X-A.* v A", { headers: { "X-Abc": "v" } }, { A: "1" }],
  ["SetEnvIf Request_URI . A=1 B=2 C=3\nSetEnvIf B 2 !A C=4", {}, { B: "2", C: "4" }],
  ["SetEnvIf X-K ABC A\nSetEnvIfNoCase X-K ABC B", { headers: { "X-K": "abc" } }, { B: "1" }],
  [
    "BrowserMatch Mozilla A !B\nBrowserMatchNoCase moz C",
    { headers: { "User-Agent": "Mozilla/5" } },
    { A: "1", C: "1" },
  ],
  ["<Location /app>\nSetEnvIf Request_URI . A\n</Location>\nSetEnvIf Request_URI . B", {}, { A: "1", B: "1" }],
  ['SetEnvIf Authorization "(.*)" A=$1', { headers: { Authorization: "Basic x" } }, { A: "Basic x" }],
];

describe("mod_env and mod_setenvif", () => {
  for (const [configuration, ask, expected] of rows) {
    it(`give ${JSON.stringify(expected)} by ${configuration.replaceAll("\n", "; ")}`, async () => {
      const served = serve(`WSGIScriptAlias /app ROOT/app.js\n${configuration}`, { files: { "app.js": "" } });
      await served.ask("/app", ask);
      const environ = served.calls[0]?.environ ?? {};
      const found = Object.fromEntries(
        ["A", "B", "C"].filter((name) => name in environ).map((name) => [name, environ[name]]),
      );
      expect(found).to.deep.equal(expected);
    });
  }

  it("pass variables of the server on, and warn of those it has not", async () => {
    process.env["MODHOST_TEST_A"] = "from outside";
    try {
      const text = "PassEnv MODHOST_TEST_A MODHOST_TEST_NONE\nWSGIScriptAlias /app ROOT/app.js";
      const served = serve(text, { files: { "app.js": "" } });
      await served.ask("/app");
      expect(served.calls[0]?.environ).to.include({ MODHOST_TEST_A: "from outside" });
      expect(faultsOf(text, { files: { "app.js": "" } }).warnings).to.deep.equal([
        "1: PassEnv: variable MODHOST_TEST_NONE was undefined",
      ]);
    } finally {
      delete process.env["MODHOST_TEST_A"];
    }
  });

  it("refuse a regular expression that is none", () => {
    expect(faultsOf("SetEnvIf Request_URI ( A").errors).to.have.lengthOf(1);
  });
});
