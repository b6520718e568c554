// Lines of access logs, by tables of formats and requests.
import { expect } from "chai";
import { answer, Headers } from "../../src/api/index.js";
import { faultsOf, serve, type Ask } from "../support/ask.js";

const files = { "htdocs/f.txt": "text\n", "htdocs/index.html": "index", "app.js": "" };

/** Format, target, request, and the line; a regular expression where it varies. */
const items: readonly (readonly [string, string, Ask, string | RegExp])[] = [
  ["%h %l %u %a %{c}a %A", "/f.txt", { from: "192.0.2.1" }, "192.0.2.1 - - 192.0.2.1 192.0.2.1 127.0.0.1"],
  ["%t", "/f.txt", {}, /^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]$/],
  ["%{%Y-%m-%d}t %{begin:%F}t %{end:%H}t", "/f.txt", {}, /^(\d{4}-\d\d-\d\d) \1 \d\d$/],
  ["%{sec}t.%{msec_frac}t %{usec}t %{usec_frac}t", "/f.txt", {}, /^(\d{10})\.\d{3} \1\d{6} \d{6}$/],
  ["%{begin}t %{end}t", "/f.txt", {}, /^\[.{26}\] \[.{26}\]$/],
  ['"%r"', '/f.txt?a"b\\c', {}, '"GET /f.txt?a\\"b\\\\c HTTP/1.1"'],
  ["%r", "/f.txt?\xc3\xa9\b\x01", {}, "GET /f.txt?\\xc3\\xa9\\b\\x01 HTTP/1.1"],
  ["%m %U %q %H", "/f.txt?x=1", { method: "HEAD" }, "HEAD /f.txt ?x=1 HTTP/1.1"],
  ["[%q]", "/f.txt", {}, "[]"],
  ["%s %>s %<s", "/none", {}, "404 404 404"],
  ["%b %B", "/f.txt", {}, "5 5"],
  ["%b %B", "/f.txt", { method: "HEAD" }, "- 0"],
  ["%I %O %S", "/f.txt", {}, "100 205 305"],
  ["%f", "/f.txt", {}, /\/htdocs\/f\.txt$/],
  ["%R", "/f.txt", {}, "-"],
  ["%R", "/app", {}, "wsgi-script"],
  ["%v %V %p %{canonical}p %{local}p %{remote}p", "/f.txt", {}, "main.test h.test 80 80 80 50000"],
  ["%{Host}i %{x-none}i %{X-Empty}i|", "/f.txt", { headers: { "X-Empty": "" } }, "h.test - |"],
  ["%{Content-Type}o", "/none", {}, "text/html"],
  ["%{Set-Cookie}o %{X}o", "/app", {}, "a=1, b=2 1"],
  ["%{a}C %{b}C %{c}C", "/f.txt", { headers: { Cookie: 'b=2; A = "x y" ; c' } }, '\\"x y\\" 2 -'],
  ["%{VAR}e %{NONE}e", "/f.txt", {}, "value -"],
  ["%k %X %l", "/f.txt", {}, "0 + -"],
  ["%404{Host}i %!404{Host}i %200,304{Host}i", "/f.txt", {}, "- h.test h.test"],
  ["%404{Host}i %!404{Host}i", "/none", {}, "h.test -"],
  ["%T %{ms}T %{s}T %{us}T %D", "/f.txt", {}, /^0 \d+ 0 \d+ \d+$/],
  ["%{foo}T %{foo}p", "/f.txt", {}, "foo foo"],
  ["%P %{tid}P", "/f.txt", {}, `${process.pid} ${process.pid}`],
  ["%{hextid}P", "/f.txt", {}, process.pid.toString(16)],
  ["%% \\t|\\x\\\\ %^FB %{X}^ti", "/f.txt", {}, "% \t|\\x\\ - -"],
  ["%L", "/f.txt", {}, "-"],
  ["%U %>U %f", "/missing", { headers: {} }, /^\/missing \/missing /],
];

