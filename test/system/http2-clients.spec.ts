// nghttp, h2load and curl as clients of HTTP/2 → what they say of files, applications and back ends.
import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfSigned } from "../conformance/certificates.js";
import { needPython } from "../support/debian.js";
import { startLetter, type Letter } from "../support/letters.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { freePorts } from "../support/running.js";
import { runToEnd } from "../support/tool.js";
import { skipWithout } from "../conformance/servers.js";

const pair = selfSigned("/CN=localhost");
const upload = randomBytes(700_000).toString("base64");
const sum = createHash("sha256").update(upload).digest("hex");

const echo = `import hashlib
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    words = [environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"], str(len(body)), hashlib.sha256(body).hexdigest()]
    text = (" ".join(words) + "\\n").encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]
`;

const programs: Readonly<Record<string, string>> = {
  "/usr/bin/nghttp": "nghttp2-client",
  "/usr/bin/h2load": "nghttp2-client",
  "/usr/bin/curl": "curl",
};

interface Row {
  readonly name: string;
  readonly args: readonly string[];
  readonly path: string;
  readonly tls?: boolean;
  readonly says: readonly RegExp[];
}

const status200 = /:status: 200/;
const hasEnded = /recv DATA frame <length=\d+, flags=0x01|recv DATA frame <length=0, flags=0x01/;
const echoed = new RegExp(`POST HTTP/2.0 ${upload.length} ${sum}`);
const body = ["-d", "@ROOT@/upload"];

const nghttp: readonly Row[] = [
  { name: "prior knowledge", args: ["-nv"], path: "/text.txt", says: [status200, hasEnded] },
  {
    name: "an upgrade",
    args: ["-nvu"],
    path: "/text.txt",
    says: [/HTTP\/1\.1 101 Switching Protocols/, /stream_id=1\) :status: 200/, hasEnded],
  },
  {
    name: "an upgrade of an application",
    args: ["-vu"],
    path: "/daemon",
    says: [/101/, status200, /GET HTTP\/2\.0 0 /],
  },
  { name: "TLS", tls: true, args: ["-nv"], path: "/text.txt", says: [/negotiated protocol: h2/, status200, hasEnded] },
  {
    name: "two files by their weights",
    tls: true,
    args: ["-nv", "-p", "8", "-p", "256"],
    path: "/large.bin @SAME@/text.txt",
    says: [/weight=256/, /stream_id=13\) :status: 200/, /stream_id=15\) :status: 200/],
  },
  { name: "no priorities", args: ["-nv", "--no-dep"], path: "/text.txt", says: [status200] },
  { name: "a server without priorities", args: ["-nv", "--no-rfc7540-pri"], path: "/text.txt", says: [status200] },
  {
    name: "no push",
    tls: true,
    args: ["-nv", "--no-push"],
    path: "/linked.html",
    says: [/send SETTINGS[^]*ENABLE_PUSH\(0x02\):0/, status200, /link: <\/text.txt>; rel=preload/i],
  },
  {
    name: "early hints",
    tls: true,
    args: ["-nv"],
    path: "/linked.html",
    says: [/:status: 103[^]*:status: 200/],
  },
  { name: "files linked from a page", tls: true, args: ["-nva"], path: "/linked.html", says: [/:path: \/style\.css/] },
  {
    name: "many requests for one file",
    args: ["-nv", "-m", "50"],
    path: "/text.txt",
    says: [/stream_id=111\) :status: 200/],
  },
  {
    name: "a small window",
    tls: true,
    args: ["-ns", "-w", "10", "-W", "12"],
    path: "/large.bin",
    says: [/ 200 +2M? /],
  },
  { name: "padding", args: ["-v", "-b", "200", ...body], path: "/daemon", says: [status200, echoed] },
  {
    name: "a head in two frames",
    args: ["-nv", "--continuation"],
    path: "/text.txt",
    says: [/continuation-test-6: -/, status200],
  },
  { name: "tables of other sizes", args: ["-nv", "-c", "0", "-c", "8192"], path: "/text.txt", says: [status200] },
  { name: "a large frame", args: ["-nv", "-H", `x-large: ${"x".repeat(8000)}`], path: "/text.txt", says: [status200] },
  ...["/daemon", "/embedded", "/proxied"].flatMap((path) => [
    { name: `an upload to ${path}`, args: ["-v", ...body], path, says: [status200, echoed] },
    { name: `an encrypted upload to ${path}`, tls: true, args: ["-v", ...body], path, says: [status200, echoed] },
    {
      name: `an upload without a length to ${path}`,
      args: ["-v", "--no-content-length", ...body],
      path,
      says: [status200, echoed],
    },
    {
      name: `an upload that waits to ${path}`,
      args: ["-v", "--expect-continue", ...body],
      path,
      says: [/:status: 100[^]*send DATA[^]*:status: 200/, echoed],
    },
    {
      name: `an upload with trailers to ${path}`,
      tls: true,
      args: ["-v", "--trailer", "x-sum: nine", ...body],
      path,
      says: [/x-sum: nine[^]*:status: 200/, echoed],
    },
  ]),
];

