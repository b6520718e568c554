// Logs that programs read: what a real Apache does with them, and the same of modhost; then what modhost bounds.
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingForApache, skipWithout, startServer, type Kind, type Server } from "../conformance/servers.js";
import { freePorts, until } from "../support/running.js";

/** Notes its start, each line, SIGTERM and the end of its input in the file that its first argument names. */
const reader = `#!/bin/sh
note() { echo "$1 $$ $2" >> "$log"; }
log="$1"
note start "$(pwd) [$2] [$3]"
trap 'note term; exit 0' TERM
while IFS= read -r line; do note line "$line"; done
note end
`;

const modhost = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

let root = "";
let servers: Server[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "piped-logs-"));
  chmodSync(root, 0o755);
  mkdirSync(join(root, "htdocs"));
  mkdirSync(join(root, "conf"));
  writeFileSync(join(root, "conf/mime.types"), "text/html html\n");
  writeFileSync(join(root, "htdocs/a.html"), "a");
  writeFileSync(join(root, "reader"), reader, { mode: 0o755 });
});
afterEach(async () => {
  const left = await Promise.all(servers.map((server) => server.stop()));
  servers = [];
  rmSync(root, { recursive: true, force: true });
  expect(left.flat(), "processes left running").to.deep.equal([]);
});

async function serve(kind: Kind, configuration: string): Promise<Server> {
  const server = await startServer(kind, `DocumentRoot @ROOT@/htdocs\n${configuration}\n`, root);
  servers.push(server);
  return server;
}

const ask = ({ ports }: Server, path: string, host = "www.test"): Promise<number> =>
  new Promise((resolve, reject) => {
    get({ port: ports[0], host: "127.0.0.1", path, headers: { host }, agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    }).once("error", reject);
  });

function textOf(server: Pick<Server, "run">, name: string): string {
  const file = join(server.run, name);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

interface Note {
  readonly what: string;
  readonly pid: number;
  readonly text: string;
}

/** What readers have noted, in order. */
function notes(server: Server, what?: string): Note[] {
  const all = [...textOf(server, "notes").matchAll(/^(\w+) (\d+) ?(.*)$/gm)].map(
    ([, kind = "", pid, text = ""]): Note => ({ what: kind, pid: Number(pid), text }),
  );
  return all.filter((note) => what === undefined || note.what === what);
}

/** Apache starts its programs twice: to try its configuration, and to serve it. */
const live = (server: Server): Note[] => notes(server, "start").filter(({ pid }) => isAlive(pid));
const lines = (server: Server): string[] => notes(server, "line").map(({ text }) => text);
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);
const signal = (server: Server, name: NodeJS.Signals): void => {
  process.kill(Number(readFileSync(join(server.run, "server.pid"), "utf8")), name);
};

