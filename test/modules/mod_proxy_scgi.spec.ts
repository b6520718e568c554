import { expect } from "chai";
import { closeAll, pair, request, type Accepted } from "./mod_proxy/front.js";

/** Replies once the request's variables and body have come, and ends the connection. */
function replies(text: string): (connection: Accepted) => void {
  return ({ received, socket }) => {
    const colon = received.indexOf(":");
    const length = Number(received.slice(0, colon));
    const body = Number(/^CONTENT_LENGTH\0(\d+)/.exec(received.slice(colon + 1))?.[1]);
    if (colon > 0 && received.length >= colon + 1 + length + 1 + body) socket.end(text, "latin1");
  };
}

const toBackEnd = "DocumentRoot ROOT/htdocs\nProxyPass /in scgi://127.0.0.1:@PORT@\n";

/** More configuration, what the back end says, and what the client gets. */
const answers: readonly (readonly [string, string, string, RegExp])[] = [
  ["a body", "", "X-A: 1\r\n\r\nhello", /^HTTP\/1\.1 200 OK\r\n[^]*X-A: 1\r\n[^]*hello/],
  ["a status", "", "Status: 404 Missing\r\n\r\nx", /^HTTP\/1\.1 404 Missing\r\n/],
  ["nothing", "", "", /^HTTP\/1\.1 500 /],
  ["half a head", "", "X-A: 1\r\n", /^HTTP\/1\.1 500 /],
  ["a head that is none", "", "nonsense\r\n\r\n", /^HTTP\/1\.1 500 /],
  ["less than it promises", "", "Content-Length: 9\r\n\r\nhalf", /half(?!\r\n0\r\n)/],
  ["a path to go to", "Redirect 410 /gone", "Location: /gone\r\n\r\n", /^HTTP\/1\.1 410 /],
  [
    "a path, which it may not",
    "ProxySCGIInternalRedirect Off",
    "Location: /gone\r\n\r\n",
    /^HTTP\/1\.1 200 [^]*Location: \/gone/,
  ],
  [
    "a path in a field of another name",
    "ProxySCGIInternalRedirect X-Path\nRedirect 410 /gone",
    "X-Path: /gone\r\n\r\n",
    /^HTTP\/1\.1 410 /,
  ],
  ["a URL to go to", "", "Location: http://other.test/\r\n\r\n", /^HTTP\/1\.1 200 [^]*Location: http:\/\/other/],
  ["a file to send, which it may not", "", "X-Sendfile: ROOT/htdocs/file\r\n\r\nown", /X-Sendfile[^]*own/],
];

describe("mod_proxy_scgi", () => {
  afterEach(closeAll);

  for (const [what, more, text, expected] of answers) {
    it(`answers where the back end says ${what}`, async () => {
      const { send } = await pair(replies(text), toBackEnd + more);
      expect(await send(request("GET /in/x"))).to.match(expected);
    });
  }

  it("sends variables as a netstring, CONTENT_LENGTH first, and then the body", async () => {
    const { send, backEnd } = await pair(replies("X-A: 1\r\n\r\nok"), toBackEnd);
    await send(`${request("POST /in/x?y", "Content-Length: 5", "X-Own: 1")}hello`);
    const [, length = "", variables = "", body] = /^(\d+):([^,]*),(.*)$/s.exec(backEnd.received()) ?? [];
    expect(variables.length).to.equal(Number(length));
    expect(variables.startsWith("CONTENT_LENGTH\x005\0SCGI\x001\0")).to.equal(true);
    expect(variables)
      .to.include("QUERY_STRING\0y\0")
      .and.include("HTTP_X_OWN\x001\0")
      .and.not.include("GATEWAY_INTERFACE");
    expect(body).to.equal("hello");
  });

  it("sends a file where ProxySCGISendfile lets it, unless access to it is denied", async () => {
    const configuration = `${toBackEnd}ProxySCGISendfile On\n<Directory ROOT/htdocs>\nRequire all granted\n</Directory>\n<Files secret>\nRequire all denied\n</Files>`;
    const files = { "htdocs/file": "text of the file", "htdocs/secret": "secret" };
    let root = "";
    const file = (name: string) => (connection: Accepted) =>
      replies(`Content-Type: text/own\r\nX-Sendfile: ${root}/htdocs/${name}\r\n\r\n`)(connection);
    const sent = await pair(file("file"), configuration, "keep", { files });
    ({ root } = sent);
    expect(await sent.send(request("GET /in/x"))).to.match(
      /^HTTP\/1\.1 200 [^]*Content-Type: text\/own\r\n[^]*text of the file/,
    );
    const denied = await pair(file("secret"), configuration, "keep", { files });
    ({ root } = denied);
    expect(await denied.send(request("GET /in/x"))).to.match(/^HTTP\/1\.1 500 /);
  });

  it("has a long body of unknown length wait until its length is known", async () => {
    const front = await pair(({ socket, received }) => {
      if (received.endsWith("end")) socket.end("X-A: 1\r\n\r\nok");
    }, toBackEnd);
    const body = `${(69_997).toString(16)}\r\n${"x".repeat(69_997)}\r\n3\r\nend\r\n0\r\n\r\n`;
    const text = await front.send(`${request("POST /in/x", "Transfer-Encoding: chunked")}${body}`);
    expect(text).to.match(/^HTTP\/1\.1 200 [^]*ok(\r\n0\r\n\r\n)?$/);
    expect(front.backEnd.received()).to.match(/^\d+:CONTENT_LENGTH.70000.[^]*,x{69997}end$/);
  });

  it("answers 413 where such a body is longer than LimitRequestBody", async () => {
    const front = await pair(replies("X-A: 1\r\n\r\nok"), `LimitRequestBody 100000\n${toBackEnd}`);
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const text = await front.send(`${request("POST /in/x", "Transfer-Encoding: chunked")}${chunk}${chunk}0\r\n\r\n`);
    expect(text).to.match(/^HTTP\/1\.1 413 /);
    expect(front.backEnd.received()).to.equal("");
  });
});
