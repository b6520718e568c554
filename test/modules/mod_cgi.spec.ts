// Scripts: what they find, what ends them, what the script log shows of those that fail.
import { expect } from "chai";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { faultsOf, serve, type Asked, type Ask } from "../support/ask.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

/** Serves one script at /cgi-bin/s, and asks for it. */
function served(script: string, configuration = ""): Asked {
  const lines = `ScriptAlias /cgi-bin/ ROOT/cgi-bin/\n${configuration}`;
  const asked = serve(lines, { files: { "cgi-bin/s": `#!/bin/sh\n${script}\n` } });
  chmodSync(join(asked.root, "cgi-bin/s"), 0o755);
  return asked;
}

const answered = async (script: string, configuration = "", ask: Ask = {}) =>
  (await served(script, configuration).ask("/cgi-bin/s", ask)).body;
const head = "printf 'Content-Type: text/plain\\n\\n'";

describe("mod_cgi", () => {
  it("runs a script in its own folder, in a process group of its own", async () => {
    const body = await answered(`${head}; pwd; [ "$$" = "$(cut -d' ' -f5 /proc/$$/stat)" ] && echo leads`);
    expect(body).to.match(/\/cgi-bin\nleads\n$/);
  });
  it("keeps RLimitCPU, RLimitMEM and RLimitNPROC", async () => {
    const limits = "RLimitCPU 7 9\nRLimitMEM 104857600\nRLimitNPROC 300";
    const body = await answered(`${head}; grep -E 'cpu time|address space|Max processes' /proc/self/limits`, limits);
    expect(body.replace(/ +/g, " ")).to.match(/Max cpu time 7 9 seconds/);
    expect(body.replace(/ +/g, " ")).to.match(/Max processes 300 /);
    expect(body.replace(/ +/g, " ")).to.match(/Max address space 104857600 /);
  });
  it("answers while a script leaves its body unread", async () => {
    const body = await answered(`${head}; echo done`, "", { method: "POST", body: Buffer.alloc(1_000_000) });
    expect(body).to.equal("done\n");
  });
  it("takes output and gives input at the same time", async () => {
    const script = `${head}; cat`;
    const body = await answered(script, "", { method: "POST", body: Buffer.alloc(2_000_000, "x") });
    expect(body.length).to.equal(2_000_000);
  });
  it("lets a script open its body and its outputs by their names", async () => {
    const script = `${head}; cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr`;
    const asked = served(script);
    expect((await asked.ask("/cgi-bin/s", { method: "POST", body: "in\n" })).body).to.equal("in\nout\n");
    await until("its error is logged", () => asked.log.some(({ message }) => /AH01215: .*: err$/.test(message)));
    expect((await asked.ask("/cgi-bin/s")).body).to.equal("out\n");
  });
  it("feeds a body of unknown length as it comes", async () => {
    expect(await answered(`${head}; cat`, "", { method: "POST", body: "in", chunked: true })).to.equal("in");
  });
  it("translates what a script that speaks HTTP/1 says for a client of HTTP/2", async () => {
    const asked = serve("ScriptAlias /cgi-bin/ ROOT/cgi-bin/", {
      files: {
        "cgi-bin/nph-s":
          "#!/bin/sh\nprintf 'HTTP/1.1 201 Own Words\\r\\nETag: \"own\"\\r\\nConnection: close\\r\\n\\r\\nown\\n'\n",
        "cgi-bin/nph-none": "#!/bin/sh\necho own\n",
      },
    });
    for (const name of ["nph-s", "nph-none"]) chmodSync(join(asked.root, "cgi-bin", name), 0o755);
    const { status, headers, body } = await asked.ask("/cgi-bin/nph-s", { protocol: "HTTP/2.0" });
    expect([status, headers.get("etag"), body]).to.deep.equal([201, '"own"', "own\n"]);
    expect((await asked.ask("/cgi-bin/nph-none", { protocol: "HTTP/2.0" })).status).to.equal(500);
  });
  it("logs standard error line by line", async () => {
    const asked = served("echo one >&2; printf two >&2; printf '\\n'");
    await asked.ask("/cgi-bin/s");
    await until("both lines are there", () => asked.log.filter(({ message }) => /AH01215/.test(message)).length === 2);
    expect(asked.log.map(({ message }) => message.replace(/.*: /, ""))).to.include.members(["one", "two"]);
  });
  for (const [how, rest] of [
    ["at once", "printf 'no field\\nmore\\nand more'"],
    ["in two", "echo no field; sleep 0.1; printf 'more\\nand more'"],
  ] as const) {
    it(`shows what a script got and gave, ${how}, in the script log`, async () => {
      const asked = served(
        `echo X-Own: 1; echo oops >&2; cat >/dev/null; ${rest}`,
        "ScriptLog ROOT/logs/cgi\nScriptLogBuffer 3",
      );
      const log = join(asked.root, "logs/cgi");
      expect((await asked.ask("/cgi-bin/s?q=1", { method: "POST", body: "hello" })).status).to.equal(500);
      await until("the log is written", () => existsSync(log));
      const text = readFileSync(log, "utf8")
        .replaceAll(asked.root, "ROOT")
        .replace(/\[.*?\]/, "[TIME]");
      expect(text).to.equal(
        "%% [TIME] POST /cgi-bin/s?q=1 HTTP/1.1\n%% 500 ROOT/cgi-bin/s\n%request\nHost: h.test\nContent-Length: 5\n\nhel\n" +
          "%response\nno field\n%stdout\nmore\nand more\n%stderr\noops\n\n",
      );
    });
  }
  it("names in the script log why a script was not run", async () => {
    const asked = served("echo", "ScriptLog ROOT/logs/cgi");
    await asked.ask("/cgi-bin/none");
    expect(readFileSync(join(asked.root, "logs/cgi"), "utf8")).to.match(
      /%% 404 .*\n%error\nscript not found or unable to stat\n$/,
    );
  });
  it("lets no path write a line of its own into the script log", async () => {
    const asked = served("echo", "ScriptLog ROOT/logs/cgi");
    await asked.ask("/cgi-bin/none%0a%25%25%20forged");
    expect(readFileSync(join(asked.root, "logs/cgi"), "utf8")).to.not.match(/^%% forged/m);
  });
  it("adds nothing to a script log that is long enough", async () => {
    const asked = served("echo", "ScriptLog ROOT/logs/cgi\nScriptLogLength 10");
    await asked.ask("/cgi-bin/none");
    const before = readFileSync(join(asked.root, "logs/cgi"), "utf8");
    await asked.ask("/cgi-bin/none");
    expect(readFileSync(join(asked.root, "logs/cgi"), "utf8")).to.equal(before);
  });
  it("lets no field of a script into the head of another response", async () => {
    const asked = served("printf 'Content-Type: text/plain\\r\\nX-A: b\\rX-C: d\\r\\n\\r\\n'");
    expect([...(await asked.ask("/cgi-bin/s")).headers].map(([name]) => name)).to.not.include("X-C");
  });
  it("refuses suexec, for a user that is not the server's", () => {
    expect(faultsOf("SuexecUserGroup nobody nogroup").errors.join()).to.include("suexec");
  });
});

