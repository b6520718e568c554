// What mod_authz_core and mod_authz_host grant, by tables of Require lines and requests.
import { expect } from "chai";
import { faultsOf, serve, type Ask } from "../support/ask.js";

const files = { "htdocs/f.txt": "text", "htdocs/in/f.txt": "inner" };

/** Lines of a `<Location />`, request, and whether it is granted. */
const rows: readonly (readonly [string, Ask, boolean])[] = [
  ["Require all granted", {}, true],
  ["Require all Denied", {}, false],
  ["Require ip 10.1", { from: "10.1.2.3" }, true],
  ["Require ip 10.1.", { from: "10.2.2.3" }, false],
  ["Require ip 10", { from: "10.255.0.1" }, true],
  ["Require ip 10.1.2.3", { from: "10.1.2.3" }, true],
  ["Require ip 10.1.2.0/24", { from: "10.1.2.99" }, true],
  ["Require ip 10.1.2.0/24", { from: "10.1.3.99" }, false],
  ["Require ip 10.1.2.99/24", { from: "10.1.2.1" }, true],
  ["Require ip 10.1.0.0/255.255.0.0", { from: "10.1.9.9" }, true],
  ["Require ip 10.1.0.0/255.255.0.0", { from: "10.2.9.9" }, false],
  ["Require ip 192.0.2.1 10.1", { from: "10.1.2.3" }, true],
  ["Require ip 10.1", { from: "::ffff:10.1.2.3" }, true],
  ["Require ip 2001:db8::/32", { from: "2001:db8:1::5" }, true],
  ["Require ip 2001:db8::/32", { from: "2001:db9:1::5" }, false],
  ["Require ip ::1", { from: "::1" }, true],
  ["Require ip 10.1", { from: "::1" }, false],
  ["Require local", { from: "127.0.0.9" }, true],
  ["Require local", { from: "::1" }, true],
  ["Require local", { from: "192.0.2.7" }, false],
  ["Require host localhost", { from: "127.0.0.1" }, true],
  ["Require host example.org", { from: "127.0.0.1" }, false],
  ["Require forward-dns localhost", { from: "127.0.0.1" }, true],
  ["Require forward-dns localhost", { from: "192.0.2.7" }, false],
  ["Require method POST", {}, false],
  ["Require method GET", { method: "HEAD" }, true],
  ["Require method POST PUT", { method: "POST" }, true],
  ["SetEnvIf X-Key ^secret$ key\nRequire env key", { headers: { "X-Key": "secret" } }, true],
  ["SetEnvIf X-Key ^secret$ key\nRequire env key", {}, false],
  ["Require ip 192.0.2.1\nRequire method GET", {}, true],
  ["Require ip 192.0.2.1\nRequire method PUT", {}, false],
  ["<RequireAll>\nRequire method GET\nRequire ip 127\n</RequireAll>", {}, true],
  ["<RequireAll>\nRequire method GET\nRequire ip 10\n</RequireAll>", {}, false],
  ["<RequireAll>\nRequire all granted\nRequire not ip 127\n</RequireAll>", {}, false],
  ["<RequireAll>\nRequire all granted\nRequire not ip 10\n</RequireAll>", {}, true],
  ["<RequireAll>\nRequire host localhost\nRequire not ip 10\n</RequireAll>", {}, true],
  ["<RequireAll>\nRequire host example.org\nRequire not ip 10\n</RequireAll>", {}, false],
  ["<RequireAny>\nRequire host example.org\nRequire method GET\n</RequireAny>", {}, true],
  [
    "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 10\nRequire method GET\n</RequireNone>\n</RequireAll>",
    {},
    false,
  ],
  [
    "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 10\nRequire method PUT\n</RequireNone>\n</RequireAll>",
    {},
    true,
  ],
  [
    "<RequireAny>\nRequire ip 10\n<RequireAll>\nRequire ip 127\nRequire method GET\n</RequireAll>\n</RequireAny>",
    {},
    true,
  ],
];

/** Lines of `<Directory ROOT/htdocs>` and of `<Directory ROOT/htdocs/in>`, and whether the latter's file is granted. */
const merged: readonly (readonly [string, string, boolean])[] = [
  ["Require all denied", "Require all granted", true],
  ["Require all granted", "Require all denied", false],
  ["Require all denied", "AuthzSendForbiddenOnFailure On", false],
  ["Require all denied", "AuthMerging Or\nRequire all granted", true],
  ["Require all denied", "AuthMerging And\nRequire all granted", false],
  ["Require method GET", "AuthMerging And\nRequire ip 127", true],
  ["Require ip 127", "AuthMerging And\nRequire method PUT", false],
  ["Require ip 10", "AuthMerging Or\nRequire method PUT", false],
  ["Require all denied", "AuthMerging And", false],
  // As in Apache: Off without a Require line leaves nothing to require.
  ["Require all denied", "AuthMerging Off", true],
];

