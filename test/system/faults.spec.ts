// Rows of docs/faults.md, seen by clients of a whole server: what they get, and that the group is whole again.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const modhost = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

const application = `
import ctypes, os, resource, signal, subprocess, sys, threading, time
import mod_wsgi

def note(what):
    name = "@ROOT@/notes/" + mod_wsgi.process_group
    with open(name + ".new", "w") as file:
        file.write(what)
    os.rename(name + ".new", name)

def pieces(pid):
    yield b"0123456789"
    note(pid)
    time.sleep(60)

def wedge(seconds):
    "Keeps the interpreter's lock."
    ctypes.PyDLL(None).sleep(seconds)

exhausted = threading.Event()

def hog():
    "Takes each descriptor that there is, and that comes free."
    kept = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    while True:
        try:
            kept.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            exhausted.set()
            time.sleep(0.005)

def application(environ, start_response):
    path = environ["PATH_INFO"]
    pid = str(os.getpid())
    headers = [("Content-Type", "text/plain")]
    answer = pid
    if path == "/wait":
        note(pid)
        time.sleep(60)
    elif path == "/chunks":
        start_response("200 OK", headers)
        return pieces(pid)
    elif path == "/sized":
        start_response("200 OK", headers + [("Content-Length", "1000")])
        return pieces(pid)
    elif path == "/upload":
        environ["wsgi.input"].read(10)
        note(pid)
        # Not faster than the client sends, whose turn it were else.
        while environ["wsgi.input"].read(65536):
            time.sleep(0.2)
    elif path == "/wedge":
        note(pid)
        wedge(60)
    elif path == "/wedged-loop":
        note(pid)
        library = ctypes.PyDLL(None)
        sys.setswitchinterval(1000)
        while True:
            library.usleep(100000)
    elif path == "/descriptors":
        threading.Thread(target=hog, daemon=True).start()
        exhausted.wait()
        open("/dev/null").close()
    elif path == "/short":
        time.sleep(0.1)
    elif path == "/left-behind":
        answer = str(subprocess.Popen(["/bin/sleep", "60"]).pid)
    elif path == "/abort":
        os.abort()
    elif path == "/segfault":
        ctypes.string_at(0)
    elif path == "/keyboard":
        raise KeyboardInterrupt
    elif path == "/memory":
        raise MemoryError
    elif path == "/settings":
        sys.path[:] = []
        sys.stdout = sys.stderr = None
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
    start_response("200 OK", headers)
    return [answer.encode()]
`;

/** Loads until it is let go, and says so. */
const slow = `
import os, time
import mod_wsgi
notes = "@ROOT@/notes/" + mod_wsgi.process_group
if not os.path.exists(notes + ".go"):
    with open(notes + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(notes + ".new", notes)
    while not os.path.exists(notes + ".go"):
        time.sleep(0.02)

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`;

/** What a client gets: "200", "502", "200, broken off". */
type Answer = string;

/** One group of the server, named after its row. */
class Group {
  readonly served: ServedRoot;
  readonly name: string;

  constructor(served: ServedRoot, name: string) {
    this.served = served;
    this.name = name;
  }

  get(path = "/"): Promise<{ readonly answer: Answer; readonly text: string }> {
    return new Promise((resolve) => {
      const lost = (): void => resolve({ answer: "no answer", text: "" });
      httpRequest(this.served.url(`/${this.name}${path}`), { agent: false }, (response) => {
        let text = "";
        response.on("data", (bytes: Buffer) => (text += bytes.toString())).on("error", () => undefined);
        response.on("close", () =>
          resolve({ answer: `${response.statusCode}${response.complete ? "" : ", broken off"}`, text }),
        );
      })
        .on("error", lost)
        .end();
    });
  }

  async pid(): Promise<number> {
    const { answer, text } = await this.get();
    expect(answer).to.equal("200");
    return Number(text);
  }

  /** What the application has noted since `begin`. */
  async noted(begin: () => void): Promise<string> {
    const file = join(this.served.root, "notes", this.name);
    rmSync(file, { force: true });
    begin();
    await until(`${this.name} has come so far`, () => existsSync(file));
    return readFileSync(file, "utf8");
  }

  /** Asks for a path, and sends the process a signal when the application has come to where it is to come. */
  async struck(path: string, signal: NodeJS.Signals): Promise<Answer> {
    const { pid, answer } = await this.hung(path);
    process.kill(pid, signal);
    return answer;
  }

  /** Asks for a path; resolves when the application has come to where it is to come. */
  async hung(path: string): Promise<{ readonly pid: number; readonly answer: Promise<Answer> }> {
    let answer = Promise.resolve("");
    const pid = await this.noted(() => {
      answer = this.get(path).then((got) => got.answer);
    });
    return { pid: Number(pid), answer: answer };
  }

