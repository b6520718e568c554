// One worker, a pattern that could go on for ever: hostile requests for it, and what everybody else gets meanwhile.
import { expect } from "chai";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const configuration = `
StartServers 1
ServerLimit 1
RewriteEngine on
RewriteRule ^/linear(a+)+$ - [F]
RewriteRule ^/limited(?=a)(a+)+$ - [F]
RewriteCond %{HTTP:X-Probe} ^(?!b)(a|a)*$
RewriteRule ^/condition - [F]
RedirectMatch 410 ^/gone(a+)+\\1$
`;

describe("a server with patterns that can match in too many ways", function () {
  this.timeout(60_000);
  let served: ServedRoot;
  before(async () => {
    const { root, port } = await makeRoot(configuration, {
      files: { "htdocs/index.html": "the page" },
      modules: ["rewrite"],
    });
    served = await serveRoot(root, port);
  });
  after(async () => served.end());

  const status = async (path: string, probe = ""): Promise<number> => {
    const headers = probe === "" ? {} : { "X-Probe": probe };
    const response = await fetch(served.url(path), { headers });
    await response.arrayBuffer();
    return response.status;
  };

  it("goes on answering others, and tells where they stand", async () => {
    const long = `${"a".repeat(200)}!`;
    const hostile = ["linear", "limited", "gone"].map((name) => status(`/${name}${long}`));
    const answers = await Promise.all([...hostile, status("/condition", long), status("/"), status("/"), status("/")]);
    expect(answers).to.deep.equal([404, 404, 404, 404, 200, 200, 200]);
    const pattern = (line: string): RegExp =>
      new RegExp(`"${line}" of .*apache2\\.conf:\\d+ was given up after 100 ms`);
    for (const text of ["\\^/limited.*", "\\^\\(\\?!b\\).*", "\\^/gone.*"]) {
      await until(`a line for ${text}`, () => pattern(text).test(served.errors()));
    }
    expect(served.errors()).not.to.match(pattern("\\^/linear.*"));
  });

  it("takes what matches", async () => {
    const paths = ["/linearaaaa", `/limited${"a".repeat(200)}`, "/gone" + "a".repeat(20)];
    expect(await Promise.all(paths.map((path) => status(path)))).to.deep.equal([403, 403, 410]);
    expect(await status("/condition", "a".repeat(30))).to.equal(403);
  });
});
