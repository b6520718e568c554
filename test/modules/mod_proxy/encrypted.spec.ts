import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TlsOptions, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { hashedNames, makeAuthorities } from "../../conformance/authorities.js";
import { selfSigned, signed } from "../../conformance/certificates.js";
import { faultsOf } from "../../support/ask.js";
import { closeAll, closing, request, startFront } from "./front.js";

const names = "subjectAltName=DNS:localhost";
const own = selfSigned("/CN=localhost", names);
const other = selfSigned("/CN=elsewhere.test");
const below = { by: "root", extensions: [names] } as const;
const { pairs, lists } = makeAuthorities([
  { name: "root", isAuthority: true },
  { name: "good", ...below },
  { name: "revoked", ...below, isRevoked: true },
  { name: "withdrawn", by: "root", isAuthority: true, isRevoked: true },
  { name: "below-withdrawn", by: "withdrawn", extensions: [names] },
]);

/** How a back end shows one of those, with those above it. */
function shown(name: string, ...above: string[]): TlsOptions {
  return { key: pairs[name]?.key ?? "", cert: [name, ...above].map((each) => pairs[each]?.cert ?? "").join("") };
}

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
    writeFileSync(join(folder, "authority.pem"), client.authority);
    writeFileSync(join(folder, "root.pem"), pairs["root"]?.cert ?? "");
    writeFileSync(join(folder, "all.crl"), `${lists["root"]}${lists["withdrawn"]}`);
    writeFileSync(join(folder, "root.crl"), lists["root"] ?? "");
    writeFileSync(join(folder, "old.crl"), lists["root.old"] ?? "");
    for (const [name, texts] of [
      ["roots", hashedNames([pairs["root"]?.cert ?? ""], "x509")],
      ["lists", hashedNames([lists["root"] ?? "", lists["withdrawn"] ?? ""], "crl")],
      ["identities", { "front.pem": client.cert + client.key }],
      ["two", { "a.pem": client.cert + client.key, "b.pem": client.cert + client.key }],
    ] as const) {
      mkdirSync(join(folder, name));
      for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, name, file), text);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(closeAll);

  const good = { cert: own.cert, key: own.key };
  const strange = { cert: other.cert, key: other.key };

  const byRoot = "SSLProxyVerify require\nSSLProxyVerifyDepth 3\nSSLProxyCACertificateFile FOLDER/root.pem";
  const list = (file: string, check: string): string =>
    `${byRoot}\nSSLProxyCARevocationFile FOLDER/${file}\nSSLProxyCARevocationCheck ${check}`;
  const folderOfLists = "SSLProxyCARevocationPath FOLDER/lists\nSSLProxyCARevocationCheck chain";
  const ok = /^HTTP\/1.1 200 /;
  const refused = /^HTTP\/1.1 500 Proxy Error[^]*Error during SSL Handshake/;
  const asking = { ...good, requestCert: true, rejectUnauthorized: false };

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
      asking,
      /^HTTP\/1.1 200 [^]*localhost CN=front TLSv1.3$/,
    ],
    [
      "a certificate of ours from a folder, in TLS 1.2",
      "SSLProxyMachineCertificatePath FOLDER/identities\nSSLProxyProtocol TLSv1.2",
      asking,
      /^HTTP\/1.1 200 [^]*localhost CN=front TLSv1.2$/,
    ],
    [
      "a certificate of ours with its chain",
      "SSLProxyMachineCertificateFile FOLDER/client.pem\nSSLProxyMachineCertificateChainFile FOLDER/authority.pem",
      asking,
      /^HTTP\/1.1 200 [^]*localhost CN=front TLSv1.3$/,
    ],
    ["a revoked certificate nobody looks up", byRoot, shown("revoked"), ok],
    ["a revoked certificate on a list", list("root.crl", "leaf"), shown("revoked"), refused],
    ["a good certificate beside a list", list("root.crl", "leaf"), shown("good"), ok],
    ["a list that has expired", list("old.crl", "leaf"), shown("good"), refused],
    ["a revoked certificate and a list without a check", list("root.crl", "none"), shown("revoked"), ok],
    [
      "a certificate below one that was revoked, looked at alone",
      list("all.crl", "leaf"),
      shown("below-withdrawn", "withdrawn"),
      ok,
    ],
    [
      "a certificate below one that was revoked",
      list("all.crl", "chain"),
      shown("below-withdrawn", "withdrawn"),
      refused,
    ],
    [
      "a certificate whose authority has no list",
      list("root.crl", "leaf"),
      shown("below-withdrawn", "withdrawn"),
      refused,
    ],
    [
      "one without a list where that will do",
      list("root.crl", "leaf no_crl_for_cert_ok"),
      shown("below-withdrawn", "withdrawn"),
      ok,
    ],
    ["a revoked certificate in a folder of lists", `${byRoot}\n${folderOfLists}`, shown("revoked"), refused],
    ["a good certificate beside a folder of lists", `${byRoot}\n${folderOfLists}`, shown("good"), ok],
    ["an authority of a folder", "SSLProxyVerify require\nSSLProxyCACertificatePath FOLDER/roots", shown("good"), ok],
    [
      "a longer chain than SSLProxyVerifyDepth",
      "SSLProxyVerify require\nSSLProxyCACertificateFile FOLDER/root.pem\nSSLProxyVerifyDepth 1",
      shown("below-withdrawn", "withdrawn"),
      refused,
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

  for (const [lines, reason] of [
    ["SSLProxyCACertificateFile /no/such.pem", "does not exist"],
    ["SSLProxyCARevocationFile /no/such.crl", "does not exist"],
    ["SSLProxyCARevocationCheck chain", "needs an SSLProxyCARevocationFile or SSLProxyCARevocationPath"],
    ["SSLProxyCARevocationCheck all", "must be none, leaf or chain"],
    ["SSLProxyMachineCertificateFile FOLDER/own.pem", "holds no private key"],
    ["SSLProxyMachineCertificatePath FOLDER/two", "must hold one certificate with its key, found 2"],
    ["SSLProxyMachineCertificatePath FOLDER/nowhere", "ENOENT"],
  ] as const) {
    it(`are refused at load by ${lines}`, () => {
      const { errors } = faultsOf(`SSLProxyEngine On\n${lines.replaceAll("FOLDER", folder)}`);
      expect(errors.join()).to.contain(reason);
    });
  }
});
