// Generated sites, the same ones each time → the same answers from modhost as from Apache, and as `explain` foretells them.
import { Agent, request } from "node:http";
import { expect } from "chai";
import { modules } from "../../src/modules/index.js";
import { explain, type Rehearsal } from "../../src/process/explain.js";
import { questionFor, rehearse, startModules } from "../../src/process/explain-command.js";
import { configurationOf, shownSite, sitesOf, writeSites, type Asked } from "./generated-configurations.js";
import { endCompared, makeComparedRoot, missingForApache, skipWithout, startServer, type Server } from "./servers.js";

/** What a server says of itself and of the moment, and the framing. */
const ownFields = new Set([
  "date",
  "server",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "last-modified",
]);

describe("generated configurations", function () {
  this.timeout(120_000);
  const sites = sitesOf(Number(process.env["SEED"] ?? 1), Number(process.env["COUNT"] ?? 40));
  const servers: Server[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let root = "";
  let rehearsal: Rehearsal;

  before(async function () {
    skipWithout(this, missingForApache());
    root = makeComparedRoot();
    writeSites(root, sites);
    const text = configurationOf(root, sites);
    for (const kind of ["apache", "modhost"] as const) servers.push(await startServer(kind, text, root));
    const read = rehearse({
      ...{ serverRoot: root, file: "modhost/httpd.conf", defines: [], before: [], after: [], environment: process.env },
      ...{ own: [], debug: false, modules },
    });
    if ("errors" in read) throw new Error(read.errors);
    rehearsal = read;
    await startModules(rehearsal.server);
  });
  after(async () => {
    agent.destroy();
    await endCompared(servers, root);
  });

  it("are answered as by Apache, and as explained", async () => {
    const differ: string[] = [];
    for (const [index, site] of sites.entries()) {
      const wrong: string[] = [];
      for (const asked of site.asked) {
        const answers = await Promise.all([
          ...servers.map((server) => answerOf(server, asked, index)),
          explained(asked, index),
        ]);
        const [expected, found, foretold] = answers;
        if (expected === found && found === foretold) continue;
        wrong.push(
          `${asked.method} ${asked.target} ${JSON.stringify(asked.headers)}\n  Apache  ${expected}\n  modhost ${found}\n  explain ${foretold}`,
        );
      }
      if (wrong.length > 0) differ.push(`site ${index}\n${shownSite(site)}\n${wrong.join("\n")}`);
    }
    expect(differ.join("\n\n")).to.equal("");
  });

  const shown = (status: number, fields: readonly (readonly [string, string])[], port: number): string =>
    `${status} ${fields
      .filter(([name]) => !ownFields.has(name.toLowerCase()))
      // The order of methods differs between two starts of one Apache.
      .map(([name, value]) => `${name}: ${name === "Allow" ? value.split(",").sort().join(",") : value}`)
      .sort()
      .join(" | ")}`
      .replaceAll(`:${port}`, ":PORT")
      // Apache leaves out the quote at the end of a negotiated tag.
      .replace(/(ETag: "[\w-]+;\w+)"/, "$1");

  function answerOf({ ports }: Server, { method, target, headers }: Asked, index: number): Promise<string> {
    const [port] = ports;
    return new Promise((resolve) => {
      const sending = request({
        ...{ agent, host: "127.0.0.1", port, method, path: target },
        headers: { ...headers, Host: `s${index}.test` },
      });
      sending.on("error", (error) => resolve(`no answer: ${error.message}`));
      sending.on("response", (response) => {
        const { rawHeaders: raw } = response;
        const fields = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : []));
        response.resume();
        response.on("end", () => resolve(shown(response.statusCode ?? 0, fields, port)));
      });
      sending.end();
    });
  }

  async function explained({ method, target, headers }: Asked, index: number): Promise<string> {
    const port = servers[1]?.ports[0] ?? 0;
    const header = Object.entries({ Host: `s${index}.test`, ...headers }).map((field) => field.join(": "));
    const question = questionFor(`http://127.0.0.1:${port}${target}`, { method, header }, rehearsal.server);
    const { status, headers: fields, foretold } = (await explain(rehearsal, question)).outcome;
    return foretold ?? shown(status ?? 0, fields, port);
  }
});
