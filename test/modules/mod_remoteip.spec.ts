// RemoteIPProxyProtocol: headers in pieces, those that never come, and what follows them: TLS, HTTP/2, several requests.
import { expect } from "chai";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { readAnnouncement } from "../../src/modules/mod_remoteip/announcement.js";
import { selfSigned } from "../conformance/certificates.js";
import { faultsOf } from "../support/ask.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { freePorts, until } from "../support/running.js";

const line = "PROXY TCP4 192.0.2.7 198.51.100.1 12345 80\r\n";
const ipv4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x30, 0x39, 0, 80];
const binary = Buffer.from(["\r\n\r\n\0\r\nQUIT\n", "\x21\x11\0\x0c", String.fromCharCode(...ipv4)].join(""), "latin1");
const client = { address: "192.0.2.7", port: 12345 };

describe("an announcement of the PROXY protocol", () => {
  for (const [version, bytes] of [
    ["as text", Buffer.from(line, "latin1")],
    ["as bytes", binary],
  ] as const) {
    it(`${version} is read however few bytes have come`, () => {
      const whole = Buffer.concat([bytes, Buffer.from("GET / HTTP/1.1")]);
      for (let count = 0; count < bytes.length; count++) {
        expect(readAnnouncement(whole.subarray(0, count)), `${count} bytes`).to.equal("more");
      }
      expect(readAnnouncement(whole)).to.deep.equal({ length: bytes.length, client });
    });
  }

  for (const text of ["G", "PRG", "\r\n\r\n\0\r\nQUIX", `PROXY ${"x".repeat(120)}`, "PROXY TCP4 192.0.2.7\n"]) {
    it(`is refused as soon as ${JSON.stringify(text.slice(0, 20))} shows that it is none`, () => {
      expect(readAnnouncement(Buffer.from(text, "latin1"))).to.have.property("fault");
    });
  }

  it("shows addresses of IPv6 as the system does", () => {
    const addresses = Buffer.alloc(36);
    Buffer.from("20010db8000000000000000000000007", "hex").copy(addresses);
    const header = Buffer.concat([binary.subarray(0, 13), Buffer.from([0x21, 0, 36]), addresses]);
    expect(readAnnouncement(header)).to.deep.equal({ length: 52, client: { address: "2001:db8::7", port: 0 } });
  });
});

describe("RemoteIPProxyProtocol", function () {
  this.timeout(60_000);
  const pair = selfSigned("/CN=localhost");
  const open: Socket[] = [];
  let server: ServedRoot;
  let ports: readonly number[] = [];

  before(async () => {
    ports = await freePorts(2);
    const [plain = 0, encrypted = 0] = ports;
    server = await serveModhost(
      `Listen 127.0.0.1:${plain}
Listen 127.0.0.1:${encrypted} https
RequestReadTimeout header=1
Header set X-Client expr=%{REMOTE_ADDR}
<VirtualHost *:${plain}>
  RemoteIPProxyProtocol On
</VirtualHost>
<VirtualHost *:${encrypted}>
  RemoteIPProxyProtocol On
  Protocols h2 http/1.1
  SSLEngine On
  SSLCertificateFile pair.pem
  SSLCertificateKeyFile pair.key
</VirtualHost>`,
      {
        files: { "htdocs/index.html": "index", "pair.pem": pair.cert, "pair.key": pair.key },
        modules: ["remoteip", "reqtimeout", "headers", "ssl", "http2"],
      },
    );
  });
  afterEach(() => open.splice(0).forEach((socket) => socket.destroy()));
  after(() => server.end());

  /** Opens a connection; `text` is what has come, `ended` whether the server has ended it. */
  function talkTo(port = 0): { socket: Socket; text: () => string; ended: () => boolean } {
    const socket = connect(port, "127.0.0.1");
    open.push(socket);
    let text = "";
    let ended = false;
    socket.on("data", (bytes) => (text += bytes.toString("latin1")));
    socket.on("error", () => (ended = true)).on("close", () => (ended = true));
    return { socket, text: () => text, ended: () => ended };
  }

  for (const header of ["", "PROXY TCP4 192.0.2.7 "]) {
    it(`ends a connection that goes no further than ${JSON.stringify(header)}`, async () => {
      const { socket, text, ended } = talkTo(ports[0]);
      socket.write(header);
      await until("the server ends the connection", ended);
      expect(text()).to.equal("");
      await until("the log tells", () => /remoteip:error.*did not come in time/.test(server.errors()));
    });
  }

  it("tells in the error log why a connection was ended", async () => {
    const { socket, ended } = talkTo(ports[0]);
    socket.write('PROXY TCP4 1.2.3.4\x1b" x 1 2\r\n');
    await until("the server ends the connection", ended);
    await until("the log tells", () => server.errors().includes("AH03500"));
    expect(server.errors()).to.match(/\[client 127\.0\.0\.1:\d+\] AH03500: .*1\.2\.3\.4/);
    expect(server.errors()).to.not.include("\x1b");
  });

  it("reads a header that comes byte by byte, with a request behind it", async () => {
    const { socket, text } = talkTo(ports[0]);
    socket.setNoDelay(true);
    for (const byte of line) await new Promise<void>((resolve) => socket.write(byte, () => resolve()));
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until("two answers have come", () => text().split("X-Client: 192.0.2.7").length === 3);
  });

  it("stands before TLS, in one piece with the handshake too, and holds for HTTP/2", async () => {
    const socket = connect(ports[1] ?? 0, "127.0.0.1");
    open.push(socket);
    socket.cork();
    socket.write(line);
    const encrypted = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    socket.uncork();
    const session = connectHttp2("https://localhost", { createConnection: () => encrypted });
    try {
      const stream = session.request({ ":path": "/" });
      const fields = await new Promise<object>((resolve, reject) => {
        stream.on("response", resolve).on("error", reject);
        session.on("error", reject);
      });
      expect(fields).to.include({ ":status": 200, "x-client": "192.0.2.7" });
    } finally {
      session.destroy();
    }
  });

  it("wants addresses as exceptions", () => {
    const { errors } = faultsOf("RemoteIPProxyProtocolExceptions proxy.example.org");
    expect(errors.join()).to.include("must be an address or a network");
  });
});