  /** Begins an upload that does not end, and sends the process a signal while the application reads it. */
  async struckUpload(signal: NodeJS.Signals): Promise<Answer> {
    const socket = connect(this.served.port, "127.0.0.1");
    let text = "";
    const closed = new Promise<void>((done) => socket.on("close", () => done()));
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      // Whoever is refused stops sending.
      socket.end();
    });
    socket.on("error", () => undefined);
    const pid = await this.noted(() => {
      const head = `POST /${this.name}/upload HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n`;
      socket.write(head + "x".repeat(3_000_000));
    });
    process.kill(Number(pid), signal);
    await closed;
    return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? "no answer";
  }

  /** Whole again: as many processes as before, none of them that one. */
  async isWholeWithout(before: number): Promise<void> {
    await until(`${this.name} is whole again`, async () => {
      const { answer, text } = await this.get();
      return answer === "200" && Number(text) !== before;
    });
    await until(`process ${before} has ended`, () => !isAlive(before));
  }

  /** The line about a request that was stuck, and its stack. */
  async isLogged(path: string): Promise<void> {
    const line = new RegExp(
      `request "GET /${this.name}${path} HTTP/1.1" \\([\\w-]+, localhost\\) has run for \\d+\\.\\d s in thread \\d+ of process \\d+`,
    );
    await until("the request is in the log", () => line.test(this.served.errors()));
    await until("its stack is in the log", () => this.served.errors().includes('app.wsgi", line'));
  }
}

interface Row {
  readonly fault: string;
  /** Of WSGIDaemonProcess. */
  readonly options?: string;
  /** The script is loaded when the process starts. */
  readonly isLoaded?: boolean;
  /** The script waits to be let go. */
  readonly isSlow?: boolean;
  /** That has been done when the server starts. */
  readonly isLetGo?: boolean;
  /** What is seen; the faults of docs/faults.md that it shows. */
  readonly run: (group: Group) => Promise<void>;
}

const strikes = (
  signal: "SIGKILL" | "SIGSTOP",
  paths: Readonly<Record<string, string>>,
  answers: Readonly<Record<string, Answer>>,
  options = "",
): Row[] =>
  Object.entries(paths).map(([fault, path]) => ({
    fault: `${signal} ${fault}`,
    options,
    run: async (group) => {
      const before = await group.pid();
      expect(await group.struck(path, signal)).to.equal(answers[fault]);
      await group.isWholeWithout(before);
      if (signal === "SIGSTOP") await group.isLogged(path);
    },
  }));

const moments = {
  "before the head of a response": "/wait",
  "in a response of chunks": "/chunks",
  "in a response with Content-Length": "/sized",
};

