// What mod_rewrite says of faulty lines, and logs of its steps; its answers are compared with Apache's in conformance/.
import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";

/** A line, and a part of what is wrong with it. */
const faults: readonly (readonly [string, string])[] = [
  ["RewriteRule ^/x$", "bad argument line '^/x$'"],
  ["RewriteRule", "bad argument line ''"],
  ["RewriteRule ( -", "cannot compile regular expression '('"],
  ["RewriteRule ^ - L", "bad flag delimiters"],
  ["RewriteRule ^ - [L", "bad flag delimiters"],
  ["RewriteRule ^ - [XYZ]", "unknown flag 'XYZ'"],
  ["RewriteRule ^ - [L,]", "unknown flag ''"],
  ["RewriteRule ^ - [R=999]", "invalid HTTP response code '999' for flag 'R'"],
  ["RewriteRule ^ - [BNE]", "flag 'BNE' wants a list of characters"],
  ["RewriteCond %{HTTP_HOST}", "bad argument line '%{HTTP_HOST}'"],
  ["RewriteCond a [", "cannot compile regular expression '['"],
  ["RewriteCond a b [L]", "unknown flag 'L'"],
  ['RewriteCond expr "%{x"', "expression"],
  ["RewriteOptions Sideways", "unknown option 'Sideways'"],
  ["RewriteBase /x", "RewriteBase not allowed here"],
  ["<Directory /x>\nRewriteBase x\n</Directory>", "argument is not a valid URL"],
  ["RewriteMap a txt:/nowhere/at/all", "file for map a not found:/nowhere/at/all"],
  ["RewriteMap a prg:/nowhere/at/all x", "program not found:/nowhere/at/all"],
  ["RewriteMap a int:shout", "internal map not found:shout"],
  ["RewriteMap a dbm:/x", "file for map a not found:/x"],
  ["RewriteMap a dbm=ndbm:/x", "dbm type ndbm is invalid"],
  ["RewriteMap a dbd:select", "maps of the type dbd are not supported"],
  ['RewriteMap a "dbd:SELECT x"', "maps of the type dbd are not supported"],
  ["<Directory /x>\n<Limit GET>\nRewriteRule ^ - [F]\n</Limit>\n</Directory>", "cannot stand in <Limit>"],
];

describe("mod_rewrite", () => {
  for (const [line, reason] of faults) {
    it(`refuses ${line.replaceAll("\n", " ")}`, () => {
      expect(faultsOf(line).errors.join("\n")).to.contain(reason);
    });
  }

  it("warns of what has no effect", () => {
    const { errors, warnings } = faultsOf("RewriteOptions MaxRedirects=5\nRewriteCond a -f [NC]\nRewriteRule ^ -");
    expect(errors).to.deep.equal([]);
    expect(warnings.join("\n")).to.contain("LimitInternalRecursion").and.contain("NoCase option");
  });

  it("logs its steps in the words of Apache", async () => {
    const { ask, log, root } = serve(
      "RewriteEngine On\n<Directory ROOT/htdocs>\nRewriteCond %{QUERY_STRING} ^x=(.)$\nRewriteRule ^a$ b?y=%1 [E=V:1]\n</Directory>",
      { files: { "htdocs/b": "b" } },
    );
    expect((await ask("/a?x=1")).body).to.equal("b");
    const steps = log.filter(({ module }) => module === "rewrite").map(({ level, message }) => `${level} ${message}`);
    const directory = `[perdir ${root}/htdocs/]`;
    const shown = steps.map((step) => step.replace(/ 127.0.0.1 - - \[h.test\/sid#0\]\[rid#\w+\/(\S+)\]/, " <$1>"));
    expect(shown.slice(0, 12)).to.deep.equal([
      "trace2 <initial> init rewrite engine with requested uri /a",
      "trace1 <initial> pass through /a",
      `trace3 <initial> ${directory} strip per-dir prefix: ${root}/htdocs/a -> a`,
      `trace3 <initial> ${directory} applying pattern '^a$' to uri 'a'`,
      `trace4 <initial> ${directory} RewriteCond: input='x=1' pattern='^x=(.)$' => matched`,
      `trace2 <initial> ${directory} rewrite 'a' -> 'b?y=1'`,
      "trace5 <initial> setting env variable 'V' to '1'",
      `trace3 <initial> ${directory} add per-dir prefix: b?y=1 -> ${root}/htdocs/b?y=1`,
      `trace3 <initial> split uri=${root}/htdocs/b?y=1 -> uri=${root}/htdocs/b, args=y=1`,
      `trace2 <initial> ${directory} setting lastsub to rule with output b?y=%1`,
      `trace2 <initial> ${directory} strip document_root prefix: ${root}/htdocs/b -> /b`,
      `trace1 <initial> ${directory} internal redirect with /b [INTERNAL REDIRECT]`,
    ]);
    expect(shown).to.include("trace2 <initial/redir#1> init rewrite engine with requested uri /b");
  });

  it("gives up on rules of a directory that lead in circles", async () => {
    const { ask, log } = serve("<Directory ROOT/htdocs>\nRewriteEngine On\nRewriteRule ^(.*)$ $1x\n</Directory>");
    expect((await ask("/a")).status).to.equal(500);
    expect(log.some(({ message }) => message.includes("AH00124"))).to.equal(true);
  });

  it("sets the date a cookie ends", async () => {
    const { ask } = serve("RewriteEngine On\nRewriteRule ^ - [CO=a:b:h.test:10]");
    const { headers } = await ask("/");
    expect(headers.get("set-cookie")).to.match(
      /^a=b; path=\/; domain=h\.test; expires=\w{3}, \d\d-\w{3}-\d{4} \d\d:\d\d:\d\d GMT$/,
    );
  });
});
