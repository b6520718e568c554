// The handler server-status: what all workers do, as a page and as lines under Apache's names.
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import type { ServerReport } from "../../src/api/index.js";
import { pageOf } from "../../src/modules/mod_status/page.js";
import { textOf } from "../../src/modules/mod_status/text.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { faultsOf, serve } from "../support/ask.js";
import { until } from "../support/running.js";

const status = `
<Location /status>
    SetHandler server-status
    Require local
</Location>
`;

/** What Apache 2.4 with mpm_event says in ?auto, once it has answered a request and used some processor time. */
const apacheFields =
  "ServerVersion,ServerMPM,Server Built,CurrentTime,RestartTime,ParentServerConfigGeneration,ParentServerMPMGeneration," +
  "ServerUptimeSeconds,ServerUptime,Load1,Load5,Load15,Total Accesses,Total kBytes,Total Duration,CPUUser,CPUSystem," +
  "CPUChildrenUser,CPUChildrenSystem,CPULoad,Uptime,ReqPerSec,BytesPerSec,BytesPerReq,DurationPerReq,BusyWorkers," +
  "GracefulWorkers,IdleWorkers,Processes,Stopping,ConnsTotal,ConnsAsyncWaitIO,ConnsAsyncWriting,ConnsAsyncKeepAlive," +
  "ConnsAsyncClosing,Scoreboard";

describe("mod_status", function () {
  this.timeout(60_000);
  let served: ServedRoot;
  const clients: Socket[] = [];

  before(async () => {
    served = await serveModhost(`${status}MaxRequestWorkers 40\n`, {
      modules: ["status"],
      files: { "htdocs/index.html": "a".repeat(4096) },
    });
    await until("both workers are there", async () => (await fields()).get("Processes") === "2");
  });
  afterEach(() => clients.splice(0).forEach((client) => client.destroy()));
  after(() => served?.end());

  const text = async (path: string): Promise<string> => (await fetch(served.url(path))).text();
  const fields = async (): Promise<Map<string, string>> => {
    const lines = (await text("/status?auto")).trimEnd().split("\n").slice(1);
    return new Map(lines.map((line) => line.split(": ", 2) as [string, string]));
  };
  const open = (bytes: string): void => {
    const client = connect(served.port, "127.0.0.1", () => client.write(bytes));
    client.on("error", () => undefined);
    clients.push(client);
  };

  it("says in ?auto what Apache says, in its order", async () => {
    await until("a second has passed", async () => Number((await fields()).get("Uptime")) > 0);
    const [name] = (await text("/status?auto")).split("\n");
    expect(name).to.equal("127.0.0.1");
    // Connections that have changed protocols are counted here alone.
    const names = [...(await fields()).keys()].filter((each) => each !== "ConnsUpgraded");
    expect(names.join(",")).to.equal(apacheFields);
  });

  it("counts the requests and bytes of all workers", async () => {
    const before = await fields();
    for (let count = 0; count < 20; count++) {
      await fetch(served.url("/"), { headers: { connection: "close" } }).then((response) => response.text());
    }
    const after = await fields();
    const more = (field: string): number => Number(after.get(field)) - Number(before.get(field));
    expect(more("Total Accesses")).to.equal(21);
    expect(more("Total kBytes")).to.be.within(80, 100);
    expect(after.get("Processes")).to.equal("2");
  });

  it("has a letter for each connection that there is or could be", async () => {
    open("GET / HTTP/1.1\r\nHost: localhost\r\n");
    await until("the request that is half there is seen", async () => {
      const now = await fields();
      return /R/.test(now.get("Scoreboard") ?? "") && Number(now.get("BusyWorkers")) >= 2;
    });
    const now = await fields();
    expect(now.get("Scoreboard"))
      .to.match(/^[_WRKC]+$/)
      .and.to.have.length(120);
    const letters = (now.get("Scoreboard") ?? "").replace(/[^_]/g, "").length;
    expect(letters).to.equal(Number(now.get("IdleWorkers")));
  });

  it("shows on its page the requests in work, with nothing in them that HTML or a terminal would obey", async () => {
    const page = await text('/status?x=<b>"&notable=no');
    expect(page).to.contain("<h1>Apache Server Status for 127.0.0.1 (via 127.0.0.1)</h1>");
    expect(page)
      .to.match(/GET \/status\?x=[^ ]* HTTP\/1\.1/)
      .and.not.to.contain("<b>&quot;");
    expect(page).not.to.contain('x=<b>"');
    expect(await text("/status")).to.contain("<th>Request</th></tr>");
  });

  const refreshes = [
    { path: "/status", refresh: null },
    { path: "/status?refresh", refresh: "10" },
    { path: "/status?refresh=5&auto", refresh: "5" },
    { path: "/status?refresh=none", refresh: "10" },
    { path: "/status?refresh=0", refresh: "10" },
  ];
  for (const { path, refresh } of refreshes) {
    it(`answers ${path} with ${refresh === null ? "no Refresh" : `Refresh: ${refresh}`}`, async () => {
      const response = await fetch(served.url(path));
      expect([response.status, response.headers.get("refresh")]).to.deep.equal([200, refresh]);
      const type = path.includes("auto") ? "text/plain" : "text/html";
      expect(response.headers.get("content-type")).to.equal(`${type}; charset=ISO-8859-1`);
      await response.text();
    });
  }

  it("leaves other methods to whoever serves the file", async () => {
    const response = await fetch(served.url("/status"), { method: "POST", body: "a" });
    expect(response.status).to.equal(404);
  });

  it("keeps what was counted through a graceful restart", async () => {
    const before = Number((await fields()).get("Total Accesses"));
    served.running.child.kill("SIGUSR1");
    await until("the new generation serves", async () => (await fields()).get("ParentServerConfigGeneration") === "2");
    await until("the old workers are gone", async () => (await fields()).get("Processes") === "2");
    expect(Number((await fields()).get("Total Accesses"))).to.be.greaterThan(before + 2);
  });

  it("is for nobody whom the access rules refuse", async () => {
    const { ask } = serve(status);
    expect((await ask("/status", { from: "192.0.2.1" })).status).to.equal(403);
  });

  it("answers 503 where there are no workers to ask", async () => {
    const { ask, log } = serve(status);
    expect((await ask("/status", { from: "127.0.0.1" })).status).to.equal(503);
    expect(log.map(({ message }) => message)).to.include("there are no workers to report on");
  });

  it("is configured by ExtendedStatus, SeeRequestTail and ProxyStatus at server level", () => {
    expect(faultsOf("ExtendedStatus On\nSeeRequestTail On\nProxyStatus On")).to.deep.equal({
      errors: [],
      warnings: [],
    });
    expect(faultsOf("<Location />\nExtendedStatus On\n</Location>").errors).to.have.length(1);
  });
});

