// Clients that leave in the middle of a handshake, or end their half of the connection after it.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import { connect } from "node:tls";
import { makeRoot, serveRoot, type ServedRoot } from "../../support/modhost.js";
import { freePorts } from "../../support/running.js";

/** The first message of a handshake. */
async function clientHello(): Promise<Buffer> {
  const [near, far] = duplexPair();
  const socket = connect({ socket: near, servername: "localhost" }).on("error", () => undefined);
  const [hello] = (await once(far, "data")) as [Buffer];
  socket.destroy();
  return hello;
}

describe("a client of an encrypted virtual host", function () {
  // Less than what a handshake may take, which is a minute.
  this.timeout(50_000);
  let server: ServedRoot | undefined;
  let secure = 0;
  before(async () => {
    [secure = 0] = await freePorts(1);
    const lines = `
Listen 127.0.0.1:${secure}
<VirtualHost *:${secure}>
    SSLEngine on
    SSLCertificateFile @ROOT@/cert.pem
    SSLCertificateKeyFile @ROOT@/key.pem
</VirtualHost>`;
    const { root, port } = await makeRoot(lines, { modules: ["ssl"] });
    const make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    execFileSync("openssl", [...make, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"], {
      cwd: root,
      stdio: "ignore",
    });
    writeFileSync(join(root, "htdocs/index.html"), "hello\n");
    server = await serveRoot(root, port);
  });
  after(() => server?.end());

  it("is let go at once when it ends the connection in the middle of the handshake", async () => {
    const client = connectPlain({ port: secure, host: "127.0.0.1", allowHalfOpen: true });
    client.write(await clientHello());
    client.once("data", () => client.end());
    await once(client.resume(), "close");
  });

  it("gets its answer when it ends its half after the request", async () => {
    const options = { port: secure, host: "127.0.0.1", rejectUnauthorized: false, allowHalfOpen: true };
    const client = connect(options, () => client.end("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let text = "";
    client.on("data", (bytes: Buffer) => (text += bytes.toString()));
    await once(client, "close");
    expect(text).to.match(/^HTTP\/1\.1 200 [^]*hello\n$/);
  });
});