/** Lines of a `<Location />` and the one error. */
const refused: readonly (readonly [string, string])[] = [
  ["Require not ip 1.2.3.4", "2: Require: negative Require directive has no effect in <RequireAny> directive"],
  [
    "<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 1.2.3.4\nRequire not ip 1.2.3.5\n</RequireNone>\n</RequireAll>",
    "6: Require: negative Require directive has no effect in <RequireNone> directive",
  ],
  [
    "<RequireAll>\nRequire not ip 1.2.3.4\n</RequireAll>",
    "2: AH01624: <RequireAll> directive contains only negative authorization directives",
  ],
  ["<RequireAll>\n</RequireAll>", "2: <RequireAll>: contains no authorization directives"],
  [
    "<RequireNone>\nRequire ip 1.2.3.4\n</RequireNone>",
    "2: <RequireNone>: <RequireNone> directive has no effect in <RequireAny> directive",
  ],
  ["<RequireAny>\nRequire all granted\nAlias /a /b\n</RequireAny>", "4: Alias not allowed in <RequireAny> context"],
  ["Require vip-user", "2: Unknown Authz provider: vip-user"],
  ["Require ip", "2: Require ip: 'require ip' requires an argument"],
  [
    "Require ip 10.300",
    "2: Require ip: ip address '10.300' appears to be invalid: The specified IP address is invalid.",
  ],
  [
    "Require ip 1.2.3.4/33",
    "2: Require ip: ip address '1.2.3.4/33' appears to be invalid: The specified network mask is invalid.",
  ],
  [
    "Require ip 1.2/255.255.0.0",
    "2: Require ip: ip address '1.2/255.255.0.0' appears to be invalid: The specified IP address is invalid.",
  ],
  ["Require all foo", "2: Require all: Argument for 'Require all' must be 'granted' or 'denied', found \"foo\""],
  ["Require method get", "2: Require method: Invalid Method 'get'"],
  ["Require expr true false", '2: Require: the expression expects &&, || or the end, found "false"'],
  ["AuthMerging x", '2: AuthMerging: mode must be one of Off, And, Or, found "x"'],
];

const oneLine = (text: string) => text.replaceAll("\n", "; ");

describe("mod_authz_core", () => {
  for (const [lines, ask, granted] of rows) {
    it(`${granted ? "grants" : "refuses"} ${JSON.stringify(ask)} by ${oneLine(lines)}`, async () => {
      const { status } = await serve(`<Location />\n${lines}\n</Location>`, { files }).ask("/f.txt", ask);
      expect(status).to.equal(granted ? 200 : 403);
    });
  }

  for (const [outer, inner, granted] of merged) {
    it(`lays ${oneLine(inner)} over ${outer}`, async () => {
      const { ask } = serve(
        `<Directory ROOT/htdocs>\n${outer}\n</Directory>\n<Directory ROOT/htdocs/in>\n${inner}\n</Directory>`,
        { files },
      );
      expect((await ask("/in/f.txt")).status).to.equal(granted ? 200 : 403);
    });
  }

  for (const [lines, error] of refused) {
    it(`does not load ${oneLine(lines)}`, () => {
      expect(faultsOf(`<Location />\n${lines}\n</Location>`).errors).to.deep.equal([error]);
    });
  }

  it("logs what it denied", async () => {
    const { ask, log, root } = serve("<Files f.txt>\nRequire all denied\n</Files>", { files });
    await ask("/f.txt");
    const message = `AH01630: client denied by server configuration: ${root}/htdocs/f.txt`;
    expect(log.find((entry) => entry.message === message)).to.include({
      level: "error",
      module: "authz_core",
      client: "127.0.0.1:50000",
    });
  });

  it("says why Require host failed", async () => {
    const { ask, log } = serve("<Location />\nRequire host example.org\n</Location>", { files });
    await ask("/f.txt", { from: "0.0.0.1" });
    expect(log.map(({ message }) => message)).to.include(
      "AH01753: access check of 'example.org' to /f.txt failed, reason: unable to get the remote host name",
    );
  });
});