const application = () =>
  answer(
    200,
    new Headers([
      ["X", "1"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["X", "2"],
    ]),
    Buffer.from("x"),
  );

async function lineOf(configuration: string, target: string, ask: Ask = {}): Promise<string | undefined> {
  const served = serve(configuration, { files, application });
  await served.ask(target, ask);
  return served.lines.get("logs/a")?.[0];
}

describe("mod_log_config", () => {
  for (const [format, target, ask, expected] of items) {
    it(`writes ${format} of ${target}`, async () => {
      const quoted = format.replace(/(["\\])/g, "\\$1");
      const setup = "SetEnvIf Request_URI . VAR=value\nWSGIScriptAlias /app ROOT/app.js\n";
      const line = await lineOf(`${setup}CustomLog logs/a "${quoted}"`, target, ask);
      if (typeof expected === "string") expect(line).to.equal(expected);
      else expect(line).to.match(expected);
    });
  }

  it("tells the first and the last request of an internal redirect apart", async () => {
    const line = await lineOf(
      'ErrorDocument 404 /f.txt\nCustomLog logs/a "%s %>s %U %>U %<U %{REDIRECT_STATUS}e"',
      "/none",
    );
    expect(line).to.equal("404 404 /none /f.txt /none 404");
  });

  it("finds nicknames wherever they are defined", async () => {
    expect(await lineOf("CustomLog logs/a short\nLogFormat %m short", "/f.txt")).to.equal("GET");
  });

  it("gives TransferLog the format without a nickname, else the common one", async () => {
    expect(await lineOf("TransferLog logs/a\nLogFormat %m", "/f.txt")).to.equal("GET");
    expect(await lineOf("TransferLog logs/a", "/f.txt")).to.match(
      /^127\.0\.0\.1 - - \[.*\] "GET \/f\.txt HTTP\/1\.1" 200 5$/,
    );
  });

  for (const [condition, target, logged] of [
    ["env=quiet", "/f.txt", true],
    ["env=!quiet", "/f.txt", false],
    ["env=quiet", "/index.html", false],
    ["env=!quiet", "/index.html", true],
  ] as const) {
    it(`${logged ? "logs" : "does not log"} ${target} with ${condition}`, async () => {
      const line = await lineOf(`SetEnvIf Request_URI f.txt quiet\nCustomLog logs/a %m ${condition}`, target);
      expect(line).to.equal(logged ? "GET" : undefined);
    });
  }

  it("keeps a virtual host with a log of its own from the main server's, but not from global ones", async () => {
    const served = serve(
      `CustomLog logs/main %v\nGlobalLog logs/global %v\n
<VirtualHost *>\nServerName a.test\nCustomLog logs/own %v\n</VirtualHost>
<VirtualHost *>\nServerName b.test\n</VirtualHost>`,
      { files },
    );
    await served.ask("/f.txt", { headers: { Host: "a.test" } });
    await served.ask("/f.txt", { headers: { Host: "b.test" } });
    expect(Object.fromEntries(served.lines)).to.deep.equal({
      "logs/main": ["b.test"],
      "logs/own": ["a.test"],
      "logs/global": ["a.test", "b.test"],
    });
  });

  it("opens a target once for all that write to it", async () => {
    const served = serve(
      "<VirtualHost *>\nServerName a.test\nCustomLog logs/a %v\n</VirtualHost>\n<VirtualHost *>\nServerName b.test\nCustomLog logs/a %v\n</VirtualHost>",
      { files },
    );
    await served.ask("/f.txt", { headers: { Host: "a.test" } });
    await served.ask("/f.txt", { headers: { Host: "b.test" } });
    expect(served.lines.get("logs/a")).to.deep.equal(["a.test", "b.test"]);
  });

  for (const [text, error] of [
    ["LogFormat %Z x", "1: LogFormat: Unrecognized LogFormat directive %Z"],
    ["CustomLog logs/a %Z", "1: CustomLog: Unrecognized LogFormat directive %Z"],
    ["LogFormat %{x x", "1: LogFormat: Ran off end of LogFormat parsing args to some directive"],
    ["CustomLog logs/a %h env=", "1: CustomLog: condition: missing environment variable name"],
    ["CustomLog logs/a %h foo", '1: CustomLog: condition must be env=NAME, env=!NAME or expr=EXPRESSION, found "foo"'],
    ["CustomLog logs/a %h expr=yes", '1: CustomLog: the expression ends where "(" is expected'],
    ["CustomLog none/a %h", "1: AH02297: Cannot access directory 'ROOT/none/' for log file 'ROOT/none/a'"],
  ] as const) {
    it(`does not load ${text}`, () => {
      expect(faultsOf(text).errors).to.deep.equal([error]);
    });
  }
});
