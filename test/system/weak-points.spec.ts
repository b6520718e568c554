// Rows of docs/why-modhost.md that no other test holds: connections after responses that are too short, imports beside each other, seeds.
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const application = `
import json, sys

class Short:
    """Sends a first piece at once, the rest never."""
    def __init__(self, pieces):
        self.pieces = pieces
    def __iter__(self):
        return self
    def __next__(self):
        if self.pieces:
            return self.pieces.pop(0)
        raise ValueError("no more")

def application(environ, start_response):
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/plain")]
    if path in ("/short", "/short-end"):
        headers.append(("Content-Length", "100"))
    if path.startswith("/fails"):
        environ["wsgi.input"].read(int(environ["QUERY_STRING"]))
        raise ValueError("before the end of the upload")
    start_response("200 OK", headers)
    if path == "/short-end":
        return iter([b"0123456789"])
    if path in ("/short", "/broken"):
        return Short([b"0123456789"])
    return [json.dumps({"random": sys.flags.hash_randomization, "hash": hash("a word")}).encode()]
`;

/** Says that it is being loaded, and loads until it is let go. */
const slowImport = `
import os, time
open("@NOTES@/loading", "w").close()
while not os.path.exists("@NOTES@/go"):
    time.sleep(0.01)

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"slow"]
`;

const configuration = `
WSGIPythonHashSeed random
WSGIDaemonProcess one threads=4
WSGIDaemonProcess two threads=4
WSGIScriptAlias /quick @ROOT@/quick.wsgi process-group=one application-group=%{GLOBAL}
WSGIScriptAlias /other @ROOT@/quick.wsgi process-group=two application-group=%{GLOBAL}
WSGIScriptAlias /inside @ROOT@/quick.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}
WSGIScriptAliasMatch ^/slow @ROOT@/slow.wsgi process-group=one application-group=%{GLOBAL}
<Directory @ROOT@>
    Require all granted
</Directory>
`;

describe("what is weak in mod_wsgi", function () {
  this.timeout(90_000);
  let served: ServedRoot;

  before(async function () {
    needPython(this);
    served = await serveModhost(configuration, { modules: ["wsgi"], files: { "quick.wsgi": application } });
  });
  after(() => (served as ServedRoot | undefined)?.end());

  /** What one connection brings for two requests that are sent together, until the server closes it. */
  const twice = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(served.port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1");
      socket.on("data", (more: string) => (text += more));
      socket.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNRESET") reject(error);
      });
      socket.on("close", () => resolve(text));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\nGET /quick HTTP/1.1\r\nHost: h\r\n\r\n`);
    });

  /** What one gets who sends 3 MB and reads nothing before that, until the server closes the connection. */
  const upload = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(served.port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1");
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
      socket.write(`POST ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n`);
      socket.write("x".repeat(3_000_000), () => socket.on("data", (more: string) => (text += more)));
    });

  for (const mount of ["/quick", "/inside"]) {
    for (const path of ["/short", "/short-end", "/broken"]) {
      it(`a response that breaks off is the last of its connection: ${mount}${path}`, async function () {
        if (mount === "/inside" && (await fetch(served.url("/inside"))).status === 503) return this.skip();
        const text = await twice(`${mount}${path}`);
        if (text.startsWith("HTTP/1.1 500")) {
          // Nothing had left yet: a whole refusal, after which the connection may go on.
          expect(text).to.not.include("0123456789");
          return;
        }
        expect(text).to.match(/^HTTP\/1\.1 200 OK/);
        expect(text.match(/HTTP\/1\.1/g)).to.have.length(1);
        // No last chunk.
        expect(text).to.not.match(/\r\n0\r\n\r\n$/);
      });
    }
  }

  for (const mount of ["/quick", "/inside"]) {
    it(`an application that fails while its upload comes gives a whole answer: ${mount}`, async function () {
      if (mount === "/inside" && (await fetch(served.url("/inside"))).status === 503) return this.skip();
      for (const read of [0, 10, 100_000]) {
        const answers = await Promise.all([1, 2, 3, 4].map(() => upload(`${mount}/fails?${read}`)));
        for (const answer of answers) expect(answer).to.match(/^HTTP\/1\.1 500 [^]*<\/html>\s*$/);
      }
    });
  }

  it("an application that takes long to load delays no other of its process", async () => {
    const notes = join(served.root, "htdocs");
    await (await fetch(served.url("/quick"))).text();
    chmodSync(notes, 0o777);
    writeFileSync(join(served.root, "slow.wsgi"), slowImport.replaceAll("@NOTES@", notes));
    const slow = fetch(served.url("/slow")).then((response) => response.text());
    await until("it is being loaded", () => existsSync(join(notes, "loading")));
    expect((await fetch(served.url("/quick"))).status).to.equal(200);
    expect((await fetch(served.url("/other"))).status).to.equal(200);
    writeFileSync(join(notes, "go"), "");
    expect(await slow).to.equal("slow");
  });

  it("WSGIPythonHashSeed random leaves hashes random", async () => {
    const [one, two] = await Promise.all(
      ["/quick", "/other"].map(
        async (path) => (await (await fetch(served.url(path))).json()) as Record<string, number>,
      ),
    );
    expect([one?.["random"], two?.["random"]]).to.deep.equal([1, 1]);
    expect(one?.["hash"]).to.not.equal(two?.["hash"]);
  });
});