for (const kind of ["apache", "modhost"] as const) {
  describe(`logs that programs read, in ${kind}`, function () {
    this.timeout(60_000);
    before(function () {
      skipWithout(this, kind === "apache" ? missingForApache() : undefined);
    });

    for (const [name, target] of [
      ["an absolute path", '|@ROOT@/reader @RUN@/notes \\"two words\\" last'],
      ["two bars", '||@ROOT@/reader @RUN@/notes \\"two words\\" last'],
      // Words are taken apart in front of the shell, which gets them with blanks between them.
      ["a command of the shell", "|$exec ./reader @RUN@/notes '\\'two words\\'' `echo last`"],
    ] as const) {
      it(`are started with the server, in ServerRoot: ${name}`, async () => {
        const server = await serve(kind, `CustomLog "${target}" "%r"`);
        await until("the program has started", () => notes(server, "start").length > 0);
        expect(notes(server, "start")[0]?.text).to.equal(`${root} [two words] [last]`);
        await ask(server, "/a.html?1");
        await until("the line is there", () => lines(server).length > 0);
        expect(lines(server)).to.deep.equal(["GET /a.html?1 HTTP/1.1"]);
      });
    }

    it("are started again when they end, which the error log says", async () => {
      const server = await serve(kind, 'CustomLog "|@ROOT@/reader @RUN@/notes" "%r"');
      await ask(server, "/a.html?1");
      await until("the program has the line", () => lines(server).length === 1);
      const first = notes(server, "line")[0]?.pid ?? 0;
      process.kill(first, "SIGKILL");
      await until("another one has started", () => live(server).some(({ pid }) => pid !== first));
      await ask(server, "/a.html?2");
      await until("it has the line", () => lines(server).length === 2);
      expect(notes(server, "line")[1]?.pid).not.to.equal(first);
      expect(textOf(server, "error.log")).to.match(
        /AH00106: piped log program '\/\S+\/reader \/\S+\/notes' failed unexpectedly/,
      );
    });

    for (const [name, change] of [
      ["a graceful restart", "SIGUSR1"],
      ["a restart", "SIGHUP"],
    ] as const) {
      it(`are others after ${name}; those before it end`, async () => {
        const server = await serve(kind, 'CustomLog "|@ROOT@/reader @RUN@/notes" "%r"');
        await ask(server, "/a.html?1");
        await until("the line is there", () => lines(server).length === 1);
        const first = notes(server, "line")[0]?.pid ?? 0;
        signal(server, change);
        await until("the first program has ended", () => !isAlive(first));
        await until("a program runs", () => live(server).length > 0);
        await until("it gets lines", async () => {
          await ask(server, "/a.html?2");
          return notes(server, "line").some(({ pid, text }) => pid !== first && text.includes("?2"));
        });
      });
    }

    it("end with the server", async () => {
      const server = await serve(kind, 'CustomLog "|@ROOT@/reader @RUN@/notes" "%r"');
      await ask(server, "/a.html?1");
      await until("the program has the line", () => lines(server).length === 1);
      signal(server, "SIGTERM");
      await until("it has ended", () => live(server).length === 0);
    });

    for (const [name, line, message] of [
      [
        "an access log",
        'CustomLog "|/no/such/program x" "%r"',
        "AH00104: unable to start piped log program '/no/such/program x'",
      ],
      ["an error log", 'ErrorLog "|/no/such/program"', "AH00089: Couldn't start ErrorLog process '/no/such/program'"],
      [
        "a file that is no program",
        'CustomLog "|htdocs/a.html" "%r"',
        "AH00104: unable to start piped log program 'htdocs/a.html'",
      ],
    ] as const) {
      it(`that are not there keep the server from starting: ${name}`, async () => {
        const [port = 0] = await freePorts(1);
        const file = join(root, "server.conf");
        const account = process.getuid?.() === 0 ? "User www-data\nGroup www-data\n" : "";
        const mpm = "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n";
        const base = `ServerRoot ${root}\nServerName a.test\nPidFile ${root}/pid\nErrorLog ${root}/errors\n`;
        writeFileSync(file, `${base}DefaultRuntimeDir ${root}\n${mpm}${account}Listen 127.0.0.1:${port}\n${line}\n`);
        const { status, stdout, stderr } = spawnSync(
          kind === "apache" ? "/usr/sbin/apache2" : process.execPath,
          [...(kind === "apache" ? [] : [modhost]), "-d", root, "-f", file, "-DFOREGROUND"],
          { encoding: "utf8" },
        );
        expect(stdout + stderr + textOf({ run: root }, "errors"))
          .to.contain(message)
          .and.to.contain("Unable to open logs");
        expect(status).to.equal(1);
      });
    }

    it("may be of the error log", async () => {
      const server = await serve(kind, 'ErrorLog "|@ROOT@/reader @RUN@/notes"\nLogLevel info');
      await ask(server, "/none");
      await until("its lines are there", () => lines(server).some((line) => line.includes("AH00094: Command line")));
    });

    it("may be shared by virtual hosts, for both logs", async () => {
      const host = (name: string): string =>
        `<VirtualHost *>\nServerName ${name}.test\nErrorLog "|@ROOT@/reader @RUN@/notes errors"\nRedirect 410 /gone\n` +
        `CustomLog "|@ROOT@/reader @RUN@/notes access" "%v %r"\n</VirtualHost>`;
      const server = await serve(kind, `LogLevel debug\n${host("a")}\n${host("b")}`);
      await ask(server, "/a.html", "a.test");
      await ask(server, "/a.html", "b.test");
      const both = (): string[] => lines(server).filter((line) => line.endsWith("GET /a.html HTTP/1.1"));
      await until("both lines are there", () => both().length === 2);
      expect(both().sort()).to.deep.equal(["a.test GET /a.html HTTP/1.1", "b.test GET /a.html HTTP/1.1"]);
      expect(live(server).filter(({ text }) => text.includes("[errors]"))).to.have.length(1);
    });

    it("may be rotatelogs", async function () {
      skipWithout(this, existsSync("/usr/bin/rotatelogs") ? undefined : "rotatelogs: apt-get install apache2-utils");
      const server = await serve(kind, 'CustomLog "|/usr/bin/rotatelogs @RUN@/access.%Y 86400" "%r"');
      await ask(server, "/a.html?1");
      const name = `access.${new Date().getUTCFullYear()}`;
      await until("the line is there", () => textOf(server, name) !== "");
      expect(textOf(server, name)).to.equal("GET /a.html?1 HTTP/1.1\n");
    });
  });
}

