// Rows → a table: requests per second and processor time per request, modhost beside each peer, in alternating rounds.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rows, type Contestant, type Row } from "./rows.js";
import { missingFor, startServer } from "./servers.js";

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3);
const seconds = Number(process.env["BENCH_SECONDS"] ?? 4);
/** Seconds of load before what counts: compilers need some. */
const warmUp = 3;
const connections = Number(process.env["BENCH_CONNECTIONS"] ?? 32);
const only = process.argv[2];

interface Measure {
  readonly rate: number;
  /** Microseconds of processor time per request, over all processes of the stack. */
  readonly cpu: number;
  readonly memory: number;
}

if (!existsSync("/usr/bin/wrk")) {
  console.error("bench: wrk is missing; apt-get install wrk");
  process.exit(1);
}
for (const row of rows.filter(({ name }) => only === undefined || name.includes(only))) await compare(row);

async function compare({ name, path, contestants }: Row): Promise<void> {
  console.log(`\n## ${name}\n`);
  const results = new Map<Contestant, Measure[]>();
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const measure = await measureOne(contestant, path);
      if (measure) results.set(contestant, [...(results.get(contestant) ?? []), measure]);
    }
  }
  const ours = median((results.get(contestants[0] as Contestant) ?? []).map(({ rate }) => rate));
  const ourCpu = median((results.get(contestants[0] as Contestant) ?? []).map(({ cpu }) => cpu));
  console.log("| server | requests/s (median, least-most) | CPU µs/request | MiB | modhost's rate is | its CPU is |");
  console.log("|---|--:|--:|--:|--:|--:|");
  for (const [contestant, measures] of results) {
    const rates = measures.map(({ rate }) => rate);
    const rate = median(rates);
    const cpu = median(measures.map((each) => each.cpu));
    const memory = median(measures.map((each) => each.memory));
    const spread = `${Math.round(rate)} (${Math.round(Math.min(...rates))}-${Math.round(Math.max(...rates))})`;
    const ratios =
      contestant === contestants[0] ? "|" : `${(ours / rate).toFixed(2)} × | ${(ourCpu / cpu).toFixed(2)} ×`;
    console.log(`| ${contestant.name} | ${spread} | ${cpu.toFixed(0)} | ${memory.toFixed(0)} | ${ratios} |`);
  }
}

async function measureOne(contestant: Contestant, path: string): Promise<Measure | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "modhost-bench-"));
  chmodSync(folder, 0o755);
  try {
    const port = await freePort();
    const plan = contestant.plan({ folder, port });
    const missing = missingFor(plan);
    if (missing !== undefined) {
      console.log(`(${contestant.name} left out: ${missing})`);
      return undefined;
    }
    const server = await startServer(plan, folder, port);
    try {
      const url = `http://127.0.0.1:${port}${path}`;
      load(url, warmUp);
      const before = server.cpuSeconds();
      const { rate, requests, errors } = load(url, seconds);
      if (errors > 0) console.log(`(${contestant.name}: ${errors} of ${requests} requests failed)`);
      return { rate, cpu: ((server.cpuSeconds() - before) * 1e6) / requests, memory: server.memory() };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs wrk from another process; blocks this one, which has nothing else to do. */
function load(url: string, duration: number): { rate: number; requests: number; errors: number } {
  const args = ["-t1", `-c${connections}`, `-d${duration}s`, url];
  const { stdout } = spawnSync("wrk", args, { encoding: "utf8" });
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? 0);
  const socketErrors = [...(/Socket errors:(.*)/.exec(stdout)?.[1] ?? "").matchAll(/\d+/g)].map(Number);
  return {
    rate: number(/Requests\/sec:\s+([\d.]+)/),
    requests: number(/(\d+) requests in/),
    errors: number(/Non-2xx or 3xx responses: (\d+)/) + socketErrors.reduce((sum, each) => sum + each, 0),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}
