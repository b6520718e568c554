// What http-proxy 1.18.1 is known to do wrong → rows for a real Apache and for modhost, each of them between client and back end.
import type { OutgoingHttpHeaders } from "node:http2";
import { requestsIn } from "./smuggling-table.js";
import type { Accepted, RawBackEnd, Talk } from "../modules/mod_proxy/front.js";

/** The hazards; deprecations of Node have their test in test/modules/mod_proxy. */
export const hazards = {
  framing: "bodies in chunks are framed on kept connections, whatever the method",
  leaving: "clients that leave free the connection to the back end",
  breaking: "a response that breaks off never looks whole, and nothing hangs",
  resetUpgrade: "clients may reset before their change of protocols is answered",
  refusedUpgrade: "a refused change of protocols is answered intact",
  tunnels: "a changed protocol is passed both ways, to its end",
  nonsense: "bytes that no response may hold harm nobody",
  paths: "paths go on byte for byte",
  hopByHop: "fields for one connection stay there",
  relaying: "interim responses, trailers and repeated fields",
  pooling: "connections are kept, and tried once more where nothing is lost",
  forwarding: "X-Forwarded-* as mod_proxy has them",
} as const;

/** One of them. */
export type Hazard = keyof typeof hazards;

/** A response of raw bytes to a request on its path, and what the back end does behind it. */
export interface ResponseRow {
  readonly hazard: Hazard;
  readonly name: string;
  readonly text: string;
  readonly then: "keep" | "end" | "reset";
  /** Why the two servers differ. */
  readonly differs?: string;
}

const ok = "HTTP/1.1 200 OK\r\n";
const length = (bytes: number): string => `Content-Length: ${bytes}\r\n`;
const okay = `${ok}${length(2)}\r\nok`;
const chunked = "Transfer-Encoding: chunked\r\n";

const noHttp = "what is no HTTP is refused; Apache takes it for HTTP/0.9";
const badField = "a field that may not be passed on is the back end's fault";

type Response = readonly [name: string, text: string, then?: "keep" | "end" | "reset", differs?: string];

