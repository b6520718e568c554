// One configuration text → a real Apache and a modhost that serve it, each on ports of its own.
import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "../support/running.js";

/** Which server. */
export type Kind = "apache" | "modhost";

/** A server that runs. `ports` stand for @PORT@, @PORT2@ and @PORT3@; `run` is the folder of its logs and sockets. */
export interface Server {
  readonly kind: Kind;
  readonly ports: readonly [number, number, number];
  readonly run: string;
  /** Ends it; gives the processes that outlived it (and are gone now). */
  stop(): Promise<readonly string[]>;
}

const apache = "/usr/sbin/apache2";
const modules = "/usr/lib/apache2/modules";
const modhost = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

/** What must be installed for the real Apache, or undefined if all is there. */
export function missingForApache(): string | undefined {
  const there = existsSync(apache) && existsSync(`${modules}/mod_wsgi.so`);
  return there ? undefined : "a real Apache to compare with: apt-get install apache2 libapache2-mod-wsgi-py3";
}

/** Skips what `context` runs where something is missing, with a line that says what to install; in CI nothing is skipped. */
export function skipWithout(context: Mocha.Context, missing: string | undefined): void {
  if (missing === undefined) return;
  if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; missing: ${missing}`);
  console.log(`      skipped, missing: ${missing}`);
  context.skip();
}

/** A new server root that both servers may read, with the files that every configuration names. */
export function makeComparedRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "conformance-"));
  chmodSync(root, 0o755);
  for (const folder of ["htdocs", "conf"]) mkdirSync(`${root}/${folder}`);
  writeFileSync(`${root}/conf/mime.types`, "");
  return root;
}

/** Ends servers, then what stood beside them, and removes their root if there is one; what is left running is a fault. */
export async function endCompared(servers: readonly Server[], root: string, beside?: () => unknown): Promise<void> {
  const left = await Promise.all(servers.map((server) => server.stop()));
  await beside?.();
  if (root !== "") rmSync(root, { recursive: true, force: true });
  expect(left.flat(), "processes left running").to.deep.equal([]);
}

/** What every suite loads. */
export const usual = ["authz_core", "authz_host", "alias", "dir", "env", "mime"];

const prelude = `ServerRoot "@ROOT@"
DefaultRuntimeDir "@RUN@"
PidFile "@RUN@/server.pid"
ErrorLog "@RUN@/error.log"
LogLevel info
ServerName main.test
ServerTokens Prod
LoadModule mpm_event_module ${modules}/mod_mpm_event.so
${usual.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join("\n")}
TypesConfig "@ROOT@/conf/mime.types"
@IDENTITY@
StartServers 1
ServerLimit 1
ThreadsPerChild 25
MaxRequestWorkers 25
Listen 127.0.0.1:@PORT@
`;

/** The whole text for one server: what every suite needs in front, its own lines, and the names filled in. */
function fill(
  configuration: string,
  { root, run, ports }: { root: string; run: string; ports: readonly number[] },
): string {
  const root0 = process.getuid?.() === 0;
  return (prelude + configuration)
    .replaceAll("@IDENTITY@", root0 ? "User www-data\nGroup www-data" : "")
    .replaceAll("@MODULES@", modules)
    .replaceAll("@ROOT@", root)
    .replaceAll("@RUN@", run)
    .replaceAll("@PORT@", String(ports[0]))
    .replaceAll("@PORT2@", String(ports[1]))
    .replaceAll("@PORT3@", String(ports[2]));
}

/** Starts a server and waits until it accepts connections. Throws with its output if it does not. */
export async function startServer(kind: Kind, configuration: string, root: string): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryStart(kind, configuration, root);
    } catch (error) {
      // Somebody else took a port between our finding it free and the server's use of it.
      if (attempt === 3 || !/address already in use|EADDRINUSE/i.test(String(error))) throw error;
    }
  }
}

async function tryStart(kind: Kind, configuration: string, root: string): Promise<Server> {
  const run = `${root}/${kind}`;
  mkdirSync(run, { recursive: true });
  chmodSync(run, 0o777);
  const [one = 0, two = 0, three = 0] = await freePorts(3);
  const ports = [one, two, three] as const;
  const file = `${run}/httpd.conf`;
  writeFileSync(file, fill(configuration, { root, run, ports }));
  const mark = `CONFORMANCE_RUN=${randomUUID()}`;
  const [program, first] = kind === "apache" ? [apache, []] : [process.execPath, [modhost]];
  const child = spawn(program, [...first, "-d", root, "-f", file, "-DFOREGROUND"], {
    // A process group of its own, so that all of it can be ended; the mark finds what has left the group.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", LANG: "C", CONFORMANCE_RUN: mark.slice("CONFORMANCE_RUN=".length) },
  });
  let output = "";
  child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const atExit = (): void => {
    killGroup(child, "SIGKILL");
    killMarked(mark);
  };
  process.once("exit", atExit);
  const stop = async (): Promise<readonly string[]> => {
    // A real Apache with Python embedded now and then hangs at its end; it is not what is tested.
    const left = await end(child, mark, kind === "apache" ? 3_000 : 10_000);
    process.removeListener("exit", atExit);
    return kind === "apache" ? [] : left;
  };
  const problem = await accepting(child, ports[0]);
  if (problem !== undefined) {
    await stop();
    const log = existsSync(`${run}/error.log`) ? readFileSync(`${run}/error.log`, "utf8") : "";
    throw new Error(`${kind} ${problem}:\n${output}${log}`);
  }
  return { kind, ports, run, stop };
}

async function accepting(child: ChildProcess, port: number): Promise<string | undefined> {
  const deadline = Date.now() + 40_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) return `ended at start with ${String(child.exitCode)}`;
    if (await accepts(port)) return undefined;
    await pause(20);
  }
  return "does not accept connections";
}

/** Without a request: that would leave a line in the access log. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (open: boolean) => (): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", settle(true)).once("error", settle(false));
  });
}

async function end(child: ChildProcess, mark: string, limit: number): Promise<readonly string[]> {
  const gone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (!gone()) child.kill("SIGTERM");
  const deadline = Date.now() + limit;
  while (!gone() && Date.now() < deadline) await pause(20);
  // What belongs to a server may need a moment after it, not more.
  const grace = Date.now() + 3_000;
  while (marked(mark).length > 0 && Date.now() < grace) await pause(20);
  const left = [...(gone() ? [] : [`${String(child.pid)} (did not end on SIGTERM)`]), ...marked(mark)];
  killGroup(child, "SIGKILL");
  killMarked(mark);
  return left;
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Processes that carry the mark in their environment, as "pid command". */
function marked(mark: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark)) return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")}`];
      } catch {
        return [];
      }
    });
}

function killMarked(mark: string): void {
  for (const line of marked(mark)) {
    try {
      process.kill(parseInt(line, 10), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