const rows: readonly Row[] = [
  ...strikes("SIGKILL", moments, {
    "before the head of a response": "502",
    "in a response of chunks": "200, broken off",
    "in a response with Content-Length": "200, broken off",
  }),
  ...strikes(
    "SIGSTOP",
    moments,
    {
      "before the head of a response": "504",
      "in a response of chunks": "200, broken off",
      "in a response with Content-Length": "200, broken off",
    },
    "request-timeout=1",
  ),
  {
    fault: "SIGKILL in a response to HTTP/1.0",
    run: async (group) => {
      const before = await group.pid();
      const socket = connect(group.served.port, "127.0.0.1");
      let text = "";
      let failure = "";
      const closed = new Promise<void>((done) => socket.on("close", () => done()));
      socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
      socket.on("error", (error: NodeJS.ErrnoException) => (failure = error.code ?? ""));
      const pid = await group.noted(() => socket.write(`GET /${group.name}/chunks HTTP/1.0\r\n\r\n`));
      await until("the beginning has come", () => text.endsWith("0123456789"));
      process.kill(Number(pid), "SIGKILL");
      await closed;
      expect(failure).to.equal("ECONNRESET");
      await group.isWholeWithout(before);
    },
  },
  {
    fault: "SIGKILL while it reads an upload",
    run: async (group) => {
      const before = await group.pid();
      expect(await group.struckUpload("SIGKILL")).to.equal("502");
      await group.isWholeWithout(before);
    },
  },
  {
    fault: "SIGSTOP while it reads an upload",
    options: "request-timeout=1",
    run: async (group) => {
      const before = await group.pid();
      expect(await group.struckUpload("SIGSTOP")).to.equal("504");
      await group.isWholeWithout(before);
    },
  },
  {
    fault: "SIGKILL while a request loads the script",
    isSlow: true,
    run: async (group) => {
      expect(await group.struck("/", "SIGKILL")).to.equal("502");
      writeFileSync(join(group.served.root, "notes", `${group.name}.go`), "");
      await group.pid();
    },
  },
  {
    fault: "SIGSTOP while a request loads the script",
    isSlow: true,
    // The next process starts and loads within it.
    options: "request-timeout=3",
    run: async (group) => {
      expect(await group.struck("/", "SIGSTOP")).to.equal("504");
      writeFileSync(join(group.served.root, "notes", `${group.name}.go`), "");
      await group.pid();
    },
  },
  {
    fault: "SIGKILL while it drains",
    options: "graceful-timeout=30",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wait");
      process.kill(pid, "SIGUSR1");
      await until("its successor serves", async () => (await group.pid()) !== pid);
      process.kill(pid, "SIGKILL");
      expect(await answer).to.equal("502");
      await group.isWholeWithout(pid);
    },
  },
  {
    fault: "SIGSTOP while it drains",
    options: "graceful-timeout=1 shutdown-timeout=1",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wait");
      process.kill(pid, "SIGUSR1");
      await until("its successor serves", async () => (await group.pid()) !== pid);
      process.kill(pid, "SIGSTOP");
      expect(await answer).to.equal("502");
      await group.isWholeWithout(pid);
    },
  },
  ...["/wedge", "/wedged-loop"].map((path): Row => ({
    fault: `the interpreter's lock is held${path === "/wedge" ? "" : " again and again"}: request-timeout`,
    options: "request-timeout=1 shutdown-timeout=1",
    run: async (group) => {
      const before = await group.pid();
      expect((await group.get(path)).answer).to.equal("504");
      await group.isWholeWithout(before);
      await group.isLogged(path);
    },
  })),
  {
    fault: "the interpreter's lock is held: interrupt-timeout",
    options: "request-timeout=1 interrupt-timeout=1 shutdown-timeout=1",
    run: async (group) => {
      const before = await group.pid();
      expect((await group.get("/wedge")).answer).to.equal("504");
      await group.isWholeWithout(before);
      await group.isLogged("/wedge");
    },
  },
  {
    fault: "the interpreter's lock is held: deadlock-timeout",
    options: "deadlock-timeout=1 shutdown-timeout=1",
    run: async (group) => {
      const before = await group.pid();
      expect((await group.get("/wedge")).answer).to.equal("502");
      await group.isWholeWithout(before);
      await until("the stack is in the log", () => /app\.wsgi", line \d+ in wedge/.test(group.served.errors()));
    },
  },
  {
    fault: "the interpreter's lock is held: SIGTERM to the process",
    options: "request-timeout=2 shutdown-timeout=1",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wedge");
      process.kill(pid, "SIGTERM");
      expect(await answer).to.equal("504");
      await group.isWholeWithout(pid);
    },
  },
  {
    fault: "the interpreter's lock is held: restart-group",
    options: "graceful-timeout=1 shutdown-timeout=1",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wedge");
      expect(await ctl(group.served, "restart-group", group.name)).to.equal(0);
      expect(await group.pid()).not.to.equal(pid);
      expect(await answer).to.equal("502");
      await group.isWholeWithout(pid);
    },
  },
  {
    fault: "descriptors run out",
    run: async (group) => {
      const before = await group.pid();
      expect((await group.get("/descriptors")).answer).to.equal("500");
      // What a process has accepted, or waits to accept, it serves; when it cannot take the next it is replaced.
      for (let replaced = false; !replaced;) {
        const answers = await Promise.all(Array.from({ length: 12 }, () => group.get("/short")));
        expect(new Set(answers.map(({ answer }) => answer))).to.deep.equal(new Set(["200"]));
        replaced = answers.every(({ text }) => Number(text) !== before);
      }
      expect(group.served.errors()).to.include("leaves: descriptor_limit");
      await group.isWholeWithout(before);
    },
  },
  {
    fault: "a program is left behind",
    run: async (group) => {
      const before = await group.pid();
      const child = Number((await group.get("/left-behind")).text);
      process.kill(before, "SIGUSR1");
      await group.isWholeWithout(before);
      expect(isAlive(child)).to.equal(true);
      process.kill(child, "SIGKILL");
    },
  },
  ...["abort", "segfault"].map((name): Row => ({
    fault: name,
    run: async (group) => {
      const before = await group.pid();
      expect((await group.get(`/${name}`)).answer).to.equal("502");
      await group.isWholeWithout(before);
      const signal = name === "abort" ? "SIGABRT" : "SIGSEGV";
      await until("the log tells of the signal", () =>
        new RegExp(`process ${before} of daemon group "${group.name}" was killed by ${signal}`).test(
          group.served.errors(),
        ),
      );
      // faulthandler shows where.
      await until("and of the place", () => /Fatal Python error: [^]*app\.wsgi", line/.test(group.served.errors()));
    },
  })),
  ...["keyboard", "memory"].map((name): Row => ({
    fault: name === "keyboard" ? "KeyboardInterrupt" : "MemoryError",
    run: async (group) => {
      const before = await group.pid();
      expect((await group.get(`/${name}`)).answer).to.equal("500");
      expect(await group.pid()).to.equal(before);
    },
  })),
  {
    fault: "sys.path, streams and signal handlers are changed",
    run: async (group) => {
      const before = await group.pid();
      expect((await group.get("/settings")).answer).to.equal("200");
      expect(await group.pid()).to.equal(before);
      process.kill(before, "SIGTERM");
      await group.isWholeWithout(before);
    },
  },
  {
    fault: "the socket is deleted",
    run: async (group) => {
      const before = await group.pid();
      const run = join(group.served.root, "run");
      const path = socketOf(before, run);
      rmSync(path);
      // What is open goes on; many at a time need new connections.
      const answers = await Promise.all(Array.from({ length: 12 }, () => group.get()));
      expect(new Set(answers.map(({ answer }) => answer))).to.deep.equal(new Set(["200"]));
      await group.isWholeWithout(before);
    },
  },
];

