// Raw frames of HTTP/2, as RFC 9113 allows and forbids them, to mod_http2 of a real Apache and to modhost → what each answers.
import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingForApache, skipWithout, startServer, type Server } from "./servers.js";

const configuration = `
LoadModule http2_module @MODULES@/mod_http2.so
Protocols h2c http/1.1
H2Push Off
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
    Require all granted
</Directory>
`;

const [DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;
const [END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY] = [1, 1, 4, 8, 32] as const;
const codes = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
];
const moreCodes = [
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
];
const allCodes = [...codes, ...moreCodes];

function frame(type: number, flags: number, stream: number, payload: Buffer | string = ""): Buffer {
  const body = Buffer.from(payload as string, "latin1");
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), uint32(value)]);

/** Fields as literals that nobody need remember; a name of upper case stays so. */
function block(...fields: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, "latin1");
    if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    const length = [127];
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    return Buffer.concat([Buffer.from([...length, rest]), bytes]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

const method = (name: string): readonly [string, string] => [":method", name];
const get = [method("GET"), [":scheme", "http"], [":authority", "www.test"], [":path", "/text.txt"]] as const;
const post = [method("POST"), ...get.slice(1)] as const;
const whole = END_STREAM | END_HEADERS;
const asks = (stream: number, ...more: readonly (readonly [string, string])[]): Buffer =>
  frame(HEADERS, whole, stream, block(...get, ...more));
const begins = (stream: number, ...more: readonly (readonly [string, string])[]): Buffer =>
  frame(HEADERS, END_HEADERS, stream, block(...post, ...more));
const without = (name: string): Buffer => frame(HEADERS, whole, 1, block(...get.filter(([each]) => each !== name)));
const changed = (name: string, value: string): Buffer =>
  frame(HEADERS, whole, 1, block(...get.map(([each, old]) => [each, each === name ? value : old] as const)));
const data = (stream: number, flags: number, text: Buffer | string = ""): Buffer => frame(DATA, flags, stream, text);
const cut = (bytes: Buffer, at: number): [Buffer, Buffer] => [bytes.subarray(0, at), bytes.subarray(at)];
const [front, back] = cut(block(...get), 12);

interface Row {
  readonly name: string;
  readonly frames: readonly Buffer[];
  /** In the place of the preface and an empty SETTINGS frame. */
  readonly start?: Buffer;
  /** Why the two differ. It is an error when they do not. */
  readonly differs?: string;
}

/** Node.js from 22 on has a reader of its own time: it leaves out what RFC 9113 does, and is stricter with the rest. */
const isNewer = Number(process.versions.nghttp2?.split(".")[1]) > 61;
const newer = (differs: string): { differs?: string } => (isNewer ? { differs: `Node.js 22: ${differs}` } : {});

const node = "Node.js ends the connection, Apache takes no notice";
const wholeConnection = "Node.js ends the connection for it, Apache the stream";
const left = "Node.js leaves such a field out; nothing of it reaches the server";
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const rows: readonly Row[] = [
  { name: "a request", frames: [asks(1)] },
  { name: "two requests", frames: [asks(1), asks(3)] },
  { name: "a request with a stream left out", frames: [asks(5)] },
  { name: "a request after a higher one", frames: [asks(5), asks(3)] },
  { name: "a request on an even stream", frames: [asks(2)] },
  { name: "a request on stream 0", frames: [asks(0)] },
  { name: "a preface without settings", start: preface, frames: [asks(1)] },
  {
    name: "settings with values",
    start: Buffer.concat([preface, frame(SETTINGS, 0, 0, setting(4, 100_000))]),
    frames: [asks(1)],
  },
  // DATA: section 6.1
  { name: "data on stream 0", frames: [data(0, 0, "x")] },
  { name: "data on a stream that was never opened", frames: [data(1, 0, "x")] },
  { name: "data behind the end of a request", frames: [asks(1), data(1, END_STREAM, "x")] },
  { name: "data of a body", frames: [begins(1), data(1, END_STREAM, "a=b")] },
  { name: "empty data at the end", frames: [begins(1), data(1, 0, "a=b"), data(1, END_STREAM)] },
  { name: "padded data", frames: [begins(1), data(1, END_STREAM | PADDED, "\x02abc\0\0")] },
  { name: "data that is padding only", frames: [begins(1), data(1, PADDED, "\x02\0\0"), data(1, END_STREAM, "a")] },
  { name: "padding as long as the frame", frames: [begins(1), data(1, END_STREAM | PADDED, "\x05abcd")] },
  { name: "padding without its length", frames: [begins(1), data(1, END_STREAM | PADDED, "")] },
  { name: "data behind a second end", frames: [begins(1), data(1, END_STREAM, "a"), data(1, END_STREAM, "b")] },
  // HEADERS: section 6.2
  {
    name: "padded fields",
    frames: [frame(HEADERS, whole | PADDED, 1, Buffer.concat([Buffer.from([2]), block(...get), Buffer.alloc(2)]))],
  },
  {
    name: "fields with more padding than frame",
    frames: [frame(HEADERS, whole | PADDED, 1, Buffer.concat([Buffer.from([255]), block(...get)]))],
  },
  {
    name: "fields with a priority",
    frames: [frame(HEADERS, whole | WITH_PRIORITY, 1, Buffer.concat([uint32(0), Buffer.from([15]), block(...get)]))],
  },
  {
    name: "fields that depend on themselves",
    frames: [frame(HEADERS, whole | WITH_PRIORITY, 1, Buffer.concat([uint32(1), Buffer.from([15]), block(...get)]))],
  },
  { name: "fields with a priority cut off", frames: [frame(HEADERS, whole | WITH_PRIORITY, 1, Buffer.from([0, 0]))] },
  { name: "fields behind the end of a request", frames: [asks(1), asks(1)] },
  {
    name: "fields that cannot be unpacked",
    frames: [frame(HEADERS, whole, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
  },
  { name: "a field of no table", frames: [frame(HEADERS, whole, 1, Buffer.from([0xc0 | 0x3e]))] },
  {
    name: "a table larger than agreed",
    frames: [frame(HEADERS, whole, 1, Buffer.concat([Buffer.from([0x3f, 0xe1, 0xff, 0x03]), block(...get)]))],
  },
  // PRIORITY: section 6.3
  { name: "a priority", frames: [frame(PRIORITY, 0, 1, Buffer.concat([uint32(0), Buffer.from([1])])), asks(1)] },
  {
    name: "a priority on stream 0",
    frames: [frame(PRIORITY, 0, 0, Buffer.concat([uint32(1), Buffer.from([1])]))],
    ...newer("priorities are not read, as RFC 9113 has it"),
  },
  { name: "a priority of four bytes", frames: [frame(PRIORITY, 0, 1, uint32(0)), asks(3)] },
  {
    name: "a priority on itself",
    frames: [frame(PRIORITY, 0, 1, Buffer.concat([uint32(1), Buffer.from([1])])), asks(3)],
    ...newer("priorities are not read, as RFC 9113 has it"),
  },
  // RST_STREAM: section 6.4
  { name: "a reset on stream 0", frames: [frame(RST, 0, 0, uint32(8))] },
  { name: "a reset of a stream that was never opened", frames: [frame(RST, 0, 1, uint32(8))] },
  { name: "a reset of three bytes", frames: [begins(1), frame(RST, 0, 1, Buffer.alloc(3))] },
  { name: "a reset", frames: [begins(1), frame(RST, 0, 1, uint32(8)), asks(3)] },
  { name: "data behind a reset", frames: [begins(1), frame(RST, 0, 1, uint32(8)), data(1, END_STREAM, "x"), asks(3)] },
  // SETTINGS: section 6.5
  { name: "settings on a stream", frames: [frame(SETTINGS, 0, 1)] },
  { name: "an ACK of settings with content", frames: [frame(SETTINGS, ACK, 0, setting(4, 1))] },
  { name: "settings of five bytes", frames: [frame(SETTINGS, 0, 0, Buffer.alloc(5))] },
  { name: "settings nobody knows", frames: [frame(SETTINGS, 0, 0, setting(99, 1)), asks(1)] },
  { name: "ENABLE_PUSH of 2", frames: [frame(SETTINGS, 0, 0, setting(2, 2))] },
  { name: "a window beyond the largest", frames: [frame(SETTINGS, 0, 0, setting(4, 2 ** 31))] },
  { name: "frames smaller than allowed", frames: [frame(SETTINGS, 0, 0, setting(5, 16_383))] },
  { name: "frames larger than allowed", frames: [frame(SETTINGS, 0, 0, setting(5, 2 ** 24))] },
  { name: "frames as large as allowed", frames: [frame(SETTINGS, 0, 0, setting(5, 2 ** 24 - 1)), asks(1)] },
  { name: "no table of fields", frames: [frame(SETTINGS, 0, 0, setting(1, 0)), asks(1)] },
  { name: "an unasked ACK of settings", frames: [frame(SETTINGS, ACK, 0), frame(SETTINGS, ACK, 0), asks(1)] },
  // PUSH_PROMISE, PING, GOAWAY: sections 6.6 to 6.8
  { name: "a promise by the client", frames: [frame(PUSH, END_HEADERS, 1, Buffer.concat([uint32(2), block(...get)]))] },
  { name: "a ping", frames: [frame(PING, 0, 0, "12345678"), asks(1)] },
  { name: "an unasked answer to a ping", differs: node, frames: [frame(PING, ACK, 0, "12345678"), asks(1)] },
  { name: "a ping of seven bytes", frames: [frame(PING, 0, 0, "1234567")] },
  { name: "a ping on a stream", frames: [frame(PING, 0, 1, "12345678")] },
  { name: "a farewell", frames: [frame(GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(0)]))] },
  { name: "a farewell on a stream", frames: [frame(GOAWAY, 0, 1, Buffer.concat([uint32(0), uint32(0)]))] },
  { name: "a farewell cut off", frames: [frame(GOAWAY, 0, 0, uint32(0))] },
  // WINDOW_UPDATE: section 6.9
  { name: "a window for the connection", frames: [frame(WINDOW, 0, 0, uint32(1000)), asks(1)] },
  { name: "a window of 0 for the connection", frames: [frame(WINDOW, 0, 0, uint32(0))] },
  { name: "a window of 0 for a stream", frames: [begins(1), frame(WINDOW, 0, 1, uint32(0))] },
  { name: "a window of three bytes", frames: [frame(WINDOW, 0, 0, Buffer.alloc(3))] },
  { name: "a window for a stream that was never opened", frames: [frame(WINDOW, 0, 1, uint32(1))] },
  { name: "a window of the connection that overflows", frames: [frame(WINDOW, 0, 0, uint32(2 ** 31 - 1))] },
  {
    name: "a window of a stream that overflows",
    differs: wholeConnection,
    frames: [begins(1), frame(WINDOW, 0, 1, uint32(2 ** 31 - 1))],
  },
  {
    name: "a window that settings overflow",
    frames: [begins(1), frame(WINDOW, 0, 1, uint32(2 ** 31 - 70_000)), frame(SETTINGS, 0, 0, setting(4, 2 ** 31 - 1))],
    ...newer("the connection is ended, not the stream"),
  },
  // CONTINUATION: section 6.10
  {
    name: "fields in two frames",
    frames: [frame(HEADERS, END_STREAM, 1, front), frame(CONTINUATION, END_HEADERS, 1, back)],
  },
  {
    name: "fields in three frames",
    frames: [
      frame(HEADERS, END_STREAM, 1, front),
      frame(CONTINUATION, 0, 1),
      frame(CONTINUATION, END_HEADERS, 1, back),
    ],
  },
  { name: "a continuation of nothing", frames: [frame(CONTINUATION, END_HEADERS, 1, back)] },
  { name: "a continuation of fields that had ended", frames: [asks(1), frame(CONTINUATION, END_HEADERS, 1, back)] },
  {
    name: "a continuation on another stream",
    frames: [frame(HEADERS, END_STREAM, 1, front), frame(CONTINUATION, END_HEADERS, 3, back)],
  },
  {
    name: "a ping among fields",
    frames: [
      frame(HEADERS, END_STREAM, 1, front),
      frame(PING, 0, 0, "12345678"),
      frame(CONTINUATION, END_HEADERS, 1, back),
    ],
  },
  { name: "data among fields", frames: [frame(HEADERS, 0, 1, front), data(1, END_STREAM, "x")] },
  {
    name: "an unknown frame among fields",
    frames: [frame(HEADERS, END_STREAM, 1, front), frame(99, 0, 1), frame(CONTINUATION, END_HEADERS, 1, back)],
  },
  {
    name: "a continuation on stream 0",
    frames: [frame(HEADERS, END_STREAM, 1, front), frame(CONTINUATION, END_HEADERS, 0, back)],
  },
  // Others
  { name: "an unknown frame", frames: [frame(99, 255, 0, "what"), asks(1)] },
  { name: "an unknown frame on a stream", frames: [begins(1), frame(99, 0, 1, "what"), data(1, END_STREAM, "a")] },
  { name: "a frame beyond the largest", frames: [begins(1), data(1, END_STREAM, Buffer.alloc(16_385))] },
  { name: "a stream with its reserved bit", frames: [frame(PING, 0, 2 ** 31, "12345678"), asks(1)] },
  // Messages: section 8
  { name: "no :method", frames: [without(":method")] },
  { name: "no :scheme", frames: [without(":scheme")] },
  { name: "no :path", frames: [without(":path")] },
  { name: "no :authority", frames: [without(":authority")] },
  { name: "an empty :path", frames: [changed(":path", "")] },
  { name: "an empty :method", frames: [changed(":method", "")] },
  { name: ":path twice", frames: [asks(1, [":path", "/"])] },
  { name: ":status of a request", frames: [asks(1, [":status", "200"])] },
  { name: "a pseudo field nobody knows", frames: [asks(1, [":other", "x"])] },
  {
    name: "a pseudo field behind others",
    frames: [frame(HEADERS, whole, 1, block(...get.slice(0, 3), ["x-one", "1"], [":path", "/text.txt"]))],
  },
  { name: "a name of upper case", frames: [asks(1, ["X-Upper", "1"])] },
  { name: "an empty name", differs: left, frames: [asks(1, ["", "1"])] },
  { name: "a name with a blank", differs: left, frames: [asks(1, ["x y", "1"])] },
  { name: "a value with a line end", differs: left, frames: [asks(1, ["x-one", "a\r\nb"])] },
  { name: "a value with a NUL", differs: left, frames: [asks(1, ["x-one", "a\0b"])] },
  { name: "a value with blanks around", frames: [asks(1, ["x-one", " a "])] },
  { name: "Connection", frames: [asks(1, ["connection", "close"])] },
  { name: "Transfer-Encoding", frames: [asks(1, ["transfer-encoding", "chunked"])] },
  { name: "Upgrade", frames: [asks(1, ["upgrade", "h2c"])] },
  { name: "Keep-Alive", frames: [asks(1, ["keep-alive", "1"])] },
  { name: "Proxy-Connection", frames: [asks(1, ["proxy-connection", "close"])] },
  { name: "TE of trailers", frames: [asks(1, ["te", "trailers"])] },
  { name: "TE of something else", frames: [asks(1, ["te", "gzip"])] },
  { name: "a length that is right", frames: [begins(1, ["content-length", "3"]), data(1, END_STREAM, "a=b")] },
  { name: "a length beyond the body", frames: [begins(1, ["content-length", "9"]), data(1, END_STREAM, "a=b")] },
  {
    name: "a body beyond the length",
    frames: [begins(1, ["content-length", "1"]), data(1, END_STREAM, "a=b")],
    ...newer("the connection is ended, not the stream"),
  },
  { name: "a length without a body", frames: [frame(HEADERS, whole, 1, block(...post, ["content-length", "3"]))] },
  { name: "a length that is none", frames: [begins(1, ["content-length", "x"]), data(1, END_STREAM, "a")] },
  {
    name: "two lengths",
    frames: [begins(1, ["content-length", "1"], ["content-length", "1"]), data(1, END_STREAM, "a")],
  },
  { name: "trailers", frames: [begins(1), data(1, 0, "a"), frame(HEADERS, whole, 1, block(["x-sum", "1"]))] },
  {
    name: "trailers that do not end the stream",
    frames: [begins(1), data(1, 0, "a"), frame(HEADERS, END_HEADERS, 1, block(["x-sum", "1"]))],
  },
  {
    name: "trailers with a pseudo field",
    frames: [begins(1), data(1, 0, "a"), frame(HEADERS, whole, 1, block([":path", "/"]))],
  },
  {
    name: "CONNECT",
    frames: [frame(HEADERS, END_HEADERS, 1, block(method("CONNECT"), [":authority", "www.test:80"]))],
  },
  { name: "CONNECT with a :path", frames: [changed(":method", "CONNECT")] },
  {
    name: "CONNECT with a :protocol",
    frames: [frame(HEADERS, END_HEADERS, 1, block(method("CONNECT"), [":protocol", "websocket"], ...get.slice(1)))],
  },
];

const patience = 10_000;
const mark = "12121212";

/** What comes back for frames, told by streams: status, data, reset; and how the connection fared. */
function answerTo(port: number, { frames, start }: Row): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const streams = new Map<number, string[]>();
    let received = Buffer.alloc(0);
    let fate = "";
    const settle = (end: string): void => {
      clearTimeout(limit);
      socket.destroy();
      const lines = [...streams].sort(([one], [other]) => one - other).map(([id, what]) => `${id}: ${what.join(" ")}`);
      resolve([...lines, fate || end].join("\n"));
    };
    const limit = setTimeout(() => settle("silent"), patience);
    const note = (id: number, text: string): void => {
      const known = streams.get(id);
      if (known) known.push(text);
      else streams.set(id, [text]);
    };
    const isOver = (): boolean => opened.every((id) => streams.get(id)?.some((text) => /^(end|reset)/.test(text)));
    let isAnswered = false;
    const opened = [...new Set(frames.filter((each) => each[3] === HEADERS).map((each) => each.readUInt32BE(5)))];
    const take = (type: number, flags: number, id: number, body: Buffer): void => {
      if (type === PING && (flags & ACK) !== 0 && body.toString("latin1") === mark) isAnswered = true;
      else if (type === HEADERS) note(id, statusIn(body));
      else if (type === RST) note(id, `reset ${allCodes[body.readUInt32BE(0)] ?? "?"}`);
      else if (type === GOAWAY && fate === "") fate = `goaway ${allCodes[body.readUInt32BE(4)] ?? "?"}`;
      if ((type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0) note(id, "end");
      if (fate !== "" && fate !== "goaway NO_ERROR") settle(fate);
      else if (isAnswered && isOver()) settle("kept");
    };
    socket.on("error", () => undefined).on("close", () => settle("closed"));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 9) {
        const size = received.readUIntBE(0, 3);
        if (received.length < 9 + size) return;
        const [type = 0, flags = 0] = received.subarray(3, 5);
        const id = received.readUInt32BE(5);
        const body = received.subarray(9, 9 + size);
        received = received.subarray(9 + size);
        take(type, flags, id, body);
      }
    });
    socket.write(
      Buffer.concat([start ?? Buffer.concat([preface, frame(SETTINGS, 0, 0)]), ...frames, frame(PING, 0, 0, mark)]),
    );
  });
}