describe("programs of logs", function () {
  this.timeout(60_000);

  it("are looked for from ServerRoot on", async () => {
    const server = await serve("modhost", 'CustomLog "|reader @RUN@/notes \'two words\' last" "%r"');
    await until("the program has started", () => notes(server, "start").length > 0);
    expect(notes(server, "start")[0]?.text).to.equal(`${root} [two words] [last]`);
  });

  it("and end at once, are started again after pauses that grow, and cost no request", async () => {
    const server = await serve("modhost", 'CustomLog "|/bin/true" "%r"');
    const log = (): string => textOf(server, "error.log");
    await until("it has been started again twice", () => log().includes("it is started again in 2 seconds"));
    expect(log()).to.match(
      /AH00106: piped log program '\/bin\/true' failed unexpectedly: it exited with status 0; it is started again in 1 seconds/,
    );
    expect(await ask(server, "/a.html")).to.equal(200);
  });

  it("and do not read, hold up nothing; their lines are dropped and counted", async () => {
    const server = await serve(
      "modhost",
      `LogFormat "${"x".repeat(8000)} %r" long\nCustomLog "|$until test -f @RUN@/go; do sleep 0.1; done; exec cat > /dev/null" long`,
    );
    for (let i = 0; i < 250; i++) expect(await ask(server, `/a.html?${i}`)).to.equal(200);
    writeFileSync(join(server.run, "go"), "");
    await until("the error log counts them", async () => {
      await ask(server, "/a.html");
      return /\d+ lines for \|\$until .* were dropped: the log program does not keep up/.test(
        textOf(server, "error.log"),
      );
    });
  });

  it("and do not end with their input, are ended by signals, with what they started", async () => {
    const server = await serve(
      "modhost",
      'CustomLog "|$trap : TERM; echo $$ > @RUN@/pid; sleep 1000 & while :; do wait; done" "%r"',
    );
    await until("it has started", () => textOf(server, "pid") !== "");
    const pid = Number(textOf(server, "pid"));
    signal(server, "SIGTERM");
    await until("it has ended", () => !isAlive(pid));
  });

  it("keep a configuration with a program that is not there from being taken; the former goes on", async () => {
    const server = await serve("modhost", 'CustomLog "|@ROOT@/reader @RUN@/notes" "%r"');
    await until("the program has started", () => notes(server, "start").length === 1);
    const file = join(server.run, "httpd.conf");
    writeFileSync(file, `${readFileSync(file, "utf8")}CustomLog "|/no/such/program" "%r"\n`);
    signal(server, "SIGUSR1");
    await until("the reload is refused", () =>
      textOf(server, "error.log").includes(
        "AH00104: unable to start piped log program '/no/such/program': there is no such file",
      ),
    );
    await ask(server, "/a.html?1");
    await until("the former program has the line", () => lines(server).includes("GET /a.html?1 HTTP/1.1"));
    const first = notes(server, "start")[0]?.pid ?? 0;
    await until("no other program is left", () =>
      notes(server, "start").every(({ pid }) => pid === first || !isAlive(pid)),
    );
    expect(isAlive(first)).to.equal(true);
  });
});
