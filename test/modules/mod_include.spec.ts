// Pages with directives: what comes piece by piece, what ends with its client, what is held within bounds.
import { expect } from "chai";
import { faultsOf, serve } from "../support/ask.js";
import { until } from "../support/running.js";
import { PageParser } from "../../src/modules/mod_include/parse.js";

const lines =
  "AddOutputFilter INCLUDES .shtml\nAddType text/html .shtml\n<Directory ROOT/htdocs>\nOptions +Includes\n</Directory>\n";

/** What a page becomes. */
async function rendered(
  page: string,
  configuration = "",
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const served = serve(lines + configuration, { files: { "htdocs/a.shtml": page, ...files } });
  return (await served.ask("/a.shtml?q=1")).body;
}

describe("mod_include", () => {
  it("shows all variables, escaped", async () => {
    const body = await rendered('<!--#set var="mine" value="<b>" --><!--#printenv -->');
    expect(body).to.match(/^mine=&lt;b&gt;$/m);
    expect(body).to.match(/^DOCUMENT_URI=\/a\.shtml$/m);
    expect(body).to.match(/^QUERY_STRING=q=1$/m);
    expect(body).to.match(/^DATE_GMT=\w+, \d\d-\w{3}-\d{4} \d\d:\d\d:\d\d GMT$/m);
  });
  it("ends a command that is silent for longer than Timeout", async () => {
    const body = await rendered('a <!--#exec cmd="echo b; exec sleep 600" --> c', "Timeout 300ms");
    expect(body).to.equal("a b\n c");
  });
  it("logs what a command writes to its standard error", async () => {
    const served = serve(lines, { files: { "htdocs/a.shtml": '<!--#exec cmd="echo oops >&2" -->' } });
    await served.ask("/a.shtml");
    await until("the line is there", () => served.log.some(({ message }) => message === "stderr from exec: oops"));
  });
  it("passes no bytes of a request on to a shell as words of its own", async () => {
    const page = '<!--#exec cmd="echo $QUERY_STRING_UNESCAPED" -->';
    const served = serve(lines, { files: { "htdocs/a.shtml": page } });
    const { body } = await served.ask("/a.shtml?%3Bid%60id%60$(id)%0aid");
    expect(body).to.not.include("uid=");
  });
  it("ends a page that includes itself", async () => {
    const body = await rendered('x<!--#include virtual="/a.shtml" -->');
    expect(body).to.match(/^x{2,20}\[an error/);
  });
  it("refuses tags with white space", () => {
    expect(faultsOf('SSIStartTag "<! --"').errors.join()).to.include("without white space");
  });
});

describe("a page in pieces", () => {
  const page = 'a<!--#echo var="x-->y" a=\'b\\\'c\' --><!-- <!--#if expr="-->" --->d<!--#endif-->e<!-';
  const read = (pieces: Iterable<string>): string => {
    const parser = new PageParser("<!--#", "-->");
    let shown = "";
    for (const text of pieces) {
      for (const piece of parser.take(text)) {
        shown += "text" in piece ? piece.text : `{${piece.element.name} ${JSON.stringify(piece.element.args)}}`;
      }
    }
    return shown + parser.end();
  };
  const whole = read([page]);

  it("is what it is as a whole", () => {
    expect(whole).to.include('{echo [{"name":"var","value":"x-->y"},{"name":"a","value":"b\'c"}]}');
    for (let length = 1; length < page.length; length++) {
      const pieces = page.match(new RegExp(`[^]{1,${length}}`, "g")) ?? [];
      expect(read(pieces), `in pieces of ${length}`).to.equal(whole);
    }
  });
  it("keeps no more than 64 KiB of a directive that does not end", () => {
    const parser = new PageParser("<!--#", "-->");
    for (let i = 0; i < 100; i++)
      expect([...parser.take(i === 0 ? "<!--#echo " : "x".repeat(10_000))]).to.deep.equal([]);
    expect(parser.isInside).to.equal(true);
  });
});