const curl: readonly Row[] = [
  { name: "--http2 in the clear", args: ["--http2"], path: "/text.txt", says: [/101 Switching/, /HTTP\/2 200/] },
  {
    name: "--http2 for an upload",
    args: ["--http2", "-H", "Expect:", "--data-binary", "@@ROOT@/upload"],
    path: "/daemon",
    says: [/HTTP\/1\.1 200 OK/, /POST HTTP\/1\.1 /],
  },
  { name: "--http2-prior-knowledge", args: ["--http2-prior-knowledge"], path: "/text.txt", says: [/HTTP\/2 200/] },
  { name: "--http2 by ALPN", tls: true, args: ["--http2"], path: "/text.txt", says: [/HTTP\/2 200/] },
  { name: "--http1.1 by ALPN", tls: true, args: ["--http1.1"], path: "/text.txt", says: [/HTTP\/1\.1 200 OK/] },
  { name: "--no-alpn", tls: true, args: ["--no-alpn"], path: "/text.txt", says: [/HTTP\/1\.1 200 OK/] },
  {
    name: "-r",
    tls: true,
    args: ["-r", "1-2"],
    path: "/text.txt",
    says: [/HTTP\/2 206/, /content-range: bytes 1-2\/5/, /\r\n\r\nex$/],
  },
  { name: "-I", tls: true, args: ["-I"], path: "/text.txt", says: [/HTTP\/2 200/, /content-length: 5/] },
  ...["/daemon", "/embedded", "/proxied"].map((path) => ({
    name: `--http2-prior-knowledge for an upload to ${path}`,
    args: ["--http2-prior-knowledge", "--data-binary", "@@ROOT@/upload"],
    path,
    says: [/HTTP\/2 200/, echoed],
  })),
];

