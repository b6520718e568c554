import { expect } from "chai";
import { PassThrough, Readable } from "node:stream";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixture, until } from "../support/daemon-groups.js";
import { bodyOf, PythonPool, requestFor, type RequestOptions } from "../support/python-pool.js";
import type { DaemonClient } from "../../src/process/daemon-client.js";

describe("a Python daemon", () => {
  let pool: PythonPool;
  let client: DaemonClient;

  async function send(options: RequestOptions) {
    const { call, request, logs } = requestFor(options);
    const response = await client.run(call, request);
    return { response, logs };
  }

  async function text(options: RequestOptions): Promise<string> {
    const { response } = await send(options);
    expect(response.status).to.equal(200);
    return (await bodyOf(response)).toString();
  }

  before(async () => {
    pool = new PythonPool();
    await pool.start();
    client = pool.client();
  });

  after(() => pool.stop());

  describe("reads a body", () => {
    const lines = "first\nsecond line\n\nlast";
    const rows: readonly [path: string, body: string, expected: string][] = [
      ["/read-all", lines, lines],
      ["/read-all", "", ""],
      ["/read-sized?4", "abcdefghij", "abcd|efgh|ij"],
      ["/read-line", lines, "first\n|second line\n|\n|last"],
      ["/read-line-sized?7", lines, "first\n|second |line\n|\n|last"],
      ["/read-lines", lines, "first\n|second line\n|\n|last+"],
      ["/read-lines?7", lines, "first\n|second line\n+\nlast"],
      ["/iterate", lines, "first\n|second line\n|\n|last"],
      ["/mixed", lines, "fir|st\n|se||cond line\n\nlast||"],
    ];
    for (const [path, body, expected] of rows) {
      it(`with ${path} of ${body.length} bytes that have arrived`, async () => {
        expect(await text({ method: "POST", path, body: Buffer.from(body) })).to.equal(expected);
      });
      if (body === "") continue;
      it(`with ${path} of ${body.length} bytes that come one by one`, async () => {
        const stream = Readable.from([...body].map((letter) => Buffer.from(letter)));
        expect(await text({ method: "POST", path, body: stream, length: body.length })).to.equal(expected);
      });
    }

    it("of three megabytes, and answers with them", async () => {
      const big = Buffer.alloc(3_000_000, "0123456789");
      const { response } = await send({
        method: "POST",
        path: "/read-all",
        body: Readable.from(piecesOf(big)),
        length: big.length,
      });
      expect((await bodyOf(response)).equals(big)).to.equal(true);
    });

    it("without a length", async () => {
      expect(
        await text({ method: "POST", path: "/read-all", body: Readable.from([Buffer.from("ab"), Buffer.from("c")]) }),
      ).to.equal("abc");
    });

    it("only when the application asks for it", async () => {
      let asked = false;
      const body = new Readable({ read: () => void (asked = true) });
      expect(await text({ method: "POST", path: "/gather", body, length: 9 })).to.equal("one two three");
      expect(asked).to.equal(false);
    });
  });

  describe("answers", () => {
    it("with a list in one piece", async () => {
      const { response } = await send({ path: "/list-result" });
      expect(response.body).to.be.instanceOf(Buffer);
      expect(String(await bodyOf(response))).to.equal("one two three");
      expect([...response.headers]).to.deep.equal([["Content-Type", "text/plain"]]);
      expect(response).to.include({ reason: "OK", unsized: true });
    });

    it("with a tuple, with nothing, with write()", async () => {
      expect(await text({ path: "/tuple-result" })).to.equal("one two");
      expect(await text({ path: "/empty" })).to.equal("");
      expect(await text({ path: "/with-write" })).to.equal("written twice and returned");
    });

    it("item by item, each before the next is asked for", async () => {
      const body = new PassThrough();
      const { response } = await send({ method: "POST", path: "/ping-pong", body });
      const items = (response.body as Readable)[Symbol.asyncIterator]();
      const next = async () => String((await items.next()).value as Buffer | undefined);
      expect(await next()).to.equal("hello\n");
      body.write("one\n");
      expect(await next()).to.equal("got one\n");
      body.write("two\n");
      expect(await next()).to.equal("got two\n");
      body.end();
      expect((await items.next()).done).to.equal(true);
    });

    it("anew, with exc_info, as long as nothing was sent", async () => {
      const { response } = await send({ path: "/replaced" });
      expect(response.status).to.equal(503);
      expect(response.reason).to.equal("Sorry");
      expect(String(await bodyOf(response))).to.equal("sorry");
    });

    it("with no more than Content-Length says", async () => {
      expect(await text({ path: "/surplus" })).to.equal("123");
    });

    it("with five megabytes to an upload of three that it does not read", async () => {
      for (const path of ["/big", "/big-list"]) {
        const body = new Readable({
          read() {
            this.push(Buffer.alloc(65536));
          },
        });
        const { response } = await send({ method: "POST", path, body, length: 3_000_000 });
        expect((await bodyOf(response)).length).to.equal(5_000_000);
      }
    });

    it("and leaves the rest of an upload that it has begun to read", async () => {
      const body = new Readable({
        read() {
          this.push(Buffer.alloc(65536, "r"));
        },
      });
      expect(await text({ method: "POST", path: "/reads-a-little", body, length: 3_000_000 })).to.equal("rrrrrrrrrr");
      await until(() => body.destroyed);
      expect(await text({ path: "/gather" })).to.equal("one two three");
    });
  });

  describe("fails with 500 and a traceback in the log", () => {
    const reasons: Readonly<Record<string, string>> = {
      "/fails": "ValueError: on purpose",
      "/fails-started": "ValueError: on purpose",
      "/fails-in-first": "ValueError: on purpose",
      "/exits": "SystemExit: 3",
      "/status-type": "TypeError: expected str object for status, value of type bytes found",
      "/status-letters": "ValueError: status code is not a 3 digit integer",
      "/status-low": "ValueError: status line '100 Continue' is not",
      "/status-control": "ValueError: status line '200 O\\nK' is not",
      "/headers-tuple": "TypeError: start_response() argument 2 must be list, not tuple",
      "/header-list": "TypeError: list of tuple values expected, value of type list found",
      "/header-name-type": "TypeError: expected str object for header name, value of type bytes found",
      "/header-value-type": "TypeError: expected str object for header value, value of type int found",
      "/header-name-blank": "ValueError: space character present in header name",
      "/header-name-colon": "ValueError: header name 'A:'",
      "/header-name-empty": "ValueError: header name ''",
      "/header-value-newline": "ValueError: carriage return/line feed character present in header value",
      "/header-value-nul": "ValueError: control character present in header value",
      "/header-value-wide": "ValueError: status and headers must be encodable as ISO-8859-1",
      "/hop-by-hop": "ValueError: header 'Transfer-Encoding' belongs to the connection",
      "/content-length": "ValueError: invalid content length",
      "/returns-none": "TypeError: 'NoneType' object is not iterable",
      "/returns-bytes": "TypeError: sequence of byte string values expected, value of type int found",
      "/returns-str": "TypeError: sequence of byte string values expected, value of type str found",
      "/returns-list-of-str": "TypeError: sequence of byte string values expected, value of type str found",
      "/never-starts": "RuntimeError: response has not been started",
      "/never-starts-empty": "RuntimeError: response has not been started",
      "/short-list": "ValueError: the response has 1 bytes, fewer than its content length of 9",
      "/file-too-short": "ValueError: the file holds",
      "/closing-bad-item": "TypeError: sequence of byte string values expected, value of type str found",
    };
    for (const [path, reason] of Object.entries(reasons)) {
      it(path, async () => {
        const { response, logs } = await send({ path });
        expect(response.status).to.equal(500);
        expect(response.failure).to.deep.equal({});
        expect(logs.join("\n")).to.contain(`error: ${reason}`);
        expect(logs.join("\n")).not.to.contain("modhost_wsgi");
        expect(logs[path === "/closing-bad-item" ? 1 : 0]).to.match(
          /^error: mod_wsgi \(pid=\d+\): (Exception|SystemExit exception) /,
        );
      });
    }
  });

  describe("breaks the response off", () => {
    for (const [path, reason] of [
      ["/fails-in-middle", "ValueError: on purpose"],
      ["/short", "ValueError: the response has 5 bytes, fewer than its content length of 10"],
      ["/replaced-late", "ValueError: too late"],
    ] as const) {
      it(`for ${path}`, async () => {
        const body = new PassThrough();
        const { call, request, logs } = requestFor({ method: "POST", path, body });
        const response = await client.run(call, request);
        if (response.status === 200) {
          const complete = bodyOf(response).then(
            () => true,
            () => false,
          );
          body.end("go\n");
          expect(await complete).to.equal(false);
        }
        expect(logs.join("\n")).to.contain(reason);
      });
    }
  });

  describe("closes an iterable once", () => {
    it("at its end", async () => {
      const { response, logs } = await send({ path: "/closing" });
      expect(String(await bodyOf(response))).to.equal("ab");
      expect(logs).to.deep.equal(["error: closed"]);
    });

    it("and logs what goes wrong then, no more", async () => {
      const { response, logs } = await send({ path: "/closing-fails" });
      expect(String(await bodyOf(response))).to.equal("ab");
      expect(logs[0]).to.equal("error: closed");
      expect(logs.join("\n")).to.contain("ValueError: in close");
    });

    it("after an error", async () => {
      const { logs } = await send({ path: "/closing-bad-item" });
      expect(logs.filter((line) => line === "error: closed")).to.have.length(1);
    });
  });

  it("writes what is logged and printed to the request's log, line by line", async () => {
    const { logs } = await send({ path: "/logs" });
    expect(logs).to.deep.equal(
      ["one", "two", "three", "four", "printed", "printed too"].map((line) => `error: ${line}`),
    );
  });

  it("takes what is logged after the request to the process's log", async () => {
    await send({ path: "/late-log" });
    await until(
      () => pool.daemons[0]?.said.some((message) => message.type === "log" && message.message === "too late") ?? false,
    );
  });

  it("ignores an application's signal handlers, and says so", async () => {
    await text({ path: "/sets-signal" });
    await until(
      () =>
        pool.daemons[0]?.said.some(
          (message) => message.type === "log" && message.message.includes("signal 15 ignored"),
        ) ?? false,
    );
  });

  it("lets applications fork", async () => {
    expect(await text({ path: "/forks" })).to.equal("0");
    expect(await text({ path: "/forks" })).to.equal("0");
    await until(() => pool.daemons[0]?.errors === "from the child\n".repeat(2));
  });

  it("makes the environ of mod_wsgi", async () => {
    const environ = { HTTPS: "On", SCRIPT_FILENAME: "/t\xc3\xa4st", HTTP_X: "\xe4", "mod_wsgi.application_group": "" };
    const found = JSON.parse(await text({ path: "/dump?a=b", environ })) as Record<string, unknown>;
    expect(found).to.deep.include({
      REQUEST_METHOD: "GET",
      QUERY_STRING: "a=b",
      SCRIPT_FILENAME: "/täst",
      HTTP_X: "\xe4",
      "wsgi.version": [1, 0],
      "wsgi.url_scheme": "https",
      "wsgi.multithread": true,
      "wsgi.multiprocess": false,
      "wsgi.run_once": false,
      "wsgi.input_terminated": true,
      "apache.version": [2, 4, 71],
      "mod_wsgi.version": [6, 0, 5],
      "mod_wsgi.process_group": "test",
      "mod_wsgi.request_start": 1_700_000_000.25,
      "has file_wrapper": true,
      "sys.argv": ["mod_wsgi"],
      cwd: realpathSync(pool.folder),
      __file__: fixture("styles.wsgi"),
      module: [[6, 0, 5], "test", "", 1, 3],
    });
    expect(found).not.to.have.property("HTTPS");
    expect(found["__name__"]).to.match(/^_mod_wsgi_[0-9a-f]{32}$/);
    expect(found["mod_wsgi.thread_id"]).to.be.within(1, 3);
    for (const name of ["queue_start", "daemon_start", "application_start"]) {
      expect(found[`mod_wsgi.${name}`]).to.be.closeTo(Date.now() / 1000, 60);
    }
    expect(found["sys.path"]).not.to.include(pool.folder).and.not.to.include("");
  });

  it("refuses an environ that a NUL has put out of order", async () => {
    expect((await send({ path: "/gather", environ: { HTTP_X: "a\0b" } })).response.status).to.equal(400);
    expect(await text({ path: "/gather" })).to.equal("one two three");
  });

  describe("sends a file", () => {
    const content = "0123456789".repeat(30_000);

    before(() => writeFileSync(join(pool.folder, "file"), content));

    it("from its position on, with its length", async () => {
      const { response } = await send({ path: `/file?${join(pool.folder, "file")}+299990` });
      expect(response.headers.get("content-length")).to.equal("10");
      expect(String(await bodyOf(response))).to.equal("0123456789");
    });

    it("by giving it to the worker, and is free while the client takes its time", async () => {
      const { response } = await send({ path: `/file?${join(pool.folder, "file")}+0` });
      await until(() => client.load.running === 0);
      expect(String(await bodyOf(response))).to.equal(content);
    });

    it("itself, if it has no name any more", async () => {
      const { response } = await send({ path: "/unlinked-file" });
      expect(response.headers.get("content-length")).to.equal("6");
      expect(String(await bodyOf(response))).to.equal("a name");
    });

    it("itself, to a worker of another user", async () => {
      const other = pool.client(pool.state, { sharesAccount: false });
      const { call, request } = requestFor({ path: `/file?${join(pool.folder, "file")}+5` });
      expect(String(await bodyOf(await other.run(call, request)))).to.equal(content.slice(5));
    });

    it("without its content for HEAD", async () => {
      const { response } = await send({ method: "HEAD", path: `/file?${join(pool.folder, "file")}+0` });
      expect(response.headers.get("content-length")).to.equal("300000");
      expect((await bodyOf(response)).length).to.equal(0);
    });

    it("block by block, if it only looks like one", async () => {
      expect(await text({ path: "/file-like" })).to.equal("in memory");
    });
  });

  describe("loads a script", () => {
    function script(name: string, content: string): string {
      const path = join(pool.folder, name);
      writeFileSync(path, content);
      return path;
    }

    it("once, and says what is missing in it", async () => {
      const path = script("none.wsgi", "print('loaded')\n");
      const first = await send({ script: path });
      expect(first.response.status).to.equal(500);
      expect(first.logs[0]).to.equal("error: loaded");
      expect(first.logs[1]).to.match(
        /^error: mod_wsgi \(pid=\d+\): Target WSGI script '.*none.wsgi' does not contain WSGI application 'application'.$/,
      );
      expect((await send({ script: path })).logs).to.have.length(1);
    });

    for (const [what, content, expected] of [
      ["raises", "print('run')\nraise ValueError('at import')\n", "ValueError: at import"],
      ["has an error of syntax", "def (\n", "SyntaxError: invalid syntax"],
      ["exits", "print('run')\nraise SystemExit(2)\n", "SystemExit: 2"],
    ] as const) {
      it(`that ${what}: 500 for each request, without running it again until it has changed`, async () => {
        const path = script(`${what.replaceAll(" ", "-")}.wsgi`, content);
        for (let i = 0; i < 2; i++) {
          const { response, logs } = await send({ script: path });
          expect(response.status).to.equal(500);
          expect(logs.join("\n")).to.contain(`error: ${expected}`);
          if (i > 0) expect(logs).not.to.include("error: run");
        }
        writeFileSync(path, "def application(e, s):\n    s('200 OK', [])\n    return [b'repaired']\n");
        expect(await text({ script: path })).to.equal("repaired");
      });
    }

    it("that is not there: 500", async () => {
      const { response, logs } = await send({ script: join(pool.folder, "nowhere.wsgi") });
      expect(response.status).to.equal(500);
      expect(logs[0]).to.contain("Could not read/compile source file");
    });
  });

  it("applies the options of its group", async () => {
    const other = new PythonPool();
    try {
      const home = join(other.folder, "home");
      for (const name of ["home", "first", "second", "pth"]) mkdirSync(join(other.folder, name));
      writeFileSync(join(other.folder, "second", "x.pth"), `${join(other.folder, "pth")}\n`);
      const paths = ["first", "second"].map((name) => join(other.folder, name));
      await other.start({
        home,
        pythonPath: paths,
        umask: 0o27,
        displayName: "%{GROUP}",
        threads: 1,
        multiprocess: true,
      });
      const { call, request } = requestFor({ path: "/dump" });
      const found = JSON.parse(String(await bodyOf(await other.client().run(call, request)))) as Record<
        string,
        unknown
      >;
      expect(found).to.include({
        cwd: realpathSync(home),
        umask: 0o27,
        "wsgi.multithread": false,
        "wsgi.multiprocess": true,
      });
      expect((found["sys.path"] as string[]).slice(0, 4)).to.deep.equal([home, ...paths, join(other.folder, "pth")]);
    } finally {
      await other.stop();
    }
  });
});

function piecesOf(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 50_000) pieces.push(bytes.subarray(at, at + 50_000));
  return pieces;
}
