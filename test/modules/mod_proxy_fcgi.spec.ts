import { expect } from "chai";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingForPhp, startPhpFpm } from "../support/php-fpm.js";
import { until, type Running } from "../support/running.js";
import { faultsOf } from "../support/ask.js";
import { closeAll, closing, pair, request, startBackEnd, startFront, type Accepted } from "./mod_proxy/front.js";

/** Records of FastCGI: type and content. */
function recordsOf(text: string): (readonly [number, string])[] {
  const records: (readonly [number, string])[] = [];
  for (let at = 0; at + 8 <= text.length;) {
    const length = text.charCodeAt(at + 4) * 256 + text.charCodeAt(at + 5);
    records.push([text.charCodeAt(at + 1), text.slice(at + 8, at + 8 + length)]);
    at += 8 + length + text.charCodeAt(at + 6);
  }
  return records;
}

function record(type: number, content: string, padding = 0): string {
  const { length } = content;
  return `${String.fromCharCode(1, type, 0, 1, length >> 8, length & 255, padding, 0)}${content}${"\0".repeat(padding)}`;
}

const end = record(3, "\0".repeat(8));
const whole = record(6, "Content-Type: text/plain\r\n\r\nhello") + record(6, "") + end;

/** Replies to each request that has been sent to its end (an empty record of standard input). */
function replies(text: string, then: "keep" | "end" = "keep"): (connection: Accepted) => void {
  const answered = new WeakMap<Accepted, number>();
  return (connection) => {
    const heard = recordsOf(connection.received).filter(([type, content]) => type === 5 && content === "").length;
    for (let count = answered.get(connection) ?? 0; count < heard; count++) connection.socket.write(text, "latin1");
    answered.set(connection, heard);
    if (heard > 0 && then === "end") connection.socket.end();
  };
}

const toBackEnd = "ProxyPass / fcgi://127.0.0.1:@PORT@/srv/";