/** The status of a response: first in its block, by its number in the table, or as a literal that may be packed. */
function statusIn(block: Buffer): string {
  const known: Readonly<Record<number, string>> = {
    8: "200",
    9: "204",
    10: "206",
    11: "304",
    12: "400",
    13: "404",
    14: "500",
  };
  let at = 0;
  while (((block[at] ?? 0) & 0xe0) === 0x20)
    at += ((block[at] ?? 0) & 0x1f) === 0x1f ? 2 + [...block.subarray(at + 1)].findIndex((byte) => byte < 0x80) : 1;
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) return known[first & 0x7f] ?? "indexed";
  const length = block[at + 1] ?? 0;
  const bytes = block.subarray(at + 2, at + 2 + (length & 0x7f));
  return (length & 0x80) === 0 ? bytes.toString("latin1") : digits(bytes);
}

/** Digits by Huffman's code of RFC 7541. */
function digits(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let text = "";
  while (bits.length >= 5 && !/^1+$/.test(bits)) {
    const short = parseInt(bits.slice(0, 5), 2);
    const size = short < 3 ? 5 : 6;
    const value = short < 3 ? short : parseInt(bits.slice(0, 6), 2) - 0x19 + 3;
    text += String(value);
    bits = bits.slice(size);
  }
  return text;
}

describe("frames of HTTP/2, as Apache", function () {
  this.timeout(60_000);
  let root = "";
  const servers: Server[] = [];

  before(async function () {
    skipWithout(this, missingForApache());
    root = mkdtempSync(join(tmpdir(), "frames-"));
    chmodSync(root, 0o755);
    mkdirSync(join(root, "htdocs"));
    mkdirSync(join(root, "conf"));
    writeFileSync(join(root, "htdocs/text.txt"), "text\n");
    writeFileSync(join(root, "conf/mime.types"), "text/plain txt\n");
    for (const kind of ["apache", "modhost"] as const) servers.push(await startServer(kind, configuration, root));
  });

  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    if (root !== "") rmSync(root, { recursive: true, force: true });
  });

  for (const row of rows) {
    it(row.name + (row.differs === undefined ? "" : ` (differs: ${row.differs})`), async () => {
      const [expected, found] = await Promise.all(servers.map((server) => answerTo(server.ports[0], row)));
      if (row.differs === undefined) expect(found).to.equal(expected);
      else expect(found, "listed as different, and equal").to.not.equal(expected);
    });
  }
});