describe("a client of HTTP/2", function () {
  this.timeout(120_000);
  let served: ServedRoot;
  let back: Letter;
  let port = 0;

  before(async function () {
    const missing = Object.entries(programs).filter(([program]) => !existsSync(program));
    skipWithout(
      this,
      missing.length === 0 ? undefined : `apt-get install ${missing.map(([, name]) => name).join(" ")}`,
    );
    needPython(this);
    [port = 0] = await freePorts(1);
    back = await startLetter("", {
      before: async (request, response) => {
        const hash = createHash("sha256");
        let length = 0;
        for await (const chunk of request as AsyncIterable<Buffer>) {
          hash.update(chunk);
          length += chunk.length;
        }
        response.end(`${request.method} HTTP/2.0 ${length} ${hash.digest("hex")}\n`);
        return false;
      },
    });
    served = await serveModhost(
      `Listen 127.0.0.1:${port} https
Protocols h2 h2c http/1.1
H2EarlyHints On
WSGIChunkedRequest On
WSGIDaemonProcess apps processes=2 threads=5
WSGIScriptAlias /daemon @ROOT@/echo.wsgi process-group=apps application-group=%{GLOBAL}
WSGIScriptAlias /embedded @ROOT@/echo.wsgi application-group=%{GLOBAL}
<Directory @ROOT@>
  Require all granted
</Directory>
ProxyPass /proxied http://127.0.0.1:${back.port}/
<Location /linked.html>
  H2PushResource /text.txt
</Location>
<VirtualHost *:${port}>
  SSLEngine On
  SSLCertificateFile pair.pem
  SSLCertificateKeyFile pair.key
</VirtualHost>`,
      {
        files: {
          "htdocs/text.txt": "text\n",
          "htdocs/style.css": "p {}\n",
          "htdocs/linked.html": '<html><head><link rel="stylesheet" href="/style.css"></head></html>\n',
          "echo.wsgi": echo,
          "pair.pem": pair.cert,
          "pair.key": pair.key,
          upload,
        },
        modules: ["ssl", "http2", "wsgi", "proxy", "proxy_http"],
      },
    );
    writeFileSync(join(served.root, "htdocs/large.bin"), randomBytes(2 << 20));
  });
  after(async () => {
    await served?.end();
    await back?.stop();
  });

  const urlOf = ({ path, tls }: Pick<Row, "path" | "tls">): string[] => {
    const front = tls ? `https://127.0.0.1:${port}` : `http://127.0.0.1:${served.port}`;
    return `${front}${path}`.replaceAll("@SAME@", front).split(" ");
  };
  const filled = (args: readonly string[]): string[] => args.map((each) => each.replaceAll("@ROOT@", served.root));

  for (const row of nghttp) {
    it(`that is nghttp is content with ${row.name}`, async () => {
      const { status, out, err } = await runToEnd([
        "/usr/bin/nghttp",
        "-y",
        "--timeout=60",
        ...filled(row.args),
        ...urlOf(row),
      ]);
      for (const each of row.says) expect(out).to.match(each);
      expect(err).to.equal("");
      expect(out).to.not.match(/\[ERROR\]|RST_STREAM|INVALID|recv GOAWAY/);
      expect(status).to.equal(0);
    });
  }

  for (const row of curl) {
    it(`that is curl is content with ${row.name}`, async () => {
      const { status, out, err } = await runToEnd([
        "/usr/bin/curl",
        "-sSik",
        "--max-time",
        "60",
        ...filled(row.args),
        ...urlOf(row),
      ]);
      for (const each of row.says) expect(out).to.match(each);
      expect(err).to.equal("");
      expect(status).to.equal(0);
    });
  }

  for (const path of ["/text.txt", "/large.bin", "/daemon", "/embedded", "/proxied"]) {
    for (const tls of [true, false]) {
      it(`that is h2load has no request of ${path} fail${tls ? " over TLS" : ""}`, async () => {
        const count = path === "/large.bin" ? 60 : 600;
        const args = ["-n", String(count), "-c", "6", "-m", "20", ...urlOf({ path, tls })];
        const { status, out } = await runToEnd(["/usr/bin/h2load", ...args]);
        expect(out).to.contain(
          `requests: ${count} total, ${count} started, ${count} done, ${count} succeeded, 0 failed, 0 errored, 0 timeout`,
        );
        expect(out).to.contain(`status codes: ${count} 2xx, 0 3xx, 0 4xx, 0 5xx`);
        expect(status).to.equal(0);
      });
    }
  }

  it("that is h2load has no upload fail", async () => {
    for (const path of ["/daemon", "/embedded", "/proxied"]) {
      const args = ["-n", "40", "-c", "4", "-m", "5", "-d", join(served.root, "upload"), ...urlOf({ path, tls: true })];
      const { out } = await runToEnd(["/usr/bin/h2load", ...args]);
      expect(out).to.contain("40 succeeded, 0 failed, 0 errored, 0 timeout");
    }
    expect(readFileSync(join(served.root, "run/error.log"), "utf8")).to.not.match(/:(?:error|crit)\]/);
  });
});
