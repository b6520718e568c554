// A certificate that is replaced while clients are connected → new handshakes see it, and nobody is cut off.
import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { askSupervisor } from "../../src/process/control-socket.js";
import type { SupervisorStatus } from "../../src/process/status.js";
import { selfSigned, type KeyPair } from "../conformance/certificates.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { freePorts, until } from "../support/running.js";

const former = selfSigned("/CN=former");
const renewed = selfSigned("/CN=renewed");
const large = randomBytes(24 << 20);
const sumOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const request = (path: string, ...fields: string[]): string =>
  [`GET ${path} HTTP/1.1`, "Host: localhost", ...fields, "", ""].join("\r\n");

/** A connection of HTTP/1.1, and what has come of it. */
interface Client {
  readonly socket: TLSSocket;
  readonly chunks: Buffer[];
  /** The name in the certificate it was shown. */
  readonly shown: string;
}

describe("a certificate that is replaced", function () {
  this.timeout(120_000);
  let served: ServedRoot;
  let port = 0;
  const ends: (() => void)[] = [];

  beforeEach(async () => {
    [port = 0] = await freePorts(1);
    served = await serveModhost(
      `Listen 127.0.0.1:${port} https
Protocols h2 http/1.1
Timeout 600
LogFormat "%P %r" workers
<VirtualHost *:${port}>
  KeepAliveTimeout 600
  SSLEngine On
  SSLCertificateFile pair.pem
  SSLCertificateKeyFile pair.key
  CustomLog run/workers.log workers
</VirtualHost>`,
      {
        files: { "htdocs/index.html": "index", "pair.pem": former.cert, "pair.key": former.key },
        modules: ["ssl", "http2", "log_config"],
      },
    );
    writeFileSync(join(served.root, "htdocs/large.bin"), large);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await served.end();
  });

  function replace({ cert, key }: KeyPair): void {
    writeFileSync(join(served.root, "pair.pem"), cert);
    writeFileSync(join(served.root, "pair.key"), key);
    process.kill(served.running.child.pid ?? 0, "SIGUSR1");
  }

  function open(): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      ends.push(() => socket.destroy());
      const chunks: Buffer[] = [];
      socket.on("error", reject).on("data", (data: Buffer) => chunks.push(data));
      socket.once("secureConnect", () =>
        resolve({ socket, chunks, shown: String(socket.getPeerCertificate().subject.CN) }),
      );
    });
  }

  /** The name in the certificate a new client is shown. */
  async function shown(): Promise<string> {
    const { socket, shown } = await open();
    socket.destroy();
    return shown;
  }

  /** Undefined while the supervisor does not answer. */
  function status(): Promise<SupervisorStatus | undefined> {
    return askSupervisor(join(served.root, "run/modhost.pid"), "status").then(
      (said) => said as SupervisorStatus,
      () => undefined,
    );
  }

  /** The workers of the second configuration, once they serve. */
  const taken = (): Promise<Set<string>> => serving(2);

  async function serving(wanted: number): Promise<Set<string>> {
    let pids: string[] = [];
    await until("both workers serve", async () => {
      const workers = (await status())?.workers ?? [];
      pids = workers
        .filter(({ generation, state }) => generation === wanted && state === "serving")
        .map(({ pid }) => String(pid));
      return pids.length === 2;
    });
    return new Set(pids);
  }

  const bytesOf = ({ chunks }: Client): Buffer => Buffer.concat(chunks);
  const textOf = (client: Client): string => bytesOf(client).toString("latin1");

  /** A download that has begun, and of which nobody reads the rest. */
  async function beginDownload(): Promise<Client> {
    const client = await open();
    client.socket.write(request("/large.bin", "Connection: close"));
    await until("the download has begun", () => client.chunks.length > 0);
    client.socket.pause();
    return client;
  }

  async function finish(client: Client): Promise<string> {
    const isOver = new Promise<void>((resolve) => client.socket.once("close", () => resolve()));
    client.socket.resume();
    await isOver;
    const all = bytesOf(client);
    return sumOf(all.subarray(all.indexOf("\r\n\r\n") + 4));
  }

  /** A connection on which one request has been answered. */
  async function idle(): Promise<Client> {
    const client = await open();
    client.socket.write(request("/index.html"));
    await until("it is answered", () => textOf(client).endsWith("index"));
    client.chunks.length = 0;
    return client;
  }

  /** The same of HTTP/2: a stream that has begun and is not read. */
  async function beginStream(): Promise<{
    session: ClientHttp2Session;
    told: string[];
    finish: () => Promise<string>;
  }> {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    ends.push(() => session.destroy());
    const told: string[] = [];
    session.on("error", (error: Error) => told.push(error.message));
    session.on("goaway", (code: number) => told.push(`goaway ${code}`));
    session.on("close", () => told.push("closed"));
    const stream = session.request({ ":path": "/large.bin" });
    await new Promise((resolve) => stream.once("response", resolve));
    const end = new Promise<number>((resolve) => stream.once("close", () => resolve(stream.rstCode)));
    return {
      session,
      told,
      finish: async () => {
        const chunks: Buffer[] = [];
        stream.on("data", (data: Buffer) => chunks.push(data));
        return `${await end} ${sumOf(Buffer.concat(chunks))}`;
      },
    };
  }

  it("is shown by every worker after a graceful restart, and nobody loses a connection", async () => {
    const clients = [await beginDownload(), await idle(), await beginDownload(), await idle()];
    const streams = [await beginStream(), await beginStream()];
    expect(clients.map(({ shown }) => shown)).to.deep.equal(Array(4).fill("former"));
    replace(renewed);
    const current = await taken();
    const answering = new Set<string>();
    await until("each new worker has answered", async () => {
      const client = await open();
      expect(client.shown).to.equal("renewed");
      client.socket.write(request("/index.html", "Connection: close"));
      await until("it is answered", () => client.socket.destroyed);
      const log = readFileSync(join(served.root, "run/workers.log"), "utf8");
      for (const [, pid = ""] of log.matchAll(/^(\d+) /gm)) if (current.has(pid)) answering.add(pid);
      return answering.size === 2;
    });

    for (const { told, finish } of streams) {
      await until("the client is told to leave", () => told.includes("goaway 0"));
      expect(await finish()).to.equal(`0 ${sumOf(large)}`);
      await until("the connection is closed", () => told.includes("closed"));
      expect(told.filter((each) => !/^goaway 0$|^closed$/.test(each))).to.deep.equal([]);
    }
    const [download, kept, other, another] = clients as [Client, Client, Client, Client];
    for (const client of [kept, another]) {
      client.socket.write(request("/index.html"));
      await until("the kept connection is ended behind its answer", () => client.socket.destroyed);
      expect(textOf(client)).to.match(/^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n[^]*\r\n\r\nindex$/);
    }
    for (const client of [download, other]) expect(await finish(client)).to.equal(sumOf(large));
    await until("the old workers have ended", async () => {
      return (await status())?.workers.every(({ generation }) => generation === 2) ?? false;
    });
  });

  const broken: Readonly<Record<string, { readonly pair: KeyPair; readonly said: RegExp }>> = {
    "a certificate that is none": {
      pair: { cert: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", key: former.key },
      said: /pair\.pem/,
    },
    "an empty certificate": { pair: { cert: "", key: former.key }, said: /pair\.pem/ },
    "a key that is none": { pair: { cert: renewed.cert, key: "nothing" }, said: /pair\.key/ },
    "the key of another certificate": {
      pair: { cert: renewed.cert, key: former.key },
      said: /the key in .*pair\.key is not the one of the certificate in .*pair\.pem/,
    },
  };
  for (const [name, { pair, said }] of Object.entries(broken)) {
    it(`by ${name} leaves the former one in use, and the log says so`, async () => {
      const [download, kept] = [await beginDownload(), await idle()];
      const { told, finish: finishStream } = await beginStream();
      replace(pair);
      await until("the restart is refused", async () => {
        const failure = (await status())?.lastFailure;
        return said.test(failure?.errors.join("\n") ?? "");
      });
      await until("the log says so", () => said.test(served.errors()));
      expect((await status())?.generation).to.equal(1);
      for (let i = 0; i < 8; i++) expect(await shown()).to.equal("former");
      kept.socket.write(request("/index.html"));
      await until("the kept connection goes on", () => textOf(kept).endsWith("index"));
      expect(textOf(kept)).to.not.contain("Connection: close");
      expect(await finish(download)).to.equal(sumOf(large));
      expect(await finishStream()).to.equal(`0 ${sumOf(large)}`);
      expect(told).to.deep.equal([]);
      // What is mended is taken.
      replace(renewed);
      await taken();
      expect(await shown()).to.equal("renewed");
    });
  }

  const lost: Readonly<Record<string, (file: string) => void>> = {
    "half written": (file) => truncateSync(join(served.root, file), 100),
    gone: (file) => unlinkSync(join(served.root, file)),
  };
  for (const [name, lose] of Object.entries(lost)) {
    it(`is shown by workers that come while its files are ${name}`, async () => {
      await serving(1);
      lose("pair.pem");
      lose("pair.key");
      const killed = (await status())?.workers.map(({ pid }) => pid) ?? [];
      for (const pid of killed) process.kill(pid, "SIGKILL");
      await until("others serve", async () => {
        const pids = [...(await serving(1))].map(Number);
        return pids.every((pid) => !killed.includes(pid));
      });
      for (let i = 0; i < 8; i++) expect(await shown()).to.equal("former");
      expect(served.errors()).to.not.match(/pair\.(pem|key)/);
    });
  }
});
