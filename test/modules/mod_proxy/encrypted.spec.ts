import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TlsOptions, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { selfSigned, signed } from "../../conformance/certificates.js";
import { faultsOf } from "../../support/ask.js";
import { closeAll, closing, request, startFront } from "./front.js";

const names = "subjectAltName=DNS:localhost";
const own = selfSigned("/CN=localhost", names);
const other = selfSigned("/CN=elsewhere.test");

/** A back end that speaks TLS, and answers with the name it was asked for and the client's own. */
async function encrypted(options: TlsOptions): Promise<{ readonly port: number; readonly heads: string[] }> {
  const heads: string[] = [];
  const server: Server = createServer({ ...options }, (socket: TLSSocket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      heads.push(bytes.toString("latin1"));
      const subject = socket.getPeerX509Certificate()?.subject ?? "nobody";
      const text = `${String(socket.servername)} ${subject} ${String(socket.getProtocol())}`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    });
  });
  server.on("tlsClientError", () => undefined);
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket: { destroy(): void }) => sockets.add(socket));
  await new Promise<void>((resolve) => void server.listen(0, "localhost", resolve));
  closing({
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return { port: (server.address() as AddressInfo).port, heads };
}

describe("mod_proxy and https:// back ends", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "proxy-tls-"));
    const client = signed("/CN=authority", "/CN=front");
    writeFileSync(join(folder, "own.pem"), own.cert);
    writeFileSync(join(folder, "other.pem"), other.cert);
    writeFileSync(join(folder, "client.pem"), client.cert + client.key);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(closeAll);

  const good = { cert: own.cert, key: own.key };
  const strange = { cert: other.cert, key: other.key };

  /** Lines, the back end's TLS, and the answer. */
  const rows: readonly (readonly [string, string, TlsOptions, RegExp])[] = [
    ["anybody's certificate with the name", "", good, /^HTTP\/1.1 200 [^]*localhost nobody TLSv1.3$/],
    ["a certificate with another name", "", strange, /^HTTP\/1.1 500 Proxy Error[^]*Error during SSL Handshake/],
    [
      "another name where it is not looked at",
      "SSLProxyCheckPeerName Off\nSSLProxyCheckPeerCN Off",
      strange,
      /^HTTP\/1.1 200 /,
    ],
    ["another CN where the name is not looked at", "SSLProxyCheckPeerName Off", strange, /^HTTP\/1.1 500 /],
    [
      "the authority's certificate",
      "SSLProxyVerify require\nSSLProxyCACertificateFile FOLDER/own.pem",
      good,
      /^HTTP\/1.1 200 /,
    ],
    [
      "another authority's",
      "SSLProxyVerify require\nSSLProxyCACertificateFile FOLDER/other.pem",
      good,
      /^HTTP\/1.1 500 /,
    ],
    ["nobody's authority", "SSLProxyVerify require", good, /^HTTP\/1.1 500 /],
    ["TLS 1.2 alone", "SSLProxyProtocol TLSv1.2", good, /^HTTP\/1.1 200 [^]*TLSv1.2$/],
    ["a version that is not spoken", "SSLProxyProtocol TLSv1.3", { ...good, maxVersion: "TLSv1.2" }, /^HTTP\/1.1 500 /],
    [
      "a certificate of ours",
      "SSLProxyMachineCertificateFile FOLDER/client.pem",
      { ...good, requestCert: true, rejectUnauthorized: false },
      /^HTTP\/1.1 200 [^]*localhost CN=front TLSv1.3$/,
    ],
  ];

  for (const [what, lines, options, answer] of rows) {
    it(`meet ${what}`, async () => {
      const { port } = await encrypted(options);
      const front = closing(
        await startFront(
          `SSLProxyEngine On\n${lines.replaceAll("FOLDER", folder)}\nProxyPass / https://localhost:${port}/`,
        ),
      );
      expect(await front.send(request("GET /x"))).to.match(answer);
      // The next one, which may go on with the session, meets the same.
      expect(await front.send(request("GET /x"))).to.match(answer);
    });
  }

  it("are a 500 where SSLProxyEngine is Off, and asked nothing", async () => {
    const { port, heads } = await encrypted(good);
    const front = closing(await startFront(`ProxyPass / https://localhost:${port}/`));
    expect(await front.send(request("GET /x"))).to.match(/^HTTP\/1.1 500 /);
    expect(heads).to.deep.equal([]);
  });

  it("see nothing of a request when their certificate is not good", async () => {
    const { port, heads } = await encrypted(strange);
    const front = closing(await startFront(`SSLProxyEngine On\nProxyPass / https://localhost:${port}/`));
    await front.send(`${request("POST /x", "Content-Length: 6")}secret`);
    expect(heads).to.deep.equal([]);
  });

  it("are a 503 when they cannot be reached", async () => {
    const front = closing(await startFront("SSLProxyEngine On\nProxyPass / https://127.0.0.1:1/"));
    expect(await front.send(request("GET /x"))).to.match(/^HTTP\/1.1 503 /);
  });

  it("are refused at load where a file is not there", () => {
    const { errors } = faultsOf("SSLProxyEngine On\nSSLProxyCACertificateFile /no/such.pem");
    expect(errors.join()).to.contain("does not exist");
  });
});
