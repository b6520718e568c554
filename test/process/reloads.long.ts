// Fifty reloads under load: files, an embedded application and one in a daemon group.
import { expect } from "chai";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { askSupervisor } from "../../src/process/control-socket.js";
import type { SupervisorStatus } from "../../src/process/status.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

describe("fifty graceful restarts under load", function () {
  this.timeout(900_000);
  let served: ServedRoot;
  before(async () => {
    served = await serveModhost(
      `WSGIScriptAlias /node @ROOT@/app.mjs
WSGIDaemonProcess apps processes=2 threads=5
WSGIScriptAlias /daemon @ROOT@/app.mjs process-group=apps application-group=%{GLOBAL}
<Directory @ROOT@>
  <Files app.mjs>
    Require all granted
  </Files>
</Directory>
KeepAliveTimeout 2
`,
      {
        files: {
          "htdocs/index.html": "the page",
          "app.mjs": 'export default (request, response) => response.end("the application");\n',
        },
        modules: ["wsgi"],
      },
    );
  });
  after(() => served.end());

  /** Undefined while the supervisor does not answer. */
  const status = (): Promise<SupervisorStatus | undefined> =>
    askSupervisor(join(served.root, "run/modhost.pid"), "status").then(
      (said) => said as SupervisorStatus,
      () => undefined,
    );

  it("lose no request, of files nor of applications", async () => {
    const expected = { "/index.html": "the page", "/node": "the application", "/daemon": "the application" };
    const agents = [new Agent({ keepAlive: true, maxSockets: 6 }), new Agent({ keepAlive: false })];
    let isOver = false;
    let answered = 0;
    const client = async (path: keyof typeof expected, agent: Agent | undefined): Promise<void> => {
      while (!isOver) {
        expect(await ask(served.url(path), agent)).to.equal(`200 ${expected[path]}`);
        answered++;
      }
    };
    const clients = (Object.keys(expected) as (keyof typeof expected)[]).flatMap((path) =>
      agents.flatMap((agent) => [client(path, agent), client(path, agent)]),
    );
    const failed = Promise.all(clients);
    const first = (await status())?.generation ?? 0;
    const last = first + 50;
    for (let generation = first + 1; generation <= last; generation++) {
      process.kill(served.running.child.pid ?? 0, "SIGUSR1");
      const taken = until(`configuration ${generation} is taken`, async () => {
        return (await status())?.generation === generation;
      });
      await Promise.race([taken, failed]);
    }
    isOver = true;
    await failed;
    for (const agent of agents) agent.destroy();
    expect(answered).to.be.greaterThan(500);
    await until("the last old worker has ended", async () => {
      return (await status())?.workers.every(({ generation }) => generation === last) ?? false;
    });
  });
});

function ask(url: string, agent: Agent | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, agent ? { agent } : {}, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve(`${response.statusCode} ${text}`));
      response.on("error", reject);
    }).on("error", reject);
  });
}
