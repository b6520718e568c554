// Back ends of each scheme that die, hang, are slow or talk nonsense → what the client gets from both servers.
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { selfSigned } from "./certificates.js";
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule proxy_wstunnel_module @MODULES@/mod_proxy_wstunnel.so
LoadModule proxy_fcgi_module @MODULES@/mod_proxy_fcgi.so
LoadModule proxy_uwsgi_module @MODULES@/mod_proxy_uwsgi.so
LoadModule proxy_scgi_module @MODULES@/mod_proxy_scgi.so
LoadModule ssl_module @MODULES@/mod_ssl.so
DocumentRoot "@ROOT@/htdocs"
ProxyTimeout 1
KeepAliveTimeout 1
SSLProxyEngine On
SSLProxyCheckPeerName Off
SSLProxyCheckPeerCN Off
Include "@ROOT@/back-ends.conf"
`;

/** What a back end says in its scheme, and when it has heard a whole request. */
interface Scheme {
  readonly head: string;
  readonly half: string;
  readonly body: (text: string) => string;
  readonly end: string;
  readonly isWhole: (received: string) => boolean;
}

const record = (type: number, text: string): string =>
  `${String.fromCharCode(1, type, 0, 1, text.length >> 8, text.length & 255, 0, 0)}${text}`;

const http: Scheme = {
  head: "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 10\r\n\r\n",
  half: "HTTP/1.1 200 OK\r\nX-A",
  body: (text) => text,
  end: "",
  isWhole: (received) => received.includes("\r\n\r\n"),
};

const schemes: Readonly<Record<string, Scheme>> = {
  http,
  https: http,
  ws: {
    ...http,
    head: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    half: "HTTP/1.1 101 Switching Protocols\r\nUpgr",
  },
  fcgi: {
    head: record(6, "X-A: 1\r\nContent-Length: 10\r\n\r\n"),
    half: record(6, "X-A: 1\r\nCont"),
    body: (text) => record(6, text),
    end: record(6, "") + record(3, "\0".repeat(8)),
    isWhole: (received) => received.endsWith("\x01\x05\0\x01\0\0\0\0"),
  },
  uwsgi: {
    ...http,
    isWhole: (received) => received.length >= 4 + received.charCodeAt(1) + received.charCodeAt(2) * 256,
  },
  scgi: {
    ...http,
    head: "Status: 200 OK\r\nX-A: 1\r\nContent-Length: 10\r\n\r\n",
    half: "Status: 200 OK\r\nX-A",
    isWhole: (received) => {
      const [digits = "", length] = /^(\d+):/.exec(received) ?? [];
      return length !== undefined && received.length >= digits.length + Number(length) + 1;
    },
  },
};

/** What it says, and what it does then; "slowly": byte for byte. */
const faults: Readonly<
  Record<string, readonly [say: (scheme: Scheme) => string, then: "end" | "reset" | "keep" | "slowly"]>
> = {
  "answers-whole": [({ head, body, end }) => head + body("0123456789") + end, "end"],
  "is-slow": [({ head, body, end }) => head + body("01234") + body("56789") + end, "slowly"],
  "dies-before-the-head": [() => "", "end"],
  "is-reset-before-the-head": [() => "", "reset"],
  "hangs-before-the-head": [() => "", "keep"],
  "dies-in-the-head": [({ half }) => half, "end"],
  "hangs-in-the-head": [({ half }) => half, "keep"],
  "dies-behind-the-head": [({ head }) => head, "end"],
  "dies-in-the-body": [({ head, body }) => head + body("01234"), "end"],
  "hangs-in-the-body": [({ head, body }) => head + body("01234"), "keep"],
  "says-garbage": [() => "\x16\x03garbage, and more of it\r\n\r\n", "end"],
  "says-garbage-in-the-head": [({ half, body }) => half + body("\x01\x02\r\nmore\r\n\r\n"), "end"],
};

/** Where the two servers differ, and why; by scheme and fault. */
const differences: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["http", "https", "ws"].flatMap((scheme) => [
      [`${scheme}: dies in the head`, "the page says why"],
      [`${scheme}: hangs in the head`, "the page says why"],
      [`${scheme}: says garbage`, "what is no HTTP is refused; Apache takes it for HTTP/0.9"],
    ]),
  ),
  "fcgi: dies behind the head": "the head has gone on already, and the response is broken off",
  "fcgi: says garbage in the head": "the page has text",
  "uwsgi: hangs before the head": "the status says that it was the time",
  "uwsgi: hangs in the head": "the status says that it was the time",
  "scgi: dies behind the head": "broken off; Apache makes a whole response of it",
  "scgi: dies in the body": "broken off; Apache makes a whole response of it",
};

/**
 * Rows that are not tried: Node cannot reset what is encrypted, how long tunnels may be idle is another question, and Apache
 * answers in one of two ways as it reads the head and the end at once or not.
 */
const untried = new Set([
  "https: is reset before the head",
  "https: hangs in the head",
  "ws: hangs in the body",
  ...["http", "https", "uwsgi"].map((scheme) => `${scheme}: dies behind the head`),
]);

const handshake = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: aaaa"];

const cases: readonly Case[] = Object.keys(schemes).flatMap((scheme) =>
  [...Object.keys(faults), "is-not-there"].flatMap((fault): Case[] => {
    const name = `${scheme}: ${fault.replaceAll("-", " ")}`;
    if (untried.has(name)) return [];
    const differs = differences[name];
    return [
      {
        name,
        target: fault === "is-not-there" ? `/no-${scheme}/x` : `/${scheme}/${fault}`,
        ...(scheme === "ws" ? { headers: handshake } : {}),
        ...(differs === undefined ? {} : { differs }),
      },
    ];
  }),
);

function act(scheme: Scheme, socket: Socket): void {
  let received = "";
  let hasAnswered = false;
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => {
    received += bytes.toString("latin1");
    if (hasAnswered || !scheme.isWhole(received)) return;
    hasAnswered = true;
    const fault = Object.keys(faults).find((name) => new RegExp(`/${name}(?![a-z-])`).test(received)) ?? "";
    const [say, then] = faults[fault] ?? [() => "", "end"];
    const text = say(scheme);
    if (then === "slowly") return void sendSlowly(socket, text);
    if (then === "reset") return void socket.resetAndDestroy();
    if (text !== "") socket.write(text, "latin1");
    if (then === "end") socket.end();
  });
}

function sendSlowly(socket: Socket, text: string): void {
  if (text === "") return void socket.end();
  socket.write(text.slice(0, 1), "latin1");
  setTimeout(() => sendSlowly(socket, text.slice(1)), 1);
}

/** A back end for each scheme, and the lines that ask it. */
async function startBackEnds(root: string): Promise<{ end(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const { cert, key } = selfSigned("/CN=localhost");
  let lines = "";
  for (const [name, scheme] of Object.entries(schemes)) {
    const server =
      name === "https"
        ? createTlsServer({ cert, key }, (socket) => act(scheme, socket))
        : createServer((socket) => act(scheme, socket));
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    lines += `ProxyPass /${name}/ ${name}://127.0.0.1:${port}/ retry=0 disablereuse=on\n`;
    lines += `ProxyPass /no-${name}/ ${name}://127.0.0.1:1/ retry=0\n`;
  }
  writeFileSync(`${root}/back-ends.conf`, lines);
  return {
    async end() {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

export const suite: Suite = {
  name: "faults of back ends",
  configuration,
  files: { "htdocs/x": "x" },
  cases,
  beside: startBackEnds,
  masks: [
    // Either, as the end comes with the body or behind it; what is cut off is told apart by the reader.
    [/^(?:Transfer-Encoding: chunked|Content-Length: 10)$/gm, "FRAMED"],
    // Apache lets the back end's own fields go on alone, in another order.
    [/(HTTP\/1\.1 101 .*\n)Date: DATE\nServer: PRODUCT\n/g, "$1"],
    [/Connection: Upgrade\nUpgrade: websocket/g, "Upgrade: websocket\nConnection: Upgrade"],
  ],
};
