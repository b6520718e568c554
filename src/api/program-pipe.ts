// Output of programs → this process, through pipes that they may open again by name, as /dev/stderr.
import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

/** How many are made at once: a program makes them, and Node knows no call that does. */
const batch = 16;
/** Both ends of pipes that wait for their program; they have no names any more. */
let ready: number[] = [];
/** Pipes of Node's own are sockets. They do where others cannot be made; opening them by name fails. */
let isPossible = process.platform === "linux";

/** The end for a program, which its starter closes once it runs, and what comes out of the other. */
export interface OutputPipe {
  readonly end: number;
  readonly output: Readable;
}

/** A pipe; undefined where this system makes none. */
export function outputPipe(): OutputPipe | undefined {
  if (isPossible && ready.length === 0) ready = makePipes();
  const both = ready.pop();
  if (both === undefined) return undefined;
  const name = `/proc/self/fd/${both}`;
  try {
    const end = openSync(name, constants.O_WRONLY);
    const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
    return { end, output: new Socket({ fd, readable: true, writable: false }) };
  } catch {
    isPossible = false;
    return undefined;
  } finally {
    closeSync(both);
  }
}

function makePipes(): number[] {
  const made: number[] = [];
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "modhost-pipes-"));
    const names = Array.from({ length: batch }, (_, index) => `${String(folder)}/${index}`);
    if (spawnSync("mkfifo", ["-m", "600", ...names], { stdio: "ignore" }).status !== 0) isPossible = false;
    else for (const name of names) made.push(openSync(name, constants.O_RDWR | constants.O_NONBLOCK));
  } catch {
    isPossible = made.length > 0;
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  return made;
}
