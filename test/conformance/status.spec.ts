// The same questions to mod_status of Apache and of modhost → the same names of numbers, in the same order.
import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/running.js";
import { missingForApache, skipWithout, startServer, type Server } from "./servers.js";

const base = `
LoadModule status_module @MODULES@/mod_status.so
DocumentRoot "@ROOT@/www"
<Location "/status">
    SetHandler server-status
    Require local
</Location>
`;

const rows = [
  { name: "by default", lines: "" },
  { name: "with ExtendedStatus On", lines: "ExtendedStatus On\nSeeRequestTail On\n" },
  { name: "with ExtendedStatus Off", lines: "ExtendedStatus Off\n" },
];

/** Apache leaves it out while its processes have used less than a clock tick. */
const uncertain = new Set(["CPULoad"]);
/** Of modhost alone: WebSockets. */
const own = new Set(["ConnsUpgraded", "N WebSockets open"]);

describe("the status, as Apache", function () {
  this.timeout(60_000);
  let root = "";
  const servers: Server[] = [];

  before(function () {
    skipWithout(this, missingForApache());
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "status-"));
    chmodSync(root, 0o755);
    mkdirSync(join(root, "www"));
    mkdirSync(join(root, "conf"));
    writeFileSync(join(root, "conf/mime.types"), "text/html html\n");
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    rmSync(root, { recursive: true });
  });

  for (const { name, lines } of rows) {
    it(`has the same names in ?auto and the same cells in its page ${name}`, async () => {
      servers.push(await startServer("apache", base + lines, root), await startServer("modhost", base + lines, root));
      const [byApache, byModhost] = await Promise.all(servers.map(shapes));
      expect(byModhost).to.deep.equal(byApache);
    });
  }
});

/** Names of `?auto`, titles of columns, and labels in the head of the page, once the server is a second old and has counted. */
async function shapes({ ports }: Server): Promise<Record<string, readonly string[]>> {
  const ask = async (query: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${ports[0]}/status${query}`)).text();
  await until("a second has passed, and a request is counted where they are", async () => {
    const text = await ask("?auto");
    return /^ServerUptimeSeconds: [1-9]/m.test(text) && !/^Total Accesses: 0$/m.test(text);
  });
  const names = (await ask("?auto")).split("\n").map((line) => line.split(": ", 1)[0] ?? "");
  const page = await ask("");
  return {
    names: names.filter((each) => !uncertain.has(each) && !own.has(each)),
    columns: [...page.matchAll(/<th[^>]*>([^<]*)/g)].map(([, title = ""]) => title.trim()),
    labels: [...page.matchAll(/<dt>(.*?)(?::|<)/g)]
      .map(([, label = ""]) => label.replace(/\.?\d[\d.]*( [kMG]?B(?=\/))?/g, "N"))
      .filter((label) => label !== "Server Built" && !own.has(label)),
  };
}
