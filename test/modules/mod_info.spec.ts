// What the pages show of modules, and what of the configuration they keep to themselves.
import { expect } from "chai";
import { withoutSecrets } from "../../src/modules/mod_info/secrets.js";
import { serve } from "../support/ask.js";

describe("mod_info", () => {
  for (const [name, text, shown] of [
    ["AuthLDAPBindPassword", "hunter2", "(not shown)"],
    ["SessionCryptoPassphrase", "secret words", "(not shown)"],
    ["DBDParams", '"host=db user=u pass=p"', "(not shown)"],
    ["AuthBasicFake", "demo demopass", "(not shown)"],
    ["SetEnv", "DB_PASSWORD hunter2", "DB_PASSWORD (not shown)"],
    ["SetEnv", '"DB_PASSWORD" "hunter 2"', '"DB_PASSWORD" (not shown)'],
    ["SetEnv", "SECRET_KEY abc", "SECRET_KEY (not shown)"],
    ["RequestHeader", 'set Authorization "Basic abc"', "set Authorization (not shown)"],
    ["Header", "always set X-Api-Key abc", "always set X-Api-Key (not shown)"],
    ["ProxyPass", "/a ajp://h:8009 secret=abc timeout=5", "/a ajp://h:8009 secret=(not shown) timeout=5"],
    ["ProxyPass", "/a http://user:pw@h/", "/a http://user:(not shown)@h/"],
    ["RewriteRule", "^/x http://h/?api_key=abc&y=1 [P]", "^/x http://h/?api_key=(not shown)&y=1 [P]"],
    ["SetEnv", "MODE production", "MODE production"],
    ["Header", 'set Cache-Control "no-store"', 'set Cache-Control "no-store"'],
    ["UnsetEnv", "DB_PASSWORD", "DB_PASSWORD"],
    ["SetEnvIf", "Authorization (.*) HTTP_AUTHORIZATION=$1", "Authorization (.*) HTTP_AUTHORIZATION=$1"],
    ["WSGIPassAuthorization", "On", "On"],
    ["SSLCertificateKeyFile", "/etc/ssl/private/key.pem", "/etc/ssl/private/key.pem"],
  ] as const) {
    it(`shows ${name} ${text} as ${shown}`, () => {
      expect(withoutSecrets(name, text)).to.equal(shown);
    });
  }

  const served = serve(
    '<Location /info>\nSetHandler server-info\n</Location>\nSetEnv DB_PASSWORD hunter2\nSetEnv A "<b>"\n' +
      "AddModuleInfo mod_env.c '<i>remark</i>'",
  );

  it("shows a module's directives, the lines that use them, and remarks", async () => {
    const { body } = await served.ask("/info?mod_env.c");
    expect(body).to.include('<a href="?mod_env.c">mod_env.c</a>');
    expect(body).to.include("<dd><tt>SetEnv - <i>Sets an environment variable</i></tt></dd>");
    expect(body).to.match(/&nbsp;SetEnv <i>A &quot;&lt;b&gt;&quot;<\/i>/);
    expect(body).to.include("</dt><dd><i>remark</i></dd>");
    expect(body).not.to.include("SetHandler");
  });
  it("shows all of it without a query, and no secret", async () => {
    const { body, headers } = await served.ask("/info");
    expect(headers.get("content-type")).to.equal("text/html; charset=ISO-8859-1");
    for (const part of ["Subpages", "Server Settings", "Startup Hooks", "Request Hooks", "Providers", "mod_alias.c"]) {
      expect(body).to.include(part);
    }
    expect(body).to.include("DB_PASSWORD (not shown)");
    expect(body).not.to.include("hunter2");
  });
  it("shows which modules take part in a phase", async () => {
    const { body } = await served.ask("/info?hooks");
    expect(body).to.match(/Translate Name:<\/strong>\n <br \/><tt>\n.*<a href="\?mod_alias.c">/);
  });
});
