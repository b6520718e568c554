// A size → tests that bodies of it pass through a server with daemon groups, whose memory does not grow by them.
import { once } from "node:events";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { get, request, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { growthDuring, kernelBuffers, MiB } from "../support/memory.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const python = `
import json, os, time, zlib

BLOCK = 65536
produced = 0

def block(number):
    return number.to_bytes(8, "big") * (BLOCK // 8)

def take(environ, start_response):
    size = crc = 0
    waits = environ["QUERY_STRING"] == "waits"
    while True:
        data = environ["wsgi.input"].read(BLOCK)
        if not data:
            break
        size += len(data)
        crc = zlib.crc32(data, crc)
        while waits and not os.path.exists("go"):
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"size": size, "crc": crc}).encode()]

def give(environ, start_response):
    global produced
    produced = 0
    kind, size = environ["QUERY_STRING"].split("-")
    fields = [("Content-Type", "application/octet-stream")]
    if kind == "counted":
        fields.append(("Content-Length", size))
    start_response("200 OK", fields)
    for number in range(int(size) // BLOCK):
        produced += BLOCK
        yield block(number)

def file(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return environ["wsgi.file_wrapper"](open("../htdocs/zeros.bin", "rb"))

def tell(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(produced).encode()]

def application(environ, start_response):
    return globals()[environ["PATH_INFO"][1:]](environ, start_response)
`;

const node = `
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";

const BLOCK = 65536;
let produced = 0;
const pages = {
  async take(request, response, query) {
    let size = 0;
    let crc = 0;
    for await (const data of request) {
      size += data.length;
      crc = crc32(data, crc);
      while (query === "waits" && !existsSync("go")) await pause(10);
    }
    response.end(JSON.stringify({ size, crc }));
  },
  async give(request, response, query) {
    produced = 0;
    const [kind, size] = query.split("-");
    if (kind === "counted") response.setHeader("Content-Length", size);
    await pipeline(Readable.from((function* () {
      for (let number = 0; number < Number(size) / BLOCK; number++) {
        produced += BLOCK;
        const block = Buffer.alloc(BLOCK);
        block.writeUInt32BE(number, 4);
        yield block.fill(block.subarray(0, 8));
      }
    })()), response);
  },
  pid(request, response) {
    response.end(String(process.pid));
  },
  tell(request, response) {
    response.end(String(produced));
  },
};
export default (request, response) => {
  const { pathname, search } = new URL(request.url, "http://x");
  return pages[pathname.slice(1)](request, response, search.slice(1));
};
`;

const configuration = `
WSGIChunkedRequest On
WSGIDaemonProcess big processes=1 threads=3 home=@ROOT@/app
WSGIScriptAlias /python @ROOT@/app/big.wsgi process-group=big application-group=%{GLOBAL}
WSGIScriptAlias /node @ROOT@/app/big.mjs process-group=big application-group=%{GLOBAL}
<Directory @ROOT@/app>
    Require all granted
</Directory>
ProxyPass /proxied/ http://127.0.0.1:@PORT@/node/
`;

/** Where the same pages are, and what they are there. */
const mounts = { python: "a daemon in python", node: "a daemon in node", proxied: "a back end of the proxy" } as const;

const blockSize = 65_536;
/** Bytes that may be on their way to somebody who does not read: in the kernel, and some in the server. */
const mostUnderWay = kernelBuffers() + 8 * MiB;

/** Declares the tests; `size` in bytes, a multiple of 64 KiB. */
export function testBigBodies(name: string, size: number): void {
  describe(`a body of ${name}`, function () {
    this.timeout(240_000);
    let served: ServedRoot;
    let expected: Sum;
    let nodeDaemon: number;

    before(async function () {
      needPython(this);
      expected = await sumOf(blocks(size));
      served = await serveModhost(configuration, {
        files: { "app/big.wsgi": python, "app/big.mjs": node, "htdocs/zeros.bin": "" },
        modules: ["wsgi", "proxy", "proxy_http"],
      });
      truncateSync(join(served.root, "htdocs/zeros.bin"), size);
      nodeDaemon = Number(await textOf(await answerTo(get(served.url("/node/pid")))));
      // What is loaded with the first requests is not growth: both workers and both daemons have some.
      for (const mount of Object.keys(mounts)) {
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            await upload(served.url(`/${mount}/take`), blockSize, {});
            await download(served.url(`/${mount}/give?counted-${blockSize}`));
          }),
        );
      }
    });
    after(() => served?.end());

    /** Does the work, and checks what it did to the memory of the server and its Python daemons, and to the Node daemon. */
    const withoutGrowth = async (work: () => Promise<void>): Promise<void> => {
      const server = served.running.family().filter((pid) => pid !== nodeDaemon);
      let ofNode = 0;
      const ofServer = await growthDuring(server, async () => {
        ofNode = await growthDuring([nodeDaemon], work);
      });
      expect(ofServer / MiB, "MiB by which the server grew").to.be.lessThan(32);
      expect(ofNode / MiB, "MiB by which the Node daemon grew").to.be.lessThan(32);
    };

    for (const [mount, what] of Object.entries(mounts)) {
      // Behind the proxy there is a second way for bytes to be on.
      const mostOnTheWay = mount === "proxied" ? 2 * mostUnderWay : mostUnderWay;
      for (const [kind, headers] of [
        ["with its length", { "Content-Length": size }],
        ["in chunks", { "Transfer-Encoding": "chunked" }],
      ] as const) {
        it(`reaches ${what}, sent ${kind}`, () =>
          withoutGrowth(async () => {
            expect(await upload(served.url(`/${mount}/take`), size, headers)).to.deep.equal(expected);
          }));
      }

      for (const kind of ["counted", "uncounted"]) {
        it(`comes from ${what}, ${kind}`, () =>
          withoutGrowth(async () => {
            expect(await download(served.url(`/${mount}/give?${kind}-${size}`))).to.deep.equal(expected);
          }));
      }

      it(`comes to quick and slow clients at once from ${what}, to each its own`, async () => {
        const sizes = Array.from({ length: 9 }, (_, client) => (client + 40) * blockSize);
        const received = sizes.map((each, client) =>
          download(
            served.url(`/${mount}/give?${client % 2 === 0 ? "counted" : "uncounted"}-${each}`),
            client % 3 === 0,
          ),
        );
        expect(await Promise.all(received)).to.deep.equal(await Promise.all(sizes.map((each) => sumOf(blocks(each)))));
      });

      it(`of ${what} waits for its slow reader`, () =>
        withoutGrowth(async () => {
          const response = await answerTo(get(served.url(`/${mount}/give?counted-${size}`)));
          // Nobody reads yet.
          const produced = await settled(async () => Number(await (await fetch(served.url(`/${mount}/tell`))).text()));
          expect(produced).to.be.greaterThan(0).and.lessThan(mostOnTheWay);
          expect(await sumOf(response)).to.deep.equal(expected);
        }));

      it(`waits until ${what} reads it`, () =>
        withoutGrowth(async () => {
          const socket = connect(served.port, "127.0.0.1");
          const sending = sendRaw(socket, `/${mount}/take?waits`, size);
          const sent = await settled(() => Promise.resolve(socket.bytesWritten - socket.writableLength));
          expect(sent).to.be.greaterThan(0).and.lessThan(mostOnTheWay);
          writeFileSync(join(served.root, "app/go"), "");
          expect(JSON.parse(await sending)).to.deep.equal(expected);
          rmSync(join(served.root, "app/go"));
        }));
    }

    for (const [what, path] of [
      ["a file a daemon hands to the server", "/python/file"],
      ["a static file", "/zeros.bin"],
    ] as const) {
      it(`comes as ${what}`, () =>
        withoutGrowth(async () => {
          expect(await download(served.url(path))).to.deep.include({ size });
        }));
    }
  });
}

interface Sum {
  readonly size: number;
  readonly crc: number;
}

/** Blocks that each say their number, so that none can be lost, doubled or moved. */
function* blocks(size: number): Generator<Buffer> {
  for (let number = 0; number < size / blockSize; number++) {
    const block = Buffer.alloc(blockSize);
    block.writeUInt32BE(number, 4);
    yield block.fill(block.subarray(0, 8));
  }
}

async function sumOf(pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Sum> {
  let size = 0;
  let crc = 0;
  for await (const piece of pieces) {
    size += piece.length;
    crc = crc32(piece, crc);
  }
  return { size, crc };
}

async function answerTo(asked: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return response;
}

async function upload(url: string, size: number, headers: RequestOptions["headers"]): Promise<Sum> {
  const sending = request(url, { method: "POST", ...(headers ? { headers } : {}) });
  const [response] = await Promise.all([answerTo(sending), pipeline(Readable.from(blocks(size)), sending)]);
  return JSON.parse(await textOf(response)) as Sum;
}

async function download(url: string, isSlow = false): Promise<Sum> {
  const response = await answerTo(get(url));
  expect(response.statusCode).to.equal(200);
  return sumOf(isSlow ? slowly(response) : response);
}

/** Rests a few turns of the event loop after each piece. */
async function* slowly(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    yield piece;
    for (let turn = 0; turn < 20; turn++) await nextTurn();
  }
}

/** Sends a request on a socket of its own; gives the body of the answer. */
async function sendRaw(socket: Socket, path: string, size: number): Promise<string> {
  socket.write(`POST ${path} HTTP/1.0\r\nContent-Length: ${size}\r\n\r\n`);
  const answer = textOf(socket);
  await pipeline(Readable.from(blocks(size)), socket, { end: false });
  return (await answer).split("\r\n\r\n")[1] ?? "";
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const piece of stream) text += String(piece);
  return text;
}

/** Waits until a number that rises has stood still for a while. */
async function settled(look: () => Promise<number>): Promise<number> {
  let value = -1;
  let times = 0;
  await until("nothing moves any more", async () => {
    const now = await look();
    times = now === value && now > 0 ? times + 1 : 0;
    value = now;
    return times >= 30;
  });
  return value;
}
