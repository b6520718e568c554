// Rows → a table: requests per second and processor time per request, modhost beside each peer, in alternating rounds.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contestant } from "./contestants.js";
import { loadServer, missingForLoad } from "./load.js";
import { rows } from "./rows/index.js";
import type { Row } from "./rows/row.js";
import { missingFor, startServer, type RunningServer } from "./servers.js";

const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3);
const seconds = Number(process.env["BENCH_SECONDS"] ?? 4);
/** Seconds of load before what counts: compilers need some. */
const warmUp = 3;
/** Words; a row whose name holds one of them is run. */
const only = process.argv.slice(2);

interface Measure {
  readonly rate: number;
  /** Microseconds of processor time per request, over all processes of the stack. */
  readonly cpu: number;
  readonly memory: number;
}

for (const row of rows.filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)))) {
  await compare(row);
}

async function compare(row: Row): Promise<void> {
  console.log(`\n## ${row.name}\n`);
  const missing = missingForLoad(row) ?? missingBackend(row);
  if (missing !== undefined) return console.log(`(left out: ${missing})`);
  const results = new Map<Contestant, Measure[]>();
  for (let round = 0; round < rounds; round++) {
    for (const contestant of row.contestants) {
      const measure = await measureOne(contestant, row);
      if (measure) results.set(contestant, [...(results.get(contestant) ?? []), measure]);
    }
  }
  print(row, results);
}

function missingBackend({ backend }: Row): string | undefined {
  return backend && missingFor(backend.plan({ folder: "/", port: 0, backendPort: 0 }));
}

function print({ contestants }: Row, results: ReadonlyMap<Contestant, readonly Measure[]>): void {
  const [own] = contestants;
  const ours = (own && results.get(own)) ?? [];
  const ourRate = median(ours.map(({ rate }) => rate));
  const ourCpu = median(ours.map(({ cpu }) => cpu));
  console.log("| server | requests/s (median, least-most) | CPU µs/request | MiB | modhost's rate is | its CPU is |");
  console.log("|---|--:|--:|--:|--:|--:|");
  for (const [contestant, measures] of results) {
    const rates = measures.map(({ rate }) => rate);
    const rate = median(rates);
    const cpu = median(measures.map((each) => each.cpu));
    const memory = median(measures.map((each) => each.memory));
    const spread = `${Math.round(rate)} (${Math.round(Math.min(...rates))}-${Math.round(Math.max(...rates))})`;
    const ratios = contestant === own ? "|" : `${(ourRate / rate).toFixed(2)} × | ${(ourCpu / cpu).toFixed(2)} ×`;
    console.log(`| ${contestant.name} | ${spread} | ${cpu.toFixed(0)} | ${memory.toFixed(0)} | ${ratios} |`);
  }
}

async function measureOne(contestant: Contestant, row: Row): Promise<Measure | undefined> {
  const folders: string[] = [];
  const servers: RunningServer[] = [];
  const start = async (one: Contestant, backendPort: number): Promise<{ server: RunningServer; port: number }> => {
    const folder = mkdtempSync(join(tmpdir(), "modhost-bench-"));
    folders.push(folder);
    chmodSync(folder, 0o755);
    const port = await freePort();
    const server = await startServer(one.plan({ folder, port, backendPort }), folder, port);
    servers.push(server);
    return { server, port };
  };
  const missing = missingFor(contestant.plan({ folder: "/", port: 0, backendPort: 0 }));
  if (missing !== undefined) {
    console.log(`(${contestant.name} left out: ${missing})`);
    return undefined;
  }
  try {
    const backend = row.backend && (await start(row.backend, 0));
    const { server, port } = await start(contestant, backend?.port ?? 0);
    const url = `${row.scheme ?? "http"}://127.0.0.1:${port}${row.path}`;
    loadServer(row, url, warmUp);
    const before = server.cpuSeconds();
    const { rate, requests, errors } = loadServer(row, url, seconds);
    if (errors > 0) console.log(`(${contestant.name}: ${errors} of ${requests} requests failed)`);
    return { rate, cpu: ((server.cpuSeconds() - before) * 1e6) / requests, memory: server.memory() };
  } finally {
    for (const server of servers.reverse()) await server.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
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
