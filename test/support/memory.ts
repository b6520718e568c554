// Processes → the memory they hold resident, and the most they held while something went on.
import { readFileSync } from "node:fs";

/** Bytes. */
export const MiB = 1 << 20;

/** Resident bytes of these processes together; one that has ended counts nothing. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentOf(pid), 0);
}

/** How much more the processes held at the most, while the work went on, than before it. */
export async function growthDuring(processes: readonly number[], work: () => Promise<void>): Promise<number> {
  const before = residentBytes(processes);
  let most = before;
  const look = (): void => {
    most = Math.max(most, residentBytes(processes));
  };
  const timer = setInterval(look, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
    look();
  }
  return most - before;
}

function residentOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** What the kernel may hold of one TCP connection over the loopback, in its buffers of both ends. */
export function kernelBuffers(): number {
  return ["tcp_rmem", "tcp_wmem"].reduce((sum, name) => {
    const [, , most] = readFileSync(`/proc/sys/net/ipv4/${name}`, "latin1").trim().split(/\s+/);
    return sum + Number(most);
  }, 0);
}