/** What the back end does with a request, and what the client gets; "<reset>" or nothing behind what is broken off. */
const answers: readonly (readonly [string, string, RegExp])[] = [
  ["a body", whole, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/],
  [
    "records with padding",
    record(6, "X-A: 1\r\n\r\n", 3) + record(6, "hi", 255) + end,
    /X-A: 1\r\n[^]*2\r\nhi\r\n0\r\n\r\n$/,
  ],
  ["a head in two records", record(6, "X-A: 1\r") + record(6, "\n\r\nhi") + end, /X-A: 1\r\n[^]*2\r\nhi\r\n0\r\n\r\n$/],
  ["no body", record(6, "Status: 404 Gone Missing\n\n") + end, /^HTTP\/1\.1 404 Gone Missing\r\n[^]*Content-Length: 0/],
  ["a head that is none", record(6, "nonsense\r\n\r\n") + end, /^HTTP\/1\.1 500 /],
  ["nothing at all", end, /^HTTP\/1\.1 500 /],
  ["half a head", record(6, "X-A: 1\r\n") + end, /^HTTP\/1\.1 500 /],
  ["another version", `\x02${whole.slice(1)}`, /^HTTP\/1\.1 503 /],
  ["another request", `\x01\x06\0\x07\0\0\0\0`, /^HTTP\/1\.1 503 /],
  ["that it is overloaded", record(3, "\0\0\0\0\x02\0\0\0"), /^HTTP\/1\.1 503 /],
  ["a record of another type", record(11, "x") + whole, /5\r\nhello\r\n0\r\n\r\n$/],
  ["an unsafe field", record(6, "X-A: a\x01b\r\n\r\nhi") + end, /^HTTP\/1\.1 500 /],
  ["HTTP", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", /^HTTP\/1\.1 503 /],
];

describe("mod_proxy_fcgi", () => {
  afterEach(closeAll);

  for (const [what, text, expected] of answers) {
    it(`answers where the back end says ${what}`, async () => {
      const { send } = await pair(replies(text), toBackEnd);
      expect(await send(request("GET /x"))).to.match(expected);
    });
  }

  it("sends the request, its variables and its body in records", async () => {
    const { send, backEnd } = await pair(replies(whole), toBackEnd);
    await send(`${request("POST /a%20b.php?q=1", "Content-Length: 5", "Proxy: http://bad/")}hello`);
    const [begin, params, paramsEnd, body, bodyEnd] = recordsOf(backEnd.received());
    expect(begin).to.deep.equal([1, "\0\x01\0\0\0\0\0\0"]);
    expect(params?.[1]).to.include("SCRIPT_FILENAMEproxy:fcgi://127.0.0.1:").and.include("/srv/a%20b.php");
    expect(params?.[1]).to.include("QUERY_STRINGq=1").and.include("CONTENT_LENGTH5").and.not.include("HTTP_PROXY");
    expect([paramsEnd, body, bodyEnd]).to.deep.equal([
      [4, ""],
      [5, "hello"],
      [5, ""],
    ]);
  });

  it("keeps long variables whole", async () => {
    const { send, backEnd } = await pair(replies(whole), `LimitRequestFieldSize 100000\n${toBackEnd}`);
    await send(request("GET /x", `X-Long: ${"a".repeat(20_000)}`, `X-Other: ${"b".repeat(7_000)}`));
    const params = recordsOf(backEnd.received()).filter(([type]) => type === 4);
    expect(params.some(([, content]) => content.includes("a".repeat(20_000)))).to.equal(true);
    expect(params.some(([, content]) => content.includes("b".repeat(7_000)))).to.equal(true);
    expect(params.length).to.be.at.least(3);
  });

  it("uses a connection once, unless enablereuse asks for more", async () => {
    const once = await pair(replies(whole), toBackEnd);
    await once.send(request("GET /1"));
    await once.send(request("GET /2"));
    expect(once.backEnd.connections.length).to.equal(2);
    const kept = await pair(replies(whole), `${toBackEnd} enablereuse=on`);
    expect(await kept.send(request("GET /1"))).to.match(/hello/);
    expect(await kept.send(`${request("POST /2", "Content-Length: 2")}hi`)).to.match(/hello/);
    expect(kept.backEnd.connections.length).to.equal(1);
    expect(recordsOf(kept.backEnd.received())[0]).to.deep.equal([1, "\0\x01\x01\0\0\0\0\0"]);
  });

  it("asks once more over a new connection where a kept one has ended", async () => {
    let count = 0;
    const { send, backEnd } = await pair((connection) => {
      const heard = recordsOf(connection.received).filter(([type, content]) => type === 5 && content === "").length;
      // The second request on a connection is never answered.
      if (heard === 1 && ++count > 0) connection.socket.write(whole, "latin1");
      else if (heard === 2) connection.socket.destroy();
    }, `${toBackEnd} enablereuse=on`);
    await send(request("GET /1"));
    expect(await send(request("GET /2"))).to.match(/hello/);
    expect(backEnd.connections.length).to.equal(2);
    expect(await send(`${request("POST /3", "Content-Length: 2")}hi`)).to.match(/^HTTP\/1\.1 503 /);
  });

  it("has at most max= requests under way, and lets others wait for acquire=", async () => {
    const { open, backEnd } = await pair(() => undefined, `${toBackEnd} max=1 acquire=50`);
    open().socket.write(request("GET /1"));
    await until("the first has come", () => backEnd.received() !== "");
    const second = open();
    second.socket.write(request("GET /2"));
    await until("the second is refused", () => second.hasEnded());
    expect(second.received()).to.match(/^HTTP\/1\.1 503 /);
    expect(backEnd.connections.length).to.equal(1);
  });

  it("answers 503 where nobody listens and 504 where nobody answers", async () => {
    const gone = await startBackEnd(() => undefined);
    gone.close();
    const front = closing(await startFront(`ProxyPass / fcgi://127.0.0.1:${gone.port}/`));
    expect(await front.send(request("GET /"))).to.match(/^HTTP\/1\.1 503 /);
    const { send } = await pair(() => undefined, `${toBackEnd} timeout=1`);
    expect(await send(request("GET /"))).to.match(/^HTTP\/1\.1 504 /);
  });

  it("breaks off what the back end breaks off", async () => {
    const { send } = await pair(replies(record(6, "X-A: 1\r\n\r\nhalf of it"), "end"), toBackEnd);
    const text = await send(request("GET /x"));
    expect(text)
      .to.include("half of it")
      .and.not.match(/\r\n0\r\n\r\n$/);
  });

  it("logs what the back end writes to its standard error", async () => {
    const { send, log } = await pair(replies(record(7, "PHP message: oops\nmore") + whole), toBackEnd);
    await send(request("GET /x"));
    expect(log.map(({ message }) => message)).to.include("AH01071: Got error 'PHP message: oops\nmore'");
  });

  it("ends the back end's connection where the client leaves", async () => {
    const { open, backEnd } = await pair(() => undefined, toBackEnd);
    const talk = open();
    talk.socket.write(request("GET /x"));
    await until("the request has come", () => backEnd.received() !== "");
    talk.socket.resetAndDestroy();
    await until("the connection is closed", () => backEnd.connections[0]?.hasClosed === true);
  });

  it("answers before the whole body has come, and keeps no connection then", async () => {
    const { send, backEnd } = await pair((connection) => {
      if (connection.received !== "") connection.socket.write(whole, "latin1");
    }, `${toBackEnd} enablereuse=on`);
    expect(await send(`${request("POST /x", "Content-Length: 100000")}only the beginning`)).to.match(/hello/);
    await until("the connection is closed", () => backEnd.connections[0]?.hasClosed === true);
  });

  it("refuses a variable without a name", () => {
    expect(faultsOf("ProxyFCGISetEnvIf true !").errors).to.deep.equal([
      '1: ProxyFCGISetEnvIf: needs the name of a variable behind "!"',
    ]);
  });
});

describe("mod_proxy_fcgi in front of PHP-FPM", function () {
  this.timeout(60_000);
  let folder = "";
  let php: Running | undefined;

  before(async function () {
    const missing = missingForPhp();
    if (missing !== undefined) {
      if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; missing: ${missing}`);
      console.log(`      skipped, missing: ${missing}`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "modhost-php-"));
    chmodSync(folder, 0o777);
    mkdirSync(`${folder}/site`);
    for (const [name, text] of Object.entries(scripts)) writeFileSync(`${folder}/site/${name}`, `<?php\n${text}`);
    php = await startPhpFpm(folder);
  });
  after(async () => {
    await php?.end();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });
  afterEach(closeAll);

  const front = async (more = "") =>
    closing(
      await startFront(
        `DocumentRoot ${folder}/site\nDirectoryIndex index.php\n<FilesMatch "\\.php$">\n` +
          `SetHandler "proxy:unix:${folder}/php.sock|fcgi://localhost"\n</FilesMatch>\n<Directory ${folder}/site>\nRequire all granted\n</Directory>\n${more}`,
      ),
    );

  it("serves a site of scripts and files", async () => {
    const { send } = await front();
    expect(await send(request("GET /"))).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*the index of \/index\.php/);
    expect(
      await send(
        `${request("POST /form.php", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 9")}name=Anna`,
      ),
    ).to.match(/Hello Anna/);
    expect(await send(request("GET /none.php"))).to.match(/^HTTP\/1\.1 404 /);
  });

  it("passes on what a script writes while it runs", async () => {
    const { open } = await front();
    const talk = open();
    talk.socket.write(request(`GET /slowly.php?wait=${folder}/go`));
    await until("the first part is there", () => talk.received().includes("first"));
    expect(talk.received()).to.not.include("second");
    writeFileSync(`${folder}/go`, "");
    await until("all is there", () => talk.hasEnded());
    expect(talk.received()).to.match(/second\r\n0\r\n\r\n$/);
  });

  it("takes large bodies and gives large responses", async () => {
    const { send } = await front();
    const body = "0123456789".repeat(300_000);
    expect(await send(`${request("POST /length.php", `Content-Length: ${body.length}`)}${body}`)).to.include(
      "3000000 bytes",
    );
    const text = await send(request("GET /large.php"));
    expect(text.length).to.be.above(5_000_000);
    expect(text).to.match(/\r\n0\r\n\r\n$/);
  });

  it("keeps connections, more requests than children included", async () => {
    const { send } = await front(
      `<Proxy "unix:${folder}/php.sock|fcgi://localhost">\nProxySet enablereuse=on max=2\n</Proxy>`,
    );
    const texts = await Promise.all(Array.from({ length: 20 }, () => send(request("GET /index.php"))));
    expect(texts.every((text) => text.startsWith("HTTP/1.1 200"))).to.equal(true);
  });

  it("ends a script whose client has left", async () => {
    const { open } = await front();
    const talk = open();
    talk.socket.write(request(`GET /endless.php?mark=${folder}/ended`));
    await until("it writes", () => talk.received().includes("and on"));
    talk.socket.resetAndDestroy();
    await until("the script has been ended", () => existsSync(`${folder}/ended`));
  });
});

const scripts = {
  "index.php": 'echo "the index of ", $_SERVER["SCRIPT_NAME"];',
  "form.php": 'echo "Hello ", $_POST["name"];',
  "length.php": 'echo strlen(file_get_contents("php://input")), " bytes";',
  "large.php": 'for ($i = 0; $i < 500; $i++) echo str_repeat("x", 10000);',
  "slowly.php":
    'echo "first"; flush(); while (!file_exists($_GET["wait"])) { clearstatcache(); usleep(10000); } echo "second";',
  "endless.php":
    'register_shutdown_function(function () { touch($_GET["mark"]); }); while (true) { echo "and on"; flush(); usleep(10000); }',
};
