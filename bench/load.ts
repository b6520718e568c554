// A row's load → how many requests were answered in a time, by wrk, h2load, or our own clients of event streams.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Row } from "./rows/row.js";

/** What came of some seconds of load. */
export interface Answered {
  readonly rate: number;
  readonly requests: number;
  readonly errors: number;
}

const eventClients = fileURLToPath(new URL("event-clients.ts", import.meta.url));

/** What is missing for a kind of load, or undefined. */
export function missingForLoad({ load }: Row): string | undefined {
  if (load === "events") return undefined;
  if (load === "h2load") return existsSync("/usr/bin/h2load") ? undefined : "apt-get install nghttp2-client";
  return existsSync("/usr/bin/wrk") ? undefined : "apt-get install wrk";
}

/** Loads a server from another process for some seconds; blocks this one, which has nothing else to do. */
export function loadServer(row: Row, url: string, seconds: number): Answered {
  const { load, connections = Number(process.env["BENCH_CONNECTIONS"] ?? 32), headers = [] } = row;
  const fields = headers.flatMap((field) => ["-H", field]);
  if (load === "events") return byEvents(url, connections, seconds);
  if (load === "h2load") return byH2load([`-c${connections}`, "-m10", `-D${seconds}`, ...fields, url], seconds);
  return byWrk(["-t1", `-c${connections}`, `-d${seconds}s`, ...fields, url]);
}

function byWrk(args: readonly string[]): Answered {
  const { stdout } = spawnSync("wrk", args, { encoding: "utf8" });
  const socketErrors = [...(/Socket errors:(.*)/.exec(stdout)?.[1] ?? "").matchAll(/\d+/g)].map(Number);
  return {
    rate: numberIn(stdout, /Requests\/sec:\s+([\d.]+)/),
    requests: numberIn(stdout, /(\d+) requests in/),
    errors: numberIn(stdout, /Non-2xx or 3xx responses: (\d+)/) + socketErrors.reduce((sum, each) => sum + each, 0),
  };
}

function byH2load(args: readonly string[], seconds: number): Answered {
  const { stdout } = spawnSync("h2load", args, { encoding: "utf8" });
  const succeeded = numberIn(stdout, /(\d+) succeeded/);
  return { rate: succeeded / seconds, requests: succeeded, errors: numberIn(stdout, /(\d+) failed/) };
}

function byEvents(url: string, connections: number, seconds: number): Answered {
  const args = [...process.execArgv, eventClients, url, String(connections), String(seconds)];
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const { events, refused } = JSON.parse(stdout) as { events: number; refused: number };
  return { rate: events / seconds, requests: events, errors: refused };
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