const nameOf = (fault: string): string => fault.toLowerCase().replace(/[^a-z0-9]+/g, "-");

async function serve(all: readonly Row[]): Promise<ServedRoot> {
  const lines = all.map(({ fault, options = "shutdown-timeout=2", isSlow, isLoaded }) => {
    const name = nameOf(fault);
    const file = `@ROOT@/${isSlow ? "slow" : "app"}.wsgi`;
    const alias = isLoaded
      ? `WSGIScriptAlias /${name} ${file} process-group=${name} application-group=%{GLOBAL}`
      : `WSGIScriptAliasMatch ^/${name}(/.*)?$ ${file}$1 process-group=${name}`;
    return `WSGIDaemonProcess ${name} threads=4 ${options}\n${alias}`;
  });
  const { root, port } = await makeRoot(
    `WSGIApplicationGroup %{GLOBAL}
${lines.join("\n")}
<Directory @ROOT@>
    Require all granted
</Directory>
`,
    { modules: ["wsgi"], files: { "htdocs/index.html": "static\n" } },
  );
  for (const [name, text] of Object.entries({ "app.wsgi": application, "slow.wsgi": slow })) {
    writeFileSync(join(root, name), text.replaceAll("@ROOT@", root));
  }
  mkdirSync(join(root, "notes"));
  chmodSync(join(root, "notes"), 0o777);
  for (const { fault, isLetGo } of all) if (isLetGo) writeFileSync(join(root, "notes", `${nameOf(fault)}.go`), "");
  return serveRoot(root, port);
}

describe("a server whose daemons meet with a fault", function () {
  this.timeout(90_000);
  let served: ServedRoot | undefined;

  before(async function () {
    needPython(this);
    served = await serve(rows);
  });
  after(() => served?.end());

  for (const { fault, run } of rows) {
    it(fault, async () => {
      if (!served) throw new Error("it is not served");
      await run(new Group(served, nameOf(fault)));
    });
  }
});

describe("docs/faults.md", () => {
  it("has a row for each test, and a test for each row", () => {
    const folder = new URL("../../", import.meta.url);
    const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
    const others = { "¹": read("test/process/python-faults.spec.ts"), "²": read("test/process/python-limits.spec.ts") };
    const own = new Set([...rows, ...restarts].map(({ fault }) => fault));
    const found = [...read("docs/faults.md").matchAll(/^\| ([^|]+?)(?: ([¹²]))? \|/gm)].slice(2);
    for (const [, fault = "", mark] of found) {
      if (mark === undefined) expect(own.delete(fault), fault).to.equal(true);
      else expect(others[mark as keyof typeof others]).to.include(fault);
    }
    expect([...own]).to.deep.equal([]);
  });
});