describe("a script behind a connection", function () {
  this.timeout(60_000);
  let server: ServedRoot | undefined;
  const waiting = "sleep 600 & echo $$ $! >";
  const scripts: Readonly<Record<string, string>> = {
    "cgi-bin/before": `${waiting} ../run/before; wait`,
    "cgi-bin/within": `${head}; echo begun; ${waiting} ../run/within; wait`,
    "cgi-bin/deaf": `trap '' TERM; ${waiting} ../run/deaf; while :; do wait; sleep 1; done`,
    "cgi-bin/orphan": `${head}; sleep 600 >/dev/null & echo $$ $! $PPID; wait`,
    "cgi-bin/silent": `${head}; echo begun; exec sleep 600`,
  };

  before(async () => {
    const files = Object.fromEntries(Object.entries(scripts).map(([name, text]) => [name, `#!/bin/sh\n${text}\n`]));
    const lines = `ScriptAlias /cgi-bin/ @ROOT@/cgi-bin/
<Directory @ROOT@/cgi-bin>
  Require all granted
</Directory>
<Location /cgi-bin/silent>
  CGIScriptTimeout 300ms
</Location>`;
    const { root, port } = await makeRoot(lines, { files, modules: ["cgi"] });
    for (const name of Object.keys(scripts)) chmodSync(join(root, name), 0o755);
    chmodSync(join(root, "run"), 0o777);
    server = await serveRoot(root, port);
  });
  after(() => server?.end());

  for (const [name, what] of [
    ["before", "is ended with its children when the client leaves before its head"],
    ["within", "is ended with its children when the client leaves in the middle of its body"],
    ["deaf", "is ended by force where it ignores SIGTERM"],
  ] as const) {
    it(what, async () => {
      if (!server) throw new Error("there is no server");
      const socket = connect({ host: "127.0.0.1", port: server.port });
      socket.on("error", () => undefined);
      socket.write(`GET /cgi-bin/${name} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const file = join(server.root, "run", name);
      const read = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split(/\s+/).map(Number) : []);
      await until("the script and its child run", () => read().length === 2);
      socket.resetAndDestroy();
      await until("both have ended", () => read().every((pid) => !existsSync(`/proc/${pid}`) || isZombie(pid)));
    });
  }
  it("is ended with its children when the worker is killed", async () => {
    if (!server) throw new Error("there is no server");
    // What the worker passes on, it has started and taken note of.
    const { body } = await fetch(server.url("/cgi-bin/orphan"));
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error("the script has not said who it is");
      line += value;
    }
    const [script = 0, child = 0, worker = 0] = line.split(" ").map(Number);
    const rest = reader?.read().catch(() => undefined);
    process.kill(worker, "SIGKILL");
    await until("all have ended", () => [script, child, worker].every((pid) => isZombie(pid)));
    await rest;
  });
  it("leaves no complete-looking response where it falls silent", async () => {
    if (!server) throw new Error("there is no server");
    const response = await fetch(server.url("/cgi-bin/silent"));
    const failure = await response.text().catch((error: unknown) => error);
    expect(failure).to.be.an("error");
  });
});

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return true;
  }
}
