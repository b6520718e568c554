// What back ends send lies in memory that is used again: nobody may see what belongs to another.
import { createServer } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { request } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { closeAll, closing, startFront } from "./front.js";

/** The body number N: every eight bytes of it say which they are. */
function bodyOf(number: number): Buffer {
  const body = Buffer.alloc(((number * 37_123) % 400_000) + 9_000);
  for (let at = 0; at + 8 <= body.length; at += 8) {
    body.writeUInt32LE(number, at);
    body.writeUInt32LE(at, at + 4);
  }
  return body;
}

/** Serves the body that the path names; with a length where the number is even, and in odd pieces otherwise. */
async function startBodies(): Promise<number> {
  const server = createServer((message, response) => {
    const number = Number(message.url?.slice(1));
    const body = bodyOf(number);
    response.setHeader("Content-Type", "text/plain");
    if (number % 2 === 0) {
      response.setHeader("Content-Length", body.length).end(body);
      return;
    }
    const size = 1_000 + ((number * 7_919) % 70_000);
    for (let at = 0; at < body.length; at += size) response.write(body.subarray(at, at + size));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing({ close: () => server.close().closeAllConnections() });
  return (server.address() as AddressInfo).port;
}

/** Reads by HTTP/1.1; a slow reader rests between two pieces. */
function read(port: number, number: number, isSlow: boolean, fields = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    request({ port, host: "127.0.0.1", path: `/${number}`, headers: { Host: "f", ...fields }, agent: false })
      .on("error", reject)
      .on("response", (response) => {
        void (async () => {
          const pieces: Buffer[] = [];
          for await (const piece of response) {
            pieces.push(piece as Buffer);
            for (let rest = 0; isSlow && rest < 5; rest++) await nextTurn();
          }
          return Buffer.concat(pieces);
        })().then(resolve, reject);
      })
      .end();
  });
}

describe("bodies of back ends in memory that is used again", () => {
  afterEach(closeAll);

  it("reach each client whole, over HTTP/1.1 and HTTP/2, quick or slow, filtered or not", async function () {
    this.timeout(60_000);
    const configuration = `LoadModule http2_module x/mod_http2.so
      LoadModule filter_module x/mod_filter.so
      LoadModule deflate_module x/mod_deflate.so
      Protocols h2c http/1.1
      AddOutputFilterByType DEFLATE text/plain
      ProxyPass / http://127.0.0.1:${await startBodies()}/`;
    const { port } = closing(await startFront(configuration));
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    closing({ close: () => session.destroy() });
    const wrong: string[] = [];
    const compare = async (kind: string, number: number, received: Promise<Buffer>): Promise<void> => {
      if (!(await received).equals(bodyOf(number))) wrong.push(`${kind} ${number}`);
    };
    const zipped = { "Accept-Encoding": "gzip" };
    await Promise.all(
      Array.from({ length: 40 }, (_, lane) => lane).flatMap((lane) => [
        compare("quick", lane, read(port, lane, false)),
        compare("slow", lane + 100, read(port, lane + 100, true)),
        compare(
          "gzip",
          lane + 200,
          read(port, lane + 200, false, zipped).then((bytes) => gunzipSync(bytes)),
        ),
        compare("h2", lane + 300, overHttp2(session, lane + 300)),
      ]),
    );
    expect(wrong).to.deep.equal([]);
  });
});

async function overHttp2(session: ReturnType<typeof connectHttp2>, number: number): Promise<Buffer> {
  const stream = session.request({ ":path": `/${number}`, ":authority": "f" });
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