/** Faults while the server itself starts, is restarted or stopped. */
const restarts: readonly Row[] = [
  {
    fault: "SIGKILL while it starts",
    isSlow: true,
    isLoaded: true,
    run: async (group) => {
      const asked = group.get();
      const file = join(group.served.root, "notes", group.name);
      await until("it loads the script", () => existsSync(file));
      writeFileSync(`${file}.go`, "");
      process.kill(Number(readFileSync(file, "utf8")), "SIGKILL");
      expect((await asked).answer).to.equal("200");
    },
  },
  {
    fault: "SIGSTOP while it starts",
    isSlow: true,
    isLoaded: true,
    options: "startup-timeout=3",
    run: async (group) => {
      const file = join(group.served.root, "notes", group.name);
      let before = 0;
      // On a slow machine its time may be over by now, and the next one may be starting.
      await until("it loads the script, and is stopped", () => {
        if (!existsSync(file)) return false;
        before = Number(readFileSync(file, "utf8"));
        return isAlive(before) && process.kill(before, "SIGSTOP");
      });
      const asked = group.get();
      writeFileSync(`${file}.go`, "");
      expect((await asked).answer).to.equal("503");
      await group.isWholeWithout(before);
      expect(group.served.errors()).to.match(/was not ready within 3 s \(startup-timeout\)/);
    },
  },
  {
    fault: "SIGKILL of a new process during a graceful restart",
    isSlow: true,
    isLetGo: true,
    isLoaded: true,
    run: async (group) => {
      const { go, before, pid, restarted } = await restarting(group);
      writeFileSync(go, "");
      process.kill(pid, "SIGKILL");
      expect((await group.get()).answer).to.equal("200");
      expect(await restarted).to.equal(0);
      await group.isWholeWithout(before);
    },
  },
  {
    fault: "SIGSTOP of a new process during a graceful restart",
    isSlow: true,
    isLetGo: true,
    isLoaded: true,
    options: "startup-timeout=6",
    run: async (group) => {
      const { before, pid, restarted } = await restarting(group);
      process.kill(pid, "SIGSTOP");
      expect(await restarted).to.equal(1);
      expect(await group.pid()).to.equal(before);
    },
  },
  {
    fault: "SIGKILL of an old process during a graceful restart",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wait");
      expect(await ctl(group.served, "graceful")).to.equal(0);
      process.kill(pid, "SIGKILL");
      expect(await answer).to.equal("502");
      await group.isWholeWithout(pid);
    },
  },
  {
    fault: "the interpreter's lock is held: graceful",
    options: "request-timeout=2 shutdown-timeout=1",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wedge");
      expect(await ctl(group.served, "graceful")).to.equal(0);
      expect(await group.pid()).not.to.equal(pid);
      expect(await answer).to.equal("504");
      await group.isWholeWithout(pid);
    },
  },
  {
    fault: "the interpreter's lock is held: restart",
    options: "shutdown-timeout=1",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wedge");
      expect(await ctl(group.served, "restart")).to.equal(0);
      expect(await group.pid()).not.to.equal(pid);
      expect(await answer).to.equal("no answer");
      await group.isWholeWithout(pid);
    },
  },
  {
    fault: "the interpreter's lock is held: stop",
    options: "shutdown-timeout=1",
    run: async (group) => {
      const { pid, answer } = await group.hung("/wedge");
      expect(await ctl(group.served, "stop")).to.equal(0);
      expect(await answer).to.equal("no answer");
      await until("the process has ended", () => !isAlive(pid));
    },
  },
];

describe("a server that starts, or is restarted, while its daemons meet with a fault", function () {
  this.timeout(90_000);
  let served: ServedRoot | undefined;

  before(function () {
    needPython(this);
  });
  afterEach(async () => {
    await served?.end();
    served = undefined;
  });

  for (const row of restarts) {
    it(row.fault, async () => {
      served = await serve([row]);
      await row.run(new Group(served, nameOf(row.fault)));
    });
  }
});

/** A graceful restart whose new process waits for the file `go`; the pids of the one before and of the new one. */
async function restarting(
  group: Group,
): Promise<{ go: string; before: number; pid: number; restarted: Promise<number> }> {
  const go = join(group.served.root, "notes", `${group.name}.go`);
  const before = await group.pid();
  rmSync(go);
  let restarted = Promise.resolve(-1);
  const pid = Number(
    await group.noted(() => {
      restarted = ctl(group.served, "graceful");
    }),
  );
  return { go, before, pid, restarted };
}

function ctl(served: ServedRoot, ...words: string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [modhost, "-d", served.root, "-k", ...words], { stdio: "ignore" });
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is none.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The path of the socket that a process has as descriptor 3. */
function socketOf(pid: number, folder: string): string {
  const inode = /\[(\d+)\]/.exec(String(readlinkSync(`/proc/${pid}/fd/3`)))?.[1] ?? "";
  const line = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .find((each) => each.includes(` ${inode} ${folder}`));
  return line?.slice(line.indexOf(folder)) ?? "";
}