const responsesBy: Readonly<Partial<Record<Hazard, readonly Response[]>>> = {
  relaying: [
    ["plain", okay],
    ["up to the end", `${ok}X-A: 1\r\n\r\nok`, "end"],
    ["chunks", `${ok}${chunked}\r\n2\r\nok\r\n0\r\n\r\n`],
    ["chunks with extensions", `${ok}${chunked}\r\n2;a=b\r\nok\r\n0;c\r\n\r\n`],
    ["repeated fields", `${ok}Set-Cookie: a=1\r\nX-A: 1\r\nSet-Cookie: b=2\r\nX-A: 2\r\n${length(0)}\r\n`],
    ["a reason", `HTTP/1.1 200 Very Well\r\n${length(0)}\r\n`],
    ["no reason", `HTTP/1.1 200\r\n${length(0)}\r\n`],
    ["a teapot", `HTTP/1.1 418 I'm a Teapot\r\n${length(0)}\r\n`],
    ["an unknown status", `HTTP/1.1 299 Own\r\n${length(0)}\r\n`],
    ["version 1.0", `HTTP/1.0 200 OK\r\n${length(2)}\r\nok`, "end"],
    ["an interim response", `HTTP/1.1 102 Processing\r\n\r\n${okay}`],
    ["early hints", `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${okay}`],
    ["several interim responses", `${"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n".repeat(3)}${okay}`],
    ["100 that nobody asked for", `HTTP/1.1 100 Continue\r\n\r\n${okay}`],
    ["line feeds alone", `HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nok`],
    ["a folded length", `${ok}Content-Length:\r\n 2\r\n\r\nok`],
    ["blanks around a value", `${ok}X-A: \t 1 \t\r\n${length(2)}\r\nok`],
    ["the same length twice", `${ok}${length(2)}${length(2)}\r\nok`, "end"],
    ["a later minor version", `HTTP/1.9 200 OK\r\n${length(2)}\r\nok`],
    ["more behind its length", `${okay}HTTP/1.1 200 OK\r\n\r\n`],
    ["trailers", `${ok}${chunked}Trailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n`],
    ["no content", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["not modified", 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'],
    ["a folded field", `${ok}X-A: a\r\n b\r\n${length(0)}\r\n`],
  ],
  hopByHop: [
    [
      "fields for one connection",
      `${ok}Connection: X-Own, keep-alive\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\nTE: x\r\nX-Stays: 1\r\n${length(0)}\r\n`,
    ],
    [
      "a list of fields for one connection",
      `${ok}Connection: X-A\r\nConnection: x-b\r\nX-A: 1\r\nX-B: 2\r\n${length(0)}\r\n`,
    ],
    ["Proxy-Connection and Upgrade", `${ok}Proxy-Connection: close\r\nUpgrade: h2c\r\n${length(0)}\r\n`],
    ["Connection that names a length", `${ok}Connection: Content-Length\r\n${length(2)}\r\nok`, "end"],
  ],
  nonsense: [
    ["a control in the reason", `HTTP/1.1 200 O\x01K\r\n${length(0)}\r\n`],
    [
      "a line end alone in the reason",
      `HTTP/1.1 200 O\rK\r\n${length(0)}\r\n`,
      "keep",
      "no status line holds it: refused",
    ],
    ["bytes above ASCII in the reason", `HTTP/1.1 200 O\xe9K\r\n${length(0)}\r\n`],
    ["a control in a field", `${ok}X-A: a\x01b\r\n${length(2)}\r\nok`, "end", badField],
    ["a NUL in a field", `${ok}X-A: a\0b\r\n${length(2)}\r\nok`, "end"],
    ["bytes above ASCII in a field", `${ok}X-A: \xe9\r\n${length(2)}\r\nok`],
    ["a blank before the colon", `${ok}X-A : 1\r\n${length(2)}\r\nok`, "end", badField],
    ["a field without a name", `${ok}: 1\r\n${length(2)}\r\nok`, "end", badField],
    [
      "a coding that is not chunked",
      `${ok}Transfer-Encoding: gzip\r\n\r\nok`,
      "end",
      "refused; Apache passes on what it cannot decode as if it were plain",
    ],
    ["a chunk of too many digits", `${ok}${chunked}\r\n00000000000000002\r\nok\r\n0\r\n\r\n`, "end"],
    ["another major version", `HTTP/2.0 200 OK\r\n${length(2)}\r\nok`, "end", "the page does not say why"],
    ["a status of two digits", `HTTP/1.1 20 OK\r\n${length(2)}\r\nok`, "end", noHttp],
    ["a status that is no number", `HTTP/1.1 abc OK\r\n${length(2)}\r\nok`, "end", noHttp],
    ["a status below 100", `HTTP/1.1 099 OK\r\n${length(2)}\r\nok`, "end", "no status of HTTP: refused"],
    ["a status above 599", `HTTP/1.1 600 OK\r\n${length(2)}\r\nok`],
    [
      "101 that nobody asked for",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "end",
      "the page does not say why",
    ],
    ["no end of a head", `${ok}X: ${"x".repeat(70_000)}\r\n\r\n`, "end"],
    ["garbage", "hello\r\n\r\n", "end", noHttp],
    ["no field", `${ok}nonsense\r\n${length(2)}\r\nok`, "end"],
    ["two lengths", `${ok}${length(2)}${length(3)}\r\nok!`, "end", "refused; Apache takes the first"],
    ["a bad length", `${ok}Content-Length: 2x\r\n\r\nok`, "end", "the page has a length"],
    ["a negative length", `${ok}Content-Length: -2\r\n\r\nok`, "end", "the page has a length"],
    ["length and chunks", `${ok}${length(2)}${chunked}\r\n2\r\nok\r\n0\r\n\r\n`, "end"],
  ],
  breaking: [
    ["nothing", "", "end"],
    ["nothing but a reset", "", "reset"],
    ["half a head", `${ok}X-A: 1\r\n`, "end", "the page says why"],
    ["an early end", `${ok}${length(10)}\r\nhalf`, "end"],
    ["a reset before its length", `${ok}${length(10)}\r\nhalf`, "reset"],
    ["an early end of chunks", `${ok}${chunked}\r\n4\r\nhalf\r\n`, "end"],
    ["an end in the line of a chunk", `${ok}${chunked}\r\n4\r\nhalf\r\n5`, "end"],
    ["an end in a chunk", `${ok}${chunked}\r\n8\r\nhalf`, "end"],
    ["a reset between chunks", `${ok}${chunked}\r\n4\r\nhalf\r\n`, "reset"],
    ["a reset without a length", `${ok}\r\nhalf`, "reset"],
    [
      "a bad chunk",
      `${ok}${chunked}\r\n4\r\nhalf\r\nzz\r\n`,
      "end",
      "refused, as nothing has been sent yet; Apache breaks off",
    ],
  ],
};

/** Responses, in their order. */
export const responses: readonly ResponseRow[] = Object.entries(responsesBy).flatMap(([hazard, rows]) =>
  rows.map(([name, text, then = "keep", differs]) => ({
    ...{ hazard: hazard as Hazard, name, text, then },
    ...(differs === undefined ? {} : { differs }),
  })),
);

/** What a row works with: its own back end, its own path, one server in front. */
export interface World {
  /** "/r7": what of a path goes on is behind it. */
  readonly path: string;
  readonly backEnd: RawBackEnd;
  /** A connection to the server. */
  readonly open: () => Talk;
  /** Sends requests on one connection; answers and what became of it. */
  readonly ask: (raw: string, methods?: readonly string[]) => Promise<string>;
  /** Asks by HTTP/2: status, body and trailers. */
  readonly askHttp2: (path: string, trailers?: OutgoingHttpHeaders) => Promise<readonly string[]>;
  /** Waits; false where that was in vain. */
  readonly eventually: (holds: () => boolean) => Promise<boolean>;
}

/** What client and back end do. */
export interface Row {
  readonly hazard: Hazard;
  readonly name: string;
  /** Of its ProxyPass. */
  readonly parameters?: string;
  readonly backEnd: () => (connection: Accepted) => void;
  /** What is seen of it, in lines. */
  readonly run: (world: World) => Promise<readonly string[]>;
  readonly differs?: string;
}

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: front.test\r\n${fields}\r\n`;

/** Answers each whole request, the first with `texts[0]` and so on; the last for all that follow. */
function answering(...texts: readonly string[]): Row["backEnd"] {
  return () => {
    let all = 0;
    const answered = new WeakMap<Accepted, number>();
    return (connection) => {
      const due = requestsIn(connection.received).lines.length;
      for (let count = answered.get(connection) ?? 0; count < due; count++, all++) {
        connection.socket.write(texts[Math.min(all, texts.length - 1)] ?? "", "latin1");
      }
      answered.set(connection, due);
    };
  };
}

/** Requests the back end has seen, on how many connections. */
const seenBy = ({ connections }: RawBackEnd): readonly string[] => [
  ...connections.flatMap(({ received }) => requestsIn(received).lines).map((line) => `asked ${line}`),
  `on ${connections.length} connections`,
];
const isFree = ({ connections }: RawBackEnd): boolean =>
  connections.length > 0 && connections.every(({ hasClosed }) => hasClosed);
const headSeen = ({ backEnd }: World): boolean => backEnd.received().includes("\r\n\r\n");

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: front.test\r\n\r\n";

const framing = ["POST", "PUT", "DELETE", "OPTIONS", "GET", "PATCH", "REPORT", "PROPFIND"].map((method): Row => ({
  hazard: "framing",
  name: `${method} with a request in a chunk, then another request`,
  backEnd: answering(okay),
  async run({ path, backEnd, open, eventually }) {
    const talk = open();
    talk.socket.write(`${method} ${path}/a HTTP/1.1\r\nHost: front.test\r\n${chunked}\r\n`);
    talk.socket.write(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`);
    const lines = [`answered: ${await eventually(() => talk.received().endsWith("\r\n\r\nok"))}`];
    talk.socket.write(get(`${path}/b`));
    const isAnswered = await eventually(() => talk.received().split("\r\n\r\nok").length === 3);
    talk.socket.destroy();
    return [...lines, `again: ${isAnswered}`, ...seenBy(backEnd)];
  },
}));

