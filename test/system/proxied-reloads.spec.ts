// Graceful restarts while requests are passed on: none is lost.
import { expect } from "chai";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { askSupervisor } from "../../src/process/control-socket.js";
import type { SupervisorStatus } from "../../src/process/status.js";
import { startLetter, type Letter } from "../support/letters.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

describe("graceful restarts under proxied load", function () {
  this.timeout(120_000);
  let served: ServedRoot;
  const letters: Letter[] = [];
  const agents = [new Agent({ keepAlive: true, maxSockets: 4 }), new Agent({ keepAlive: false })];

  before(async () => {
    for (const letter of "ab") letters.push(await startLetter(letter, { before: slow }));
    const [a, b] = letters.map(({ port }) => port);
    served = await serveModhost(
      `ProxyPass /plain http://127.0.0.1:${a}/
<Proxy balancer://shop>
  BalancerMember http://127.0.0.1:${a}
  BalancerMember http://127.0.0.1:${b}
</Proxy>
ProxyPass /shop balancer://shop
KeepAliveTimeout 2
`,
      { modules: ["proxy", "proxy_http", "slotmem_shm", "proxy_balancer", "lbmethod_byrequests"] },
    );
  });
  after(async () => {
    for (const agent of agents) agent.destroy();
    await served.end();
    for (const letter of letters) await letter.stop();
  });

  it("lose no request", async () => {
    let isOver = false;
    const answered = new Map<string, number>();
    const client = async (path: string, agent: Agent): Promise<void> => {
      while (!isOver) {
        const answer = await ask(served.url(path), agent);
        expect(answer).to.match(path === "/plain/x" ? /^200 a$/ : /^200 [ab]$/);
        answered.set(path, (answered.get(path) ?? 0) + 1);
      }
    };
    const paths = ["/plain/x", "/shop/x"];
    const clients = Promise.all(
      paths.flatMap((path) => agents.flatMap((agent) => [client(path, agent), client(path, agent)])),
    );
    for (let generation = 2; generation <= 3; generation++) {
      const before = new Map(answered);
      process.kill(served.running.child.pid ?? 0, "SIGUSR1");
      const taken = until(`configuration ${generation} serves`, async () => {
        const isTaken = (await status())?.generation === generation;
        return isTaken && paths.every((path) => (answered.get(path) ?? 0) > (before.get(path) ?? 0));
      });
      await Promise.race([taken, clients]);
    }
    isOver = true;
    await clients;
    await until("the last old worker has ended", async () => {
      return (await status())?.workers.every(({ generation }) => generation === 3) ?? false;
    });
  });

  /** Undefined while the supervisor does not answer. */
  function status(): Promise<SupervisorStatus | undefined> {
    return askSupervisor(join(served.root, "run/modhost.pid"), "status").then(
      (said) => said as SupervisorStatus,
      () => undefined,
    );
  }
});

/** Some requests are under way at any time. */
async function slow(): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return true;
}

function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve(`${response.statusCode} ${text}`));
      response.on("error", reject);
    }).on("error", reject);
  });
}
