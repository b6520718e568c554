// Bytes that wait in a file: their order, the bound, and the end.
import { expect } from "chai";
import { readdirSync, readlinkSync } from "node:fs";
import { Spool } from "../../src/process/spool.js";
import { until } from "../support/daemon-groups.js";

describe("a spool", () => {
  const spools: Spool[] = [];
  let changes = 0;

  afterEach(() => {
    for (const spool of spools.splice(0)) spool.close();
  });

  function make(limit: number): Spool {
    const spool = new Spool(limit, {
      changed: () => changes++,
      failed: (error) => {
        throw error;
      },
    });
    spools.push(spool);
    return spool;
  }
  /** Takes until the spool is empty. */
  async function drain(spool: Spool): Promise<Buffer> {
    const pieces: Buffer[] = [];
    while (!spool.isEmpty) {
      await new Promise<void>((done) => {
        let isDone = false;
        spool.take((bytes) => {
          pieces.push(bytes);
          isDone = true;
          done();
        });
        setImmediate(() => isDone || done());
      });
    }
    return Buffer.concat(pieces);
  }
  const bytes = (length: number, from: number): Buffer =>
    Buffer.from(Array.from({ length }, (_, index) => (from + index) % 251));

  it("gives back what it took, in its order, however writing and reading meet", async () => {
    const spool = make(10_000_000);
    const taken: Buffer[] = [];
    let put = 0;
    for (let round = 0; round < 60; round++) {
      const length = 1 + ((round * 7919) % 90_000);
      spool.add(bytes(length, put));
      put += length;
      // At times all of it is taken, and the file begins anew.
      if (round % 7 === 6) taken.push(await drain(spool));
      else await new Promise<void>((done) => setImmediate(done));
    }
    taken.push(await drain(spool));
    expect(Buffer.concat(taken).equals(bytes(put, 0))).to.equal(true);
  });

  it("is full at its limit, and has room again when it is empty", async () => {
    const spool = make(200_000);
    spool.add(Buffer.alloc(150_000));
    expect(spool.isFull).to.equal(false);
    spool.add(Buffer.alloc(60_000));
    expect(spool.isFull).to.equal(true);
    expect((await drain(spool)).length).to.equal(210_000);
    expect(spool.isFull).to.equal(false);
  });

  it("says when it is behind with writing, and that it is not any more", async () => {
    const spool = make(10_000_000);
    changes = 0;
    spool.add(Buffer.alloc(1));
    spool.add(Buffer.alloc(2_000_000));
    expect([spool.isBehind, spool.isFull]).to.deep.equal([true, true]);
    await until(() => !spool.isBehind);
    expect(changes).to.be.greaterThan(0);
  });

  it("leaves no file, and closes its descriptor whatever is under way", async () => {
    const ours = (): string[] =>
      readdirSync("/proc/self/fd").flatMap((fd) => {
        try {
          const path = readlinkSync(`/proc/self/fd/${fd}`);
          return /modhost-\d+-[0-9a-f]{16} \(deleted\)$/.test(path) ? [path] : [];
        } catch {
          return [];
        }
      });
    const before = ours().length;
    const spool = make(1_000_000);
    expect(ours().length).to.equal(before + 1);
    spool.add(Buffer.alloc(500_000));
    spool.close();
    await until(() => ours().length === before);
  });
});
