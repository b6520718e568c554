// The table of http-proxy's hazards → the same rows for a real Apache and for modhost, each with a back end of its own.
import { expect } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { startBackEnd, talkTo, type RawBackEnd, type Talk } from "../modules/mod_proxy/front.js";
import { hazards, responses, rows, type Row, type World } from "./http-proxy-table.js";
import { show } from "./normalise.js";
import { endCompared, makeComparedRoot, missingForApache, skipWithout, startServer, type Server } from "./servers.js";
import { talk } from "./wire-client.js";

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule proxy_wstunnel_module @MODULES@/mod_proxy_wstunnel.so
LoadModule http2_module @MODULES@/mod_http2.so
Protocols h2c http/1.1
MergeTrailers On
DocumentRoot "@ROOT@/htdocs"
Include "@RUN@/back-ends.conf"
`;

/** Milliseconds for what is to happen, and for what Apache is known not to do. */
const [patience, differentPatience] = [20_000, 700];

describe("http-proxy's hazards, as Apache", function () {
  this.timeout(120_000);
  const servers: Server[] = [];
  /** By the folder of the server in front, one for each row. */
  const backEnds = new Map<string, readonly RawBackEnd[]>();
  let root = "";

  before(async function () {
    skipWithout(this, missingForApache());
    root = makeComparedRoot();
    for (const kind of ["apache", "modhost"] as const) {
      const own = await Promise.all(rows.map((row) => startBackEnd(row.backEnd())));
      const lines = own.map(
        ({ port }, i) => `ProxyPass /r${i}/ http://127.0.0.1:${port}/ ${rows[i]?.parameters ?? ""}\n`,
      );
      backEnds.set(`${root}/${kind}`, own);
      mkdirSync(`${root}/${kind}`);
      writeFileSync(`${root}/${kind}/back-ends.conf`, lines.join(""));
      servers.push(await startServer(kind, configuration, root));
    }
  });
  after(async () => {
    for (const backEnd of [...backEnds.values()].flat()) backEnd.close();
    await endCompared(servers, root);
  });

  it("have rows, each of them", () => {
    const known = new Set([...rows, ...responses].map(({ hazard }) => hazard));
    expect(Object.keys(hazards)).to.have.members([...known]);
  });

  for (const [index, row] of rows.entries()) {
    const reason = row.differs === undefined ? "" : ` (differs: ${row.differs})`;
    it(`${hazards[row.hazard]}: ${row.name}${reason}`, async () => {
      const [expected, found] = await Promise.all(
        servers.map(async (server) => {
          const backEnd = backEnds.get(server.run)?.[index];
          return backEnd && seen(server, row, { backEnd, path: `/r${index}` });
        }),
      );
      if (row.differs === undefined) expect(found).to.equal(expected);
      else expect(found, "listed as different, and equal").to.not.equal(expected);
    });
  }
});

/** What is seen of a row with one server. */
async function seen(server: Server, row: Row, { backEnd, path }: Pick<World, "backEnd" | "path">): Promise<string> {
  const [port] = server.ports;
  const talks: Talk[] = [];
  const wait = row.differs !== undefined && server.kind === "apache" ? differentPatience : patience;
  try {
    const lines = await row.run({
      path,
      backEnd,
      open() {
        const opened = talkTo(port);
        talks.push(opened);
        return opened;
      },
      async ask(raw, methods = ["GET"]) {
        const sent = { host: "127.0.0.1", port, pieces: [raw], methods, end: false, probe: undefined };
        return show(await talk(sent), server);
      },
      askHttp2: (target, trailers) => askHttp2(port, target, trailers),
      async eventually(holds) {
        const deadline = Date.now() + wait;
        while (!holds() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
        return holds();
      },
    });
    return lines.join("\n").replaceAll(String(backEnd.port), "PORT");
  } finally {
    for (const { socket } of talks) socket.destroy();
    backEnd.close();
  }
}

/** Status, body and trailers; a POST where trailers go along. */
async function askHttp2(port: number, path: string, trailers?: OutgoingHttpHeaders): Promise<readonly string[]> {
  const lines: string[] = [];
  const session = connect(`http://127.0.0.1:${port}`);
  await new Promise<void>((resolve) => {
    const head = { ":path": path, ":method": trailers ? "POST" : "GET" };
    const stream = session.request(head, { endStream: !trailers, waitForTrailers: trailers !== undefined });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
    stream.on("response", (fields) => lines.push(`status ${String(fields[":status"])}`));
    stream.on("data", (bytes: Buffer) => lines.push(bytes.toString("latin1")));
    stream.on("trailers", (fields: IncomingHttpHeaders) =>
      lines.push(...Object.entries(fields).map(([name, value]) => `${name}: ${String(value)}`)),
    );
    stream.on("error", (error: Error) => lines.push(error.message));
    session.on("error", () => resolve());
    stream.on("close", () => resolve());
    if (trailers) stream.end("hello");
  });
  session.destroy();
  return lines;
}
