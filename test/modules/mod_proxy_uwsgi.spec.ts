import { expect } from "chai";
import { until } from "../support/running.js";
import { closeAll, pair, request, type Accepted } from "./mod_proxy/front.js";

/** Replies once the request's variables have come. */
function replies(text: string, then: "end" | "reset" | "keep" = "end"): (connection: Accepted) => void {
  const answered = new WeakSet<Accepted>();
  return (connection) => {
    const { received, socket } = connection;
    const length = received.charCodeAt(1) + received.charCodeAt(2) * 256;
    if (answered.has(connection) || received.length < 4 + length) return;
    answered.add(connection);
    socket.write(text, "latin1", () => {
      if (then === "end") socket.end();
      if (then === "reset") setTimeout(() => socket.resetAndDestroy(), 20);
    });
  };
}

const toBackEnd = "ProxyPass / uwsgi://127.0.0.1:@PORT@/";

/** What the back end says, how it ends, and what the client gets. */
const answers: readonly (readonly [string, string, "end" | "reset" | "keep", RegExp])[] = [
  [
    "a body up to its end",
    "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nhello",
    "end",
    /^HTTP\/1\.1 200 OK\r\n[^]*X-A: 1\r\n[^]*hello\r\n0\r\n\r\n$/,
  ],
  [
    "a body of a length, and keeps the connection",
    "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "keep",
    /Content-Length: 5\r\n[^]*hello$/,
  ],
  ["fewer bytes than it promises", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "end", /half(<reset>)?$/],
  ["more bytes than it promises", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", "end", /\r\n\r\nok$/],
  ["half a body, and resets", "HTTP/1.1 200 OK\r\n\r\nhalf", "reset", /half(?![^]*\r\n0\r\n)/],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "end", /^HTTP\/1\.1 502 /],
  [
    "chunks, which the protocol has not",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "end",
    /^HTTP\/1\.1 502 /,
  ],
  ["nothing", "", "end", /^HTTP\/1\.1 500 /],
  ["no HTTP", "hello\r\n\r\n", "end", /^HTTP\/1\.1 502 /],
  ["a line that is no field", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "end", /^HTTP\/1\.1 502 /],
  ["a field with a control in it", "HTTP/1.1 200 OK\r\nX-A: a\x01b\r\n\r\n", "end", /^HTTP\/1\.1 502 /],
  ["a status below 200", "HTTP/1.1 100 Continue\r\n\r\n", "end", /^HTTP\/1\.1 502 /],
  ["no reason", "HTTP/1.1 299\r\n\r\nhi", "end", /^HTTP\/1\.1 299 \r\n/],
];

describe("mod_proxy_uwsgi", () => {
  afterEach(closeAll);

  for (const [what, text, then, expected] of answers) {
    it(`answers where the back end says ${what}`, async () => {
      const { send } = await pair(replies(text, then), toBackEnd);
      expect(await send(request("GET /x"))).to.match(expected);
    });
  }

  it("refuses variables of more than 65,535 bytes", async () => {
    const { send } = await pair(replies("HTTP/1.1 200 OK\r\n\r\n"), `LimitRequestFieldSize 100000\n${toBackEnd}`);
    expect(await send(request("GET /x", `X-Long: ${"a".repeat(66_000)}`))).to.match(/^HTTP\/1\.1 500 /);
  });

  it("ends the back end's connection where the client leaves", async () => {
    const { open, backEnd } = await pair(() => undefined, toBackEnd);
    const talk = open();
    talk.socket.write(request("GET /x"));
    await until("the request has come", () => backEnd.received() !== "");
    talk.socket.resetAndDestroy();
    await until("the connection is closed", () => backEnd.connections[0]?.hasClosed === true);
  });
});