describe("mod_status with ExtendedStatus Off", function () {
  this.timeout(60_000);
  let served: ServedRoot;
  before(async () => {
    served = await serveModhost(`${status}ExtendedStatus Off\n`, { modules: ["status"] });
  });
  after(() => served?.end());

  it("shows no totals and no requests", async () => {
    const lines = await (await fetch(served.url("/status?auto"))).text();
    expect(lines)
      .to.contain("BusyWorkers: 1\n")
      .and.not.to.match(/^(?:Total|CPU|ReqPerSec|Uptime)/m);
    const page = await (await fetch(served.url("/status"))).text();
    expect(page).to.contain("Scoreboard Key").and.not.to.contain("<th>Request</th>");
  });
});

describe("the page of mod_status", () => {
  const line = `GET /${"a".repeat(80)}\x1b[31m<script> HTTP/1.1`;
  const report: ServerReport = {
    startedAt: 0,
    generation: 3,
    ended: { requests: 5, bytes: 1024, milliseconds: 10 },
    workers: [
      {
        ...{ pid: 7, generation: 2, isDraining: true, capacity: 4, requests: 2, bytes: 1024, milliseconds: 10 },
        ...{ userTime: 1000, systemTime: 500, upgraded: 0, states: { reading: 0, working: 1, kept: 1, closing: 0 } },
        connections: [
          {
            ...{ state: "working", client: "192.0.2.1", requests: 0, bytes: 0, host: "localhost:80", startedAt: 1000 },
            requestLine: line,
          },
        ],
      },
    ],
  };
  const options = { serverName: "a", localAddress: "b", banner: "c", extended: true, now: 93_784_000 };

  it("shows the first 63 bytes of a request line, and with SeeRequestTail the last, harmless both", () => {
    const first = pageOf(report, { ...options, tail: false }, true);
    expect(first).to.contain(`<td>GET /${"a".repeat(58)}</td>`);
    const last = pageOf(report, { ...options, tail: true }, true);
    expect(last).to.contain("a\\x1b[31m&lt;script&gt; HTTP/1.1</td>").and.not.to.contain("<script>");
  });

  it("counts workers that finish apart, and what workers did that are gone", () => {
    const text = textOf(report, { ...options, tail: false });
    for (const expected of ["Total Accesses: 7", "Total kBytes: 2", "Total Duration: 20", "Scoreboard: GK"]) {
      expect(text).to.contain(`${expected}\n`);
    }
    expect(text).to.contain("ServerUptime: 1 day 2 hours 3 minutes 4 seconds\n");
    expect(text).to.contain("BusyWorkers: 0\nGracefulWorkers: 1\nIdleWorkers: 0\nProcesses: 1\nStopping: 1\n");
  });
});
