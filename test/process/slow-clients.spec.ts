// Clients that send or read slowly: they keep no thread of an application.
import { expect } from "chai";
import { PassThrough, Readable } from "node:stream";
import type { DaemonGroupSpec } from "../../src/api/index.js";
import { findPython } from "../../src/process/python-interpreter.js";
import { until } from "../support/daemon-groups.js";
import { bodyOf, PythonPool, requestFor } from "../support/python-pool.js";

describe("slow clients of a daemon group", () => {
  let pool: PythonPool | undefined;

  before(function () {
    if ("missing" in findPython(undefined)) this.skip();
  });
  afterEach(async () => {
    await pool?.stop();
    pool = undefined;
  });

  async function start(spec: Partial<DaemonGroupSpec>) {
    pool = new PythonPool({ threads: 2, ...spec });
    await pool.start();
    const client = pool.client();
    const send = (options: Parameters<typeof requestFor>[0]) => {
      const { call, request } = requestFor(options);
      return Promise.resolve(client.run(call, request));
    };
    return { client, send };
  }

  it("send their bodies before a thread is asked for", async () => {
    const { client, send } = await start({ requestBufferSize: 65_536 });
    const bodies = Array.from({ length: 50 }, () => new PassThrough());
    const answers = bodies.map((body) => send({ method: "POST", path: "/read-all", body, length: 10 }));
    for (const body of bodies) body.write("hello");
    expect(String(await bodyOf(await send({ path: "/gather" })))).to.equal("one two three");
    expect(client.load).to.include({ waiting: 0, running: 0 });
    for (const body of bodies) body.end("world");
    for (const answer of await Promise.all(answers)) expect(String(await bodyOf(answer))).to.equal("helloworld");
  });

  it("are asked for larger bodies as the application reads them", async () => {
    const { client, send } = await start({ requestBufferSize: 5 });
    const body = new PassThrough();
    const answer = send({ method: "POST", path: "/read-all", body, length: 10 });
    await until(() => client.load.running === 1);
    body.end("helloworld");
    expect(String(await bodyOf(await answer))).to.equal("helloworld");
  });

  it("are answered 400 when their bodies break off, and no thread hears of it", async () => {
    const { client, send } = await start({ requestBufferSize: 65_536 });
    const body = new PassThrough();
    const answer = send({ method: "POST", path: "/read-all", body, length: 10 });
    body.write("hello");
    body.destroy();
    expect(await answer.catch((error: unknown) => error)).to.include({ status: 400 });
    expect(client.load).to.include({ waiting: 0, running: 0 });
  });

  it("read their responses while the thread does something else", async () => {
    const { client, send } = await start({ responseBufferSize: 8_388_608 });
    const slow = await Promise.all(Array.from({ length: 6 }, () => send({ path: "/big-list" })));
    await until(() => client.load.running === 0);
    for (const answer of slow) {
      expect(answer.body).to.be.instanceOf(Readable);
      expect((await bodyOf(answer)).length).to.equal(5_000_000);
    }
  });

  it("read what waits on disk at last, every byte in its place, while more comes", async () => {
    const { client, send } = await start({ responseBufferSize: 8_388_608 });
    const answer = await send({ path: "/counted" });
    const body = answer.body as Readable;
    // The thread is held, then the client is found to be slow, and the thread goes on until the bound is reached.
    const pieces: Buffer[] = [];
    for await (const piece of body) {
      pieces.push(piece as Buffer);
      if (pieces.length % 40 === 0) await new Promise((done) => setTimeout(done, 60));
    }
    const bytes = Buffer.concat(pieces);
    expect(bytes.length).to.equal(20_000_000);
    for (let at = 0; at < bytes.length; at += 1000) {
      if (bytes.toString("latin1", at, at + 10) !== String(at).padStart(10)) expect.fail(`other bytes at ${at}`);
    }
    await until(() => client.load.running === 0);
  });

  it("may leave while bytes wait on disk", async () => {
    const { client, send } = await start({ responseBufferSize: 8_388_608 });
    const answers = await Promise.all([0, 1].map(() => send({ path: "/big-list" })));
    await until(() => client.load.running === 0);
    for (const { body } of answers) (body as Readable).destroy();
    expect(String(await bodyOf(await send({ path: "/gather" })))).to.equal("one two three");
  });

  it("send bodies that are taken in on disk", async () => {
    const { client, send } = await start({ requestBufferSize: 50_000_000 });
    const bodies = [0, 1, 2].map(() => new PassThrough());
    const answers = bodies.map((body) => send({ method: "POST", path: "/sum", body, length: 5_000_000 }));
    for (const body of bodies) body.write(Buffer.alloc(4_999_999, 1));
    expect(String(await bodyOf(await send({ path: "/gather" })))).to.equal("one two three");
    expect(client.load).to.include({ waiting: 0, running: 0 });
    for (const body of bodies) body.end(Buffer.alloc(1, 2));
    for (const answer of await Promise.all(answers)) expect(String(await bodyOf(answer))).to.equal("5000001 2");
  });

  it("are answered 400 when bodies on disk break off", async () => {
    const { client, send } = await start({ requestBufferSize: 50_000_000 });
    const body = new PassThrough();
    const answer = send({ method: "POST", path: "/sum", body, length: 5_000_000 });
    body.write(Buffer.alloc(2_000_000));
    await new Promise((done) => setImmediate(done));
    body.destroy();
    expect(await answer.catch((error: unknown) => error)).to.include({ status: 400 });
    expect(client.load).to.include({ waiting: 0, running: 0 });
  });

  it("make the thread wait beyond response-buffer-size", async () => {
    const { client, send } = await start({ responseBufferSize: 1_000_000 });
    const answer = await send({ path: "/big-list" });
    await new Promise((done) => setTimeout(done, 300));
    expect(client.load.running).to.equal(1);
    expect((await bodyOf(answer)).length).to.equal(5_000_000);
    await until(() => client.load.running === 0);
  });
});
