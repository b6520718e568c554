// What mod_access_compat grants, by a table of lines.
import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";

/** Lines of a `<Directory>` that `Require all granted` surrounds, client, and status. */
const rows: readonly (readonly [string, string, number])[] = [
  ["Satisfy Any\nDeny from all", "127.0.0.1", 200],
  ["Satisfy Any\nDeny from all\nRequire all denied", "127.0.0.1", 403],
  ["Satisfy Any\nDeny from all\nRequire all granted", "127.0.0.1", 200],
  ["Satisfy Any\nAllow from all\nRequire all denied", "127.0.0.1", 200],
  ["Satisfy All\nAllow from all\nRequire all denied", "127.0.0.1", 403],
  ["Satisfy Any\nOrder allow,deny\nAllow from 10\nRequire ip 127", "127.0.0.1", 200],
  ["Satisfy Any\nRequire all denied", "127.0.0.1", 200],
  ["Deny from all\nRequire all granted", "127.0.0.1", 403],
  ["Order allow,deny", "127.0.0.1", 403],
  ["Order deny,allow", "127.0.0.1", 200],
  ["Order Allow,Deny\nAllow from 127", "127.0.0.1", 200],
  ["Order allow,deny\nAllow from 127\nDeny from 127.0.0.1", "127.0.0.1", 403],
  ["Order deny,allow\nAllow from 127\nDeny from all", "127.0.0.1", 200],
  ["Order deny,allow\nAllow from 127\nDeny from all", "10.0.0.1", 403],
  ["Order mutual-failure\nAllow from 127", "127.0.0.1", 200],
  ["Order mutual-failure\nAllow from 127\nDeny from 127.0.0.0/8", "127.0.0.1", 403],
  ["Order allow,deny\nAllow from localhost", "127.0.0.1", 200],
  ["Order allow,deny\nAllow from .localhost", "127.0.0.1", 403],
  ["Order allow,deny\nAllow from example.org localhost", "127.0.0.1", 200],
  ["Order allow,deny\nAllow from env=foo", "127.0.0.1", 403],
  ["Order allow,deny\nAllow from env=!foo", "127.0.0.1", 200],
  ["Order allow,deny\nAllow from env=foo\nSetEnvIf Request_URI . foo", "127.0.0.1", 200],
  ["Order allow,deny\nAllow from 10.1.0.0/255.255.0.0 2001:db8::/32", "10.1.7.7", 200],
  ["Order allow,deny\nAllow from 10.1.0.0/255.255.0.0 2001:db8::/32", "2001:db8::7", 200],
  ["Order allow,deny\nAllow from 10.1.0.0/255.255.0.0 2001:db8::/32", "10.2.7.7", 403],
];

describe("mod_access_compat", () => {
  for (const [lines, from, status] of rows) {
    it(`answers ${from} with ${status} by ${lines.replaceAll("\n", "; ")}`, async () => {
      const { ask } = serve(`<Directory ROOT/htdocs>\n${lines}\n</Directory>`, { files: { "htdocs/f": "x" } });
      expect((await ask("/f", { from })).status).to.equal(status);
    });
  }

  it("replaces all that surrounding sections say", async () => {
    const { ask } = serve(
      "<Directory ROOT>\nOrder allow,deny\nDeny from all\n</Directory>\n<Directory ROOT/htdocs>\nAllow from all\n</Directory>",
      { files: { "htdocs/f": "x" } },
    );
    expect((await ask("/f")).status).to.equal(200);
  });

  for (const [line, error] of [
    ["Order foo", 'Order: order must be allow,deny, deny,allow or mutual-failure, found "foo"'],
    ["Order deny, allow", 'Order: order must be allow,deny, deny,allow or mutual-failure, found "deny,"'],
    ["Allow all", 'Allow: from must be "from", found "all"'],
    ["Allow from", "Allow takes at least 2 arguments, found 1"],
    ["Allow from all # everyone", 'Allow: a comment has a line of its own, found "#"'],
    ["Deny from 10.1 a#b", 'Deny: a comment has a line of its own, found "a#b"'],
    ["Deny from 1.2.3.4/99", 'Deny: The specified network mask is invalid: "1.2.3.4/99"'],
    ["Deny from 300.1", 'Deny: The specified IP address is invalid: "300.1"'],
    ["Satisfy foo", 'Satisfy: which must be one of all, any, found "foo"'],
  ] as const) {
    it(`refuses ${line}`, () => {
      const { errors } = faultsOf(`<Location />\n${line}\n</Location>`);
      expect(errors[0]).to.equal(`2: ${error}`);
    });
  }
});
