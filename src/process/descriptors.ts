// The process's limit of open files → how many connections it may hold.
import { readFileSync } from "node:fs";

/** Descriptors kept for logs, daemons' sockets and files being sent. */
const reserved = 128;

/**
 * The most connections this process should hold at the same time: each may need a second descriptor, for a file or a
 * back end. Infinity where the system does not tell its limit.
 */
export function mostConnections(limits = readLimits()): number {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  return soft === Infinity ? Infinity : Math.max(1, Math.floor((soft - reserved) / 2));
}

function readLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "latin1");
  } catch {
    return "";
  }
}
