// A report of all workers → the numbers that both forms of the status show.
import type { ServerReport } from "../../api/index.js";

/** Sums over all workers. */
export interface Numbers {
  readonly requests: number;
  readonly bytes: number;
  readonly milliseconds: number;
  /** Seconds. */
  readonly uptime: number;
  readonly userTime: number;
  readonly systemTime: number;
  /** Requests being read or answered, by workers that go on and by those that finish. */
  readonly busy: number;
  readonly graceful: number;
  /** Connections that could be taken besides. */
  readonly idle: number;
  readonly processes: number;
  readonly stopping: number;
  readonly connections: number;
  readonly reading: number;
  readonly kept: number;
  readonly closing: number;
  /** WebSockets and the like. */
  readonly upgraded: number;
  /** One letter for each connection that there is or could be, by Apache's key. */
  readonly scoreboard: string;
}

type Worker = ServerReport["workers"][number];

/** Most letters of the scoreboard for one worker. */
const mostLetters = 8192;

/** Adds up what the workers say. */
export function numbersOf({ workers, ended, startedAt }: ServerReport, now: number): Numbers {
  const sum = (of: (worker: Worker) => number): number => workers.reduce((total, worker) => total + of(worker), 0);
  const going = workers.filter(({ isDraining }) => !isDraining);
  const leaving = workers.filter(({ isDraining }) => isDraining);
  const atWork = (some: readonly Worker[]): number => some.reduce((total, worker) => total + busyOf(worker), 0);
  return {
    requests: ended.requests + sum(({ requests }) => requests),
    bytes: ended.bytes + sum(({ bytes }) => bytes),
    milliseconds: ended.milliseconds + sum(({ milliseconds }) => milliseconds),
    uptime: Math.max(0, Math.floor((now - startedAt) / 1000)),
    userTime: sum(({ userTime }) => userTime) / 1000,
    systemTime: sum(({ systemTime }) => systemTime) / 1000,
    busy: atWork(going),
    graceful: atWork(leaving),
    idle: going.reduce((total, worker) => total + freeOf(worker), 0),
    processes: workers.length,
    stopping: leaving.length,
    connections: sum(connectionsOf),
    reading: sum(({ states }) => states.reading),
    kept: sum(({ states }) => states.kept),
    closing: sum(({ states }) => states.closing),
    upgraded: sum(({ upgraded }) => upgraded),
    scoreboard: workers.map(letters).join(""),
  };
}

/** Connections whose request is being read or answered. */
export function busyOf({ states }: Worker): number {
  return states.reading + states.working;
}

/** All connections of a worker. */
export function connectionsOf({ states }: Worker): number {
  return states.reading + states.working + states.kept + states.closing;
}

/** Connections that a worker could take besides. */
export function freeOf(worker: Worker): number {
  return worker.isDraining ? 0 : Math.max(0, worker.capacity - connectionsOf(worker));
}

function letters(worker: Worker): string {
  const { reading, working, kept, closing } = worker.states;
  const requests = worker.isDraining ? "G".repeat(reading + working) : "R".repeat(reading) + "W".repeat(working);
  const board = requests + "K".repeat(kept) + "C".repeat(closing);
  return board.slice(0, mostLetters) + "_".repeat(Math.max(0, Math.min(freeOf(worker), mostLetters - board.length)));
}

/** "1 hour 2 minutes 3 seconds", as Apache spells it. */
export function durationOf(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "day"],
    [Math.floor(seconds / 3600) % 24, "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ] as const;
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}${count === 1 ? "" : "s"}`])).join(" ");
}

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "Saturday, 21-Nov-2026 09:19:50 UTC"; the time zone is always UTC. */
export function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  const day = String(date.getUTCDate()).padStart(2, "0");
  const clock = date.toISOString().slice(11, 19);
  return `${days[date.getUTCDay()]}, ${day}-${months[date.getUTCMonth()]}-${date.getUTCFullYear()} ${clock} UTC`;
}

/** As C's %g: six significant digits, without trailing zeros. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** "512 B", "1.5 kB", "2.0 MB", "1.0 GB". */
export function sizeOf(bytes: number): string {
  if (bytes < 5 * 1024) return `${Math.floor(bytes)} B`;
  if (bytes < 512 * 1024) return `${(bytes / 1024).toFixed(1)} kB`;
  if (bytes < 512 * 1024 * 1024) return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}
