// The cache of a running server: several workers, clients that leave, back ends that fail, workers that die, a full disk.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

describe("a cache in front of a back end", function () {
  this.timeout(120_000);
  let backEnd: Server;
  let handle: Handle;
  let asked: string[] = [];
  let served: ServedRoot;
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "www-data"]).toString());
  const account = process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};

  before(async () => {
    backEnd = createServer((request, response) => {
      asked.push(request.url ?? "");
      // What the server is asked for until it answers at all.
      if (request.url === "/") response.end("up");
      else handle(request, response);
    });
    await new Promise<void>((resolve) => backEnd.listen(0, "127.0.0.1", resolve));
    const port = (backEnd.address() as AddressInfo).port;
    const { root, port: own } = await makeRoot(
      `CacheRoot run/cache
CacheEnable disk /
CacheDisable /uncached
CacheMaxFileSize 200000000
CacheHeader On
CacheLock On
CacheLockPath run/locks
CacheLockMaxAge 600
ProxyPass / http://127.0.0.1:${port}/
`,
      { modules: ["cache", "cache_disk", "proxy", "proxy_http"] },
    );
    for (const folder of ["cache", "locks"]) {
      mkdirSync(`${root}/run/${folder}`);
      if (account.uid !== undefined) chownSync(`${root}/run/${folder}`, account.uid, account.gid);
    }
    served = await serveRoot(root, own);
  });
  after(async () => {
    await served.end();
    backEnd.closeAllConnections();
    await new Promise((resolve) => backEnd.close(resolve));
  });
  beforeEach(() => {
    asked = [];
  });

  const text = async (
    path: string,
  ): Promise<{ status: number; from: string; warning: string | null; body: string }> => {
    // A connection of its own, so that each of the workers has its turn.
    const response = await fetch(served.url(path), { headers: { Connection: "close" } });
    const from = response.headers.get("x-cache")?.split(" ")[0] ?? "";
    return { status: response.status, from, warning: response.headers.get("warning"), body: await response.text() };
  };
  const times = (path: string): number => asked.filter((each) => each === path).length;
  const unfinished = (): string[] => readdirSync(`${served.root}/run/cache`).filter((name) => name.startsWith("new-"));
  const workers = (): number[] => served.running.family().filter((pid) => pid !== served.running.child.pid);

  it("is asked once for all workers", async () => {
    handle = (_request, response) => response.setHeader("Cache-Control", "max-age=600").end("the answer");
    expect((await text("/once")).from).to.equal("MISS");
    const answers = await Promise.all(Array.from({ length: 30 }, () => text("/once")));
    expect(new Set(answers.map(({ from, body }) => `${from} ${body}`))).to.deep.equal(new Set(["HIT the answer"]));
    expect(times("/once")).to.equal(1);
  });

  it("lets one ask about what is stale, and gives it to the others meanwhile", async () => {
    let answerLater: (() => void) | undefined;
    handle = (request, response) => {
      response.setHeader("Cache-Control", "max-age=0").setHeader("ETag", '"a"');
      if (!request.headers["if-none-match"]) return void response.end("kept");
      answerLater = () => void response.writeHead(304).end();
    };
    await text("/herd");
    const first = text("/herd");
    await until("the back end is asked", () => answerLater !== undefined);
    const others = await Promise.all(Array.from({ length: 20 }, () => text("/herd")));
    expect(new Set(others.map(({ from, warning, body }) => `${from} ${warning} ${body}`))).to.deep.equal(
      new Set(["HIT 110 Response is stale kept"]),
    );
    expect(times("/herd")).to.equal(2);
    answerLater?.();
    expect((await first).from).to.equal("REVALIDATE");
    answerLater = undefined;
    const again = text("/herd");
    await until("the back end is asked again", () => answerLater !== undefined);
    (answerLater as (() => void) | undefined)?.();
    expect((await again).body).to.equal("kept");
  });

  it("gives the lock free when the client that holds it leaves", async () => {
    let isAsked = false;
    handle = (_request, response) => {
      isAsked = true;
      response.on("close", () => undefined);
    };
    const request = get(served.url("/left"), { agent: false });
    request.on("error", () => undefined);
    await until("the back end is asked", () => isAsked);
    request.destroy();
    handle = (_request, response) => response.setHeader("Cache-Control", "max-age=600").end("whole");
    await until("somebody may keep it", async () => (await text("/left")).from === "HIT");
  });

  const half = Buffer.alloc(200_000, "half ");

  it("keeps nothing of a response whose client leaves", async () => {
    let isClosed = false;
    handle = (_request, response) => {
      response.on("close", () => (isClosed = true));
      response.setHeader("Cache-Control", "max-age=600").write(half);
    };
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(served.url("/leaves"), { agent: false }, resolve),
    );
    await until("some of it is on the disk", () => unfinished().length > 0);
    response.destroy();
    await until("the back end is let go", () => isClosed);
    await until("what came is thrown away", () => unfinished().length === 0);
    handle = (_request, later) => later.setHeader("Cache-Control", "max-age=600").end("whole");
    await until("the next one is kept", async () => (await text("/leaves")).from === "HIT");
    expect((await text("/leaves")).body).to.equal("whole");
  });

  it("keeps nothing of a response that breaks off", async () => {
    handle = (_request, response) => {
      response.setHeader("Cache-Control", "max-age=600").setHeader("Content-Length", half.length + 1);
      response.write(half, () => response.destroy());
    };
    const broken = await text("/breaks").then(
      () => "whole",
      () => "broken",
    );
    expect(broken).to.equal("broken");
    await until("what came is thrown away", () => unfinished().length === 0);
    handle = (_request, later) => later.setHeader("Cache-Control", "max-age=600").end("whole");
    await until("the next one is kept", async () => (await text("/breaks")).from === "HIT");
    expect((await text("/breaks")).body).to.equal("whole");
  });

  it("holds a back end back while its client does not read", async () => {
    let sent = 0;
    let isBlocked = false;
    const piece = Buffer.alloc(65_536, "x");
    const total = 64 * 1024 * 1024;
    handle = (_request, response) => {
      response.setHeader("Cache-Control", "max-age=600");
      const go = (): void => {
        isBlocked = false;
        while (sent < total) {
          sent += piece.length;
          if (!response.write(piece)) {
            isBlocked = true;
            return void response.once("drain", go);
          }
        }
        response.end();
      };
      go();
    };
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(served.url("/slow"), { agent: false }, resolve),
    );
    let before = -1;
    let same = 0;
    await until("the back end waits", () => {
      same = sent === before && isBlocked ? same + 1 : 0;
      before = sent;
      return same >= 50;
    });
    expect(sent).to.be.lessThan(total / 2);
    let received = 0;
    for await (const bytes of response) received += (bytes as Buffer).length;
    expect(received).to.equal(sent);
    expect((await fetch(served.url("/slow"), { method: "HEAD" })).headers.get("x-cache")).to.match(/^HIT/);
    expect(times("/slow")).to.equal(1);
  });

  it("answers from a stale one when the back end fails", async () => {
    handle = (_request, response) =>
      response.setHeader("Cache-Control", "max-age=0").setHeader("ETag", '"a"').end("kept");
    await text("/fails");
    handle = (request) => void request.socket.destroy();
    const answer = await text("/fails");
    expect([answer.status, answer.warning, answer.body]).to.deep.equal([200, "111 Revalidation failed", "kept"]);
  });

  it("serves all the same, and says so, when the disk is full", async () => {
    const limitFiles = (bytes: string): void => {
      // As the account of the workers: not every root may set limits of others.
      for (const pid of workers()) execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}`], account);
    };
    handle = (_request, response) =>
      response.setHeader("Cache-Control", "max-age=600").end(Buffer.concat([half, half]));
    limitFiles("100000:");
    try {
      for (const _ of [1, 2]) {
        const { status, from, body } = await text("/full");
        expect([status, from, body.length]).to.deep.equal([200, "MISS", 2 * half.length]);
      }
    } finally {
      limitFiles("unlimited:");
    }
    await until("it is in the log", () => /could not write below .*EFBIG/.test(served.errors()));
    await until("nothing is left of it", () => unfinished().length === 0);
    await until("it is kept again", async () => (await text("/full")).from === "HIT");
  });

  it("never serves what a worker was writing when it died", async () => {
    let isAsked = false;
    handle = (_request, response) => {
      isAsked = true;
      response.setHeader("Cache-Control", "max-age=600").write(half);
    };
    const request = get(served.url("/uncommitted"), { agent: false }, (response) =>
      response.on("error", () => undefined).resume(),
    );
    request.on("error", () => undefined);
    await until("the back end is asked", () => isAsked);
    await until("some of it is on the disk", () => unfinished().length > 0);
    const killed = workers();
    for (const pid of killed) process.kill(pid, "SIGKILL");
    handle = (_request, response) => response.setHeader("Cache-Control", "max-age=600").end("whole");
    await until("others serve", () =>
      text("/uncommitted").then(
        ({ body }) => body === "whole",
        () => false,
      ),
    );
    expect(workers().some((pid) => killed.includes(pid))).to.equal(false);
    // What the dead one left behind is there, under a name that nobody looks for.
    expect(unfinished().length).to.be.greaterThan(0);
    expect((await text("/uncommitted")).body).to.equal("whole");
  });
});
