// Responses as no good back end sends them, by mod_proxy_http of both servers: what the client gets.
import type { Case, Suite } from "./harness.js";
import { serveRaw } from "./raw-server.js";

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
DocumentRoot "@ROOT@/htdocs"
ProxyPass / unix:@ROOT@/raw.sock|http://raw.test/
`;

const ok = "HTTP/1.1 200 OK\r\n";

/** What the back end says on a path, and whether it ends the connection behind it. */
const responses: Readonly<Record<string, readonly [text: string, ends: boolean]>> = {
  plain: [`${ok}Content-Length: 2\r\n\r\nok`, false],
  "up-to-the-end": [`${ok}X-A: 1\r\n\r\nok`, true],
  chunks: [`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, false],
  "chunks-with-extensions": [`${ok}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0;c\r\n\r\n`, false],
  repeated: [`${ok}Set-Cookie: a=1\r\nX-A: 1\r\nSet-Cookie: b=2\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n`, false],
  "hop-by-hop": [
    `${ok}Connection: X-Own, keep-alive\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\nTE: x\r\nX-Stays: 1\r\nContent-Length: 0\r\n\r\n`,
    false,
  ],
  "a-reason": ["HTTP/1.1 200 Very Well\r\nContent-Length: 0\r\n\r\n", false],
  "no-reason": ["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false],
  "a-teapot": ["HTTP/1.1 418 I'm a Teapot\r\nContent-Length: 0\r\n\r\n", false],
  "an-unknown-status": ["HTTP/1.1 299 Own\r\nContent-Length: 0\r\n\r\n", false],
  "version-1.0": ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true],
  interim: [`HTTP/1.1 102 Processing\r\n\r\n${ok}Content-Length: 2\r\n\r\nok`, false],
  "early-hints": [
    `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${ok}Content-Length: 2\r\n\r\nok`,
    false,
  ],
  "line-feeds-alone": ["HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nok", false],
  "a-folded-length": [`${ok}Content-Length:\r\n 2\r\n\r\nok`, false],
  "blanks-around-a-value": [`${ok}X-A: \t 1 \t\r\nContent-Length: 2\r\n\r\nok`, false],
  "a-blank-before-the-colon": [`${ok}X-A : 1\r\nContent-Length: 2\r\n\r\nok`, true],
  "the-same-length-twice": [`${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, true],
  "a-coding-that-is-not-chunked": [`${ok}Transfer-Encoding: gzip\r\n\r\nok`, true],
  "a-chunk-of-too-many-digits": [`${ok}Transfer-Encoding: chunked\r\n\r\n00000000000000002\r\nok\r\n0\r\n\r\n`, true],
  "a-later-minor-version": ["HTTP/1.9 200 OK\r\nContent-Length: 2\r\n\r\nok", false],
  "another-major-version": ["HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true],
  "a-status-of-two-digits": ["HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok", true],
  "more-behind-its-length": [`${ok}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n`, false],
  trailers: [`${ok}Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n`, false],
  "no-content": ["HTTP/1.1 204 No Content\r\n\r\n", false],
  "not-modified": ['HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', false],
  nothing: ["", true],
  garbage: ["hello\r\n\r\n", true],
  "half-a-head": [`${ok}X-A: 1\r\n`, true],
  "no-field": [`${ok}nonsense\r\nContent-Length: 2\r\n\r\nok`, true],
  "a-control-in-a-field": [`${ok}X-A: a\x01b\r\nContent-Length: 2\r\n\r\nok`, true],
  "two-lengths": [`${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`, true],
  "a-bad-length": [`${ok}Content-Length: 2x\r\n\r\nok`, true],
  "a-negative-length": [`${ok}Content-Length: -2\r\n\r\nok`, true],
  "length-and-chunks": [`${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`, true],
  "a-folded-field": [`${ok}X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n`, false],
  "an-early-end": [`${ok}Content-Length: 10\r\n\r\nhalf`, true],
  "an-early-end-of-chunks": [`${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, true],
  "a-bad-chunk": [`${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n`, true],
};

/** Where the two servers differ, and why. */
const differences: Readonly<Record<string, string>> = {
  "a-blank-before-the-colon": "a field that may not be passed on is the back end's fault",
  "a-coding-that-is-not-chunked": "refused; Apache passes on what it cannot decode as if it were plain",
  "another-major-version": "the page does not say why",
  "a-status-of-two-digits": "what is no HTTP is refused; Apache takes it for HTTP/0.9",
  "a-bad-chunk": "refused, as nothing has been sent yet; Apache breaks off",
  garbage: "what is no HTTP is refused; Apache takes it for HTTP/0.9",
  "half-a-head": "the page says why",
  "a-control-in-a-field": "a field that may not be passed on is the back end's fault",
  "two-lengths": "refused; Apache takes the first",
  "a-bad-length": "the page has a length",
  "a-negative-length": "the page has a length",
};

const cases: readonly Case[] = Object.keys(responses).map((name): Case => {
  const differs = differences[name];
  return { name: name.replaceAll("-", " "), target: `/${name}`, ...(differs === undefined ? {} : { differs }) };
});

/** Says what is said on the path of each request without a body. */
function startRaw(root: string): Promise<{ end(): Promise<void> }> {
  return serveRaw(`${root}/raw.sock`, (socket) => {
    let received = "";
    socket.on("data", (bytes: Buffer) => {
      received += bytes.toString("latin1");
      for (let end = received.indexOf("\r\n\r\n"); end >= 0; end = received.indexOf("\r\n\r\n")) {
        const name = /^[A-Z]+ \/([^ ?]*)/.exec(received)?.[1] ?? "";
        received = received.slice(end + 4);
        const [text, ends] = responses[name] ?? ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false];
        if (ends) socket.end(text, "latin1");
        else socket.write(text, "latin1");
      }
    });
  });
}

export const suite: Suite = {
  name: "responses of back ends",
  configuration,
  files: { "htdocs/x": "x" },
  cases,
  beside: startRaw,
};