const asksUpgrade = (path: string): string =>
  get(path, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n");
const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/** The client leaves at some point; whether the back end hears of it. */
function leaving(
  name: string,
  sends: (path: string) => string,
  backEnd: Row["backEnd"],
  more: Pick<Row, "differs" | "parameters"> & {
    readonly at?: (talk: Talk, world: World) => boolean;
    readonly resets?: true;
  } = {},
): Row {
  const { at = (_talk, world) => headSeen(world), resets, ...rest } = more;
  return {
    ...{ hazard: "leaving", name, backEnd, ...rest },
    async run(world) {
      const talk = world.open();
      talk.socket.write(sends(`${world.path}/a`), "latin1");
      const lines = [`is there: ${await world.eventually(() => at(talk, world))}`];
      if (resets) talk.socket.resetAndDestroy();
      else talk.socket.destroy();
      return [...lines, `freed: ${await world.eventually(() => isFree(world.backEnd))}`];
    },
  };
}

/** Goes on sending until that fails. */
const flooding: Row["backEnd"] =
  () =>
  ({ socket }) => {
    socket.write(`${ok}\r\n`);
    const timer = setInterval(() => socket.write("more of it\n"), 5);
    socket.on("close", () => clearInterval(timer));
  };
const silent: Row["backEnd"] = () => () => undefined;
const waits = "Apache does not look at the client while it waits for the back end";

const leavings: readonly Row[] = [
  leaving("before the answer", get, silent, { differs: waits }),
  leaving("before the answer, by a reset", get, silent, { differs: waits, resets: true }),
  leaving("in the answer", get, flooding, { at: (talk) => talk.received().includes("more of it") }),
  leaving("in the answer, by a reset", get, flooding, {
    at: (talk) => talk.received().includes("more of it"),
    resets: true,
  }),
  leaving("in the answer, of which no more comes", get, answering(`${ok}${length(10)}\r\nhalf`), {
    at: (talk) => talk.received().includes("half"),
    differs: waits,
  }),
  leaving(
    "in its body",
    (path) => `POST ${path} HTTP/1.1\r\nHost: front.test\r\n${length(100_000)}\r\n${"x".repeat(50_000)}`,
    silent,
    { at: (_talk, { backEnd }) => backEnd.received().includes("xxx") },
  ),
  leaving(
    "in its chunks, by a reset",
    (path) => `POST ${path} HTTP/1.1\r\nHost: front.test\r\n${chunked}\r\nc350\r\n${"x".repeat(50_000)}\r\n`,
    silent,
    { at: (_talk, { backEnd }) => backEnd.received().includes("xxx"), resets: true },
  ),
  leaving("in a tunnel", asksUpgrade, answering(switching), {
    parameters: "upgrade=websocket",
    at: (talk) => talk.received().includes("\r\n\r\n"),
  }),
  leaving("in a tunnel, by a reset", asksUpgrade, answering(switching), {
    ...{ parameters: "upgrade=websocket", resets: true },
    at: (talk) => talk.received().includes("\r\n\r\n"),
  }),
];

/** The client is gone before the back end answers; the server lives, and so does the next request. */
const resetUpgrades = (["a reset", "an end"] as const).flatMap((how) =>
  [
    ["101", switching],
    ["a refusal", `HTTP/1.1 403 No\r\n${length(2)}\r\nno`],
  ].map(([answer = "", text = ""]): Row => ({
    hazard: "resetUpgrade",
    name: `${how}, and then ${answer}`,
    parameters: "upgrade=websocket",
    backEnd:
      () =>
      ({ received, socket }) =>
        // The last request alone: Apache may send it on the connection that was refused the change.
        void (
          received.endsWith("\r\n\r\n") &&
          !/upgrade/i.test(received.split("\r\n\r\n").at(-2) ?? "") &&
          socket.write(okay)
        ),
    async run(world) {
      const { path, backEnd, open, ask, eventually } = world;
      const talk = open();
      talk.socket.write(asksUpgrade(`${path}/a`));
      const lines = [`asked: ${await eventually(() => headSeen(world))}`];
      if (how === "a reset") talk.socket.resetAndDestroy();
      else talk.socket.destroy();
      await eventually(() => talk.socket.closed);
      backEnd.connections[0]?.socket.write(text);
      lines.push(`freed: ${await eventually(() => backEnd.connections[0]?.hasClosed === true || answer !== "101")}`);
      return [...lines, await ask(get(`${path}/b`))];
    },
  })),
);

const refusals = (
  [
    ["a page", `HTTP/1.1 403 Go Away\r\nX-A: 1\r\nContent-Type: text/plain\r\n${length(2)}\r\nno`],
    ["a page in chunks", `HTTP/1.1 400 Bad\r\n${chunked}\r\n2\r\nno\r\n0\r\n\r\n`],
    ["nothing", `HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n${length(0)}\r\n`],
    ["a redirect", `HTTP/1.1 302 Found\r\nLocation: /login\r\n${length(0)}\r\n`],
    ["a question", `HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm="x"\r\n${length(2)}\r\nno`],
    ["a plain answer", okay],
  ] as const
).map(([name, text]): Row => ({
  hazard: "refusedUpgrade",
  name,
  parameters: "upgrade=websocket",
  backEnd: answering(text),
  run: async ({ path, ask }) => [await ask(asksUpgrade(`${path}/a`))],
}));

/** A tunnel: the back end answers what comes behind the head by `says`; `sees` is what the client waits for. */
function tunnel(
  name: string,
  {
    says,
    sends,
    sees,
    early = "",
    ends = false,
    fields = "",
    ...more
  }: {
    readonly says: (text: string, socket: Accepted["socket"]) => void;
    readonly sends: string;
    readonly sees: (received: string) => boolean;
    /** Sent with the head. */
    readonly early?: string;
    /** The client ends its side behind what it sends. */
    readonly ends?: boolean;
    readonly fields?: string;
    readonly differs?: string;
  },
): Row {
  return {
    ...{ hazard: "tunnels", name, parameters: "upgrade=websocket", ...more },
    backEnd: () => {
      let isOpen = false;
      return (connection) => {
        const { received, socket } = connection;
        if (!isOpen && !received.includes("\r\n\r\n")) return;
        const end = isOpen ? 0 : received.indexOf("\r\n\r\n") + 4;
        if (!isOpen) {
          socket.write(
            `HTTP/1.1 101 Switching Protocols\r\n${fields || "Upgrade: websocket\r\n"}Connection: Upgrade\r\n\r\n`,
          );
          socket.on("end", () => says("", socket));
        }
        isOpen = true;
        connection.received = "";
        if (received.length > end) says(received.slice(end), socket);
      };
    },
    async run({ path, backEnd, open, eventually }) {
      const talk = open();
      talk.socket.write(`${asksUpgrade(`${path}/a`)}${early}`);
      const lines = [
        `head: ${await eventually(() => talk.received().includes("\r\n\r\n"))}`,
        talk.received().slice(0, 13),
      ];
      talk.socket.write(sends);
      if (ends) talk.socket.end();
      const body = (): string => talk.received().slice(talk.received().indexOf("\r\n\r\n") + 4);
      lines.push(`seen: ${await eventually(() => sees(body()))}`);
      talk.socket.destroy();
      return [...lines, `freed: ${await eventually(() => isFree(backEnd))}`];
    },
  };
}

const big = "0123456789abcdef".repeat(250_000);

const tunnels: readonly Row[] = [
  tunnel("a word", {
    sends: "hello",
    says: (text, socket) => void socket.write(text),
    sees: (text) => text === "hello",
  }),
  tunnel("four megabytes there and back", {
    sends: big,
    says: (text, socket) => void socket.write(text, "latin1"),
    sees: (text) => text.length === big.length && text === big,
  }),
  tunnel("what comes with the head", {
    ...{ early: "early ", sends: "late" },
    says: (text, socket) => void socket.write(text),
    sees: (text) => text === "early late",
  }),
  tunnel("a back end that ends", {
    sends: "hello",
    says: (_text, socket) => void socket.end("bye"),
    sees: (text) => text === "bye",
  }),
  tunnel("a client that ends its side, and is answered all the same", {
    ...{ sends: "hello", ends: true },
    says: (text, socket) => void (text === "" ? socket.end("bye") : undefined),
    sees: (text) => text === "bye",
  }),
  tunnel("another protocol than was asked for", {
    ...{ sends: "", fields: "Upgrade: other\r\n", says: () => undefined, sees: () => true },
  }),
  tunnel("no protocol named", { sends: "", fields: "X-A: 1\r\n", says: () => undefined, sees: () => true }),
];

const encodesAnew = "it goes on byte for byte; Apache encodes it anew";

const paths = (
  [
    ["/a%20b"],
    ["/%C3%A9"],
    ["/%c3%a9", encodesAnew],
    ["/a;x=y;z"],
    ["/a+b"],
    ["/~me"],
    ["/%7Eme", encodesAnew],
    ["/-_.!*'(),$@:&="],
    ["/%21%2A%27%28%29", encodesAnew],
    ["/a%3Fb"],
    ["/a%23b"],
    ["/a%25b"],
    ["/a%3Bb", encodesAnew],
    ["/[x]", encodesAnew],
    ["/{x}", encodesAnew],
    ["/a|b", encodesAnew],
    ["/a^b", encodesAnew],
    ["/a\\b", encodesAnew],
    ['/a"b', encodesAnew],
    ["/a<b>", encodesAnew],
    ["/a//b"],
    ["/a/./b/../c"],
    ["/a%2Fb"],
    ["/a%2e%2e/b", encodesAnew],
    ["/?a=b&c=%20+%41"],
    ["/a?"],
    ["/a??b"],
    ["/a?x=/../y"],
    ["/a?[x]{y}|^"],
    ['/a?"<>'],
    [`/${"long/".repeat(800)}`],
  ] as const
).map(([target, differs]): Row => ({
  hazard: "paths",
  name: target.length > 100 ? "a long path" : target,
  backEnd: answering(okay),
  async run({ path, backEnd, ask }) {
    const answer = await ask(get(`${path}${target}`));
    return [answer.slice(0, 15), ...seenBy(backEnd)];
  },
  ...(differs === undefined ? {} : { differs }),
}));

/** What the back end sees of a request with these fields. */
function fieldsSeen(
  hazard: Hazard,
  name: string,
  fields: readonly string[],
  { host = "Host: front.test", ...more }: { readonly host?: string; readonly differs?: string } = {},
): Row {
  return {
    ...{ hazard, name, backEnd: answering(okay), ...more },
    async run({ path, backEnd, ask }) {
      const lines = [`GET ${path}/a HTTP/1.1`, ...(host === "" ? [] : [host]), ...fields];
      const answer = await ask(`${lines.join("\r\n")}\r\n\r\n`);
      return [
        answer.slice(0, 15),
        ...backEnd
          .received()
          .replace(/keep-alive/i, "keep-alive")
          .split("\r\n"),
      ];
    },
  };
}

const apart = "they stay apart; Apache joins them, those of Cookie too";

const fields: readonly Row[] = [
  fieldsSeen("hopByHop", "fields for one connection", [
    ...["TE: trailers", "Keep-Alive: timeout=5", "Upgrade: h2c", "X-Hop: 1", "X-Stays: 1"],
    ...["Connection: X-Hop, Keep-Alive", "Proxy-Connection: x", "Trailer: X-T"],
  ]),
  fieldsSeen("hopByHop", "Connection twice", ["Connection: X-A", "Connection: X-B", "X-A: 1", "X-B: 1", "X-C: 1"]),
  fieldsSeen("hopByHop", "Connection that names Host and Cookie", ["Connection: Host, Cookie", "Cookie: a=b"]),
  fieldsSeen("hopByHop", "Connection that names X-Forwarded-For", [
    "Connection: X-Forwarded-For",
    "X-Forwarded-For: 9.9.9.9",
  ]),
  fieldsSeen("hopByHop", "Proxy-Authorization", ["Proxy-Authorization: Basic eDp5"]),
  fieldsSeen("hopByHop", "Connection: close", ["Connection: close"]),
  fieldsSeen("relaying", "repeated fields of a request", ["X-A: 1", "X-B: 2", "X-A: 3", "Cookie: a", "Cookie: b"], {
    differs: apart,
  }),
  fieldsSeen("relaying", "an empty field of a request", ["X-A:", "X-B: 2"]),
  fieldsSeen("relaying", "fields in any case", ["x-a: 1", "X-a: 2", "ACCEPT: */*"], { differs: apart }),
  fieldsSeen("forwarding", "no list before", []),
  fieldsSeen("forwarding", "lists before", [
    "X-Forwarded-For: 9.9.9.9",
    "X-Forwarded-Host: o",
    "X-Forwarded-Server: p",
  ]),
  fieldsSeen("forwarding", "a list of several fields", [
    "X-Forwarded-For: 1.1.1.1",
    "X-A: 1",
    "X-Forwarded-For: 2.2.2.2, 3.3.3.3",
  ]),
  fieldsSeen("forwarding", "fields that mod_proxy does not know", [
    ...[
      "X-Forwarded-Proto: https",
      "X-Forwarded-Port: 443",
      "X-Forwarded-Prefix: /x",
      "Forwarded: for=1.1.1.1",
      "X-Real-IP: 1.1.1.1",
    ],
  ]),
  fieldsSeen("forwarding", "a Host with a port", [], { host: "Host: front.test:8080" }),
];

const withTrailers = (fields: string): string => `${ok}${chunked}Trailer: X-T\r\n\r\n2\r\nok\r\n0\r\n${fields}\r\n`;

const trailers: readonly Row[] = [
  ...(
    [
      ["a trailer", withTrailers("X-T: 1\r\n")],
      ["several trailers", withTrailers("X-T: 1\r\nX-U: 2\r\n")],
      ["no trailer", withTrailers("")],
      ["trailers of a response without a body", `HTTP/1.1 204 None\r\n\r\n`],
    ] as const
  ).map(([name, text]): Row => ({
    ...{ hazard: "relaying", name: `${name}, over HTTP/2`, backEnd: answering(text) },
    run: ({ path, askHttp2 }) => askHttp2(`${path}/a`),
  })),
  {
    ...{ hazard: "relaying", name: "trailers that frame, over HTTP/2" },
    backEnd: answering(withTrailers("Connection: close\r\nX-T: 1\r\n")),
    run: ({ path, askHttp2 }) => askHttp2(`${path}/a`),
  },
  {
    ...{ hazard: "relaying", name: "trailers of a request, merged", backEnd: answering(okay) },
    async run({ path, backEnd, ask }) {
      const head = `POST ${path}/a HTTP/1.1\r\nHost: front.test\r\nX-A: 1\r\n${chunked}\r\n`;
      const answer = await ask(`${head}5\r\nhello\r\n0\r\nX-A: 2\r\nX-Sum: 3\r\n\r\n`);
      return [
        answer.slice(0, 15),
        String(/^x-a: 1\r$/im.test(backEnd.received())),
        String(/sum|: 2\r/i.test(backEnd.received())),
      ];
    },
  },
  {
    ...{ hazard: "relaying", name: "trailers of a request of HTTP/2, merged", backEnd: answering(okay) },
    async run({ path, backEnd, askHttp2 }) {
      const answer = await askHttp2(`${path}/a`, { "x-sum": "3" });
      return [...answer, String(/sum/i.test(backEnd.received()))];
    },
  },
];

/** Requests one after the other, each on a client's connection of its own. */
function inTurn(name: string, backEnd: Row["backEnd"], requests: readonly string[], more: Partial<Row> = {}): Row {
  return {
    ...{ hazard: "pooling", name, backEnd, ...more },
    async run(world) {
      const lines: string[] = [];
      for (const [index, request] of requests.entries()) {
        const [method = "", body] = request.split(" ");
        const { path, ask } = world;
        const framed = body === undefined ? "" : length(body.length);
        const answer = await ask(
          `${method} ${path}/${index} HTTP/1.1\r\nHost: front.test\r\n${framed}\r\n${body ?? ""}`,
          [method],
        );
        lines.push(answer.slice(0, 15), answer.split("\n\n")[1]?.split("\n")[0]?.slice(0, 20) ?? "");
      }
      return [...lines, ...seenBy(world.backEnd)];
    },
  };
}

/** Answers the first request of the first connection, and then does something with the next one. */
function once(then: (socket: Accepted["socket"]) => void, isAlways = false): Row["backEnd"] {
  return () => {
    let first: Accepted | undefined;
    return (connection) => {
      first ??= connection;
      const { received, socket } = connection;
      const count = requestsIn(received).lines.length;
      if (count === 0) return;
      if (count > 1 || (isAlways && first !== connection)) then(socket);
      else socket.write(okay);
    };
  };
}

const resets = once((socket) => void socket.resetAndDestroy());
const ends = once((socket) => void socket.end());
const alwaysEnds = once((socket) => void socket.end(), true);
const again = "tried once more, since nothing is lost or done twice; Apache has the client do it";

const pooling: readonly Row[] = [
  inTurn("five requests, one connection", answering(okay), ["GET", "GET", "POST hello", "HEAD", "GET"]),
  inTurn("a connection for each request", answering(okay), ["GET", "GET"], { parameters: "disablereuse=on" }),
  inTurn("Connection: close of the back end", answering(`${ok}Connection: close\r\n${length(2)}\r\nok`), [
    "GET",
    "GET",
  ]),
  inTurn("a back end of HTTP/1.0", answering(`HTTP/1.0 200 OK\r\n${length(2)}\r\nok`), ["GET", "GET"]),
  inTurn(
    "HTTP/1.0 that keeps",
    answering(`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${length(2)}\r\nok`),
    ["GET", "GET"],
    { differs: "kept, as the back end says" },
  ),
  inTurn("responses without a body", answering("HTTP/1.1 204 None\r\n\r\n"), ["GET", "GET"]),
  inTurn("more than the length behind a response", answering(`${okay}HTTP/1.1 200 OK\r\n${length(4)}\r\nevil`, okay), [
    "GET",
    "GET",
  ]),
  inTurn("a body behind the response to HEAD", answering(okay, okay), ["HEAD", "GET"]),
  ...(["GET", "HEAD", "PUT hello", "DELETE", "POST hello"] as const).flatMap((request) => [
    inTurn(
      `a kept connection is reset with ${request}`,
      resets,
      ["GET", request],
      request.startsWith("POST") ? {} : { differs: again },
    ),
    inTurn(
      `a kept connection ends with ${request}`,
      ends,
      ["GET", request],
      request.startsWith("POST") ? {} : { differs: again },
    ),
  ]),
  inTurn("a new connection ends with the request, too", alwaysEnds, ["GET", "GET"], { differs: again }),
];

/** What happens between client and back end, row for row. */
export const rows: readonly Row[] = [
  ...framing,
  ...leavings,
  ...resetUpgrades,
  ...refusals,
  ...tunnels,
  ...paths,
  ...fields,
  ...trailers,
  ...pooling,
];
