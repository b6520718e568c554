// Lines → an append-only file, in few writes, without ever waiting for the disk.
import { closeSync, openSync, write, writeSync } from "node:fs";

/** Where lines go: a file or a program. */
export interface LogSink {
  /** Takes a line without its newline, latin1. Never blocks; drops and counts when what is behind it does not keep up. */
  write(line: string): void;
  /** Writes out what is held, as far as that goes within two seconds, and closes. */
  close(): Promise<void>;
}

/** What a sink tells when it had to drop lines; called once they flow again. */
export type Dropped = (lines: number, reason: string) => void;

/** Most characters held for a file that does not keep up. */
const capacity = 4 * 1024 * 1024;
/** Least milliseconds between two writes to one file. */
const interval = 5;
/** Milliseconds until a full disk is tried again. */
const retry = 1000;

const open = new Set<LogFile>();
let exitWatched = false;

/** An open log file. Lines of one interval become one write; with O_APPEND whole lines of many processes do not mix. */
export class LogFile implements LogSink {
  readonly #fd: number;
  readonly #owned: boolean;
  readonly #dropped: Dropped;
  /** Lines not handed to a write yet. */
  #pending = "";
  /** What a write has taken and has not finished. */
  #taken: Buffer | undefined;
  #writing = false;
  #scheduled = false;
  #lost = 0;
  #reason = "";
  #whenWritten: (() => void) | undefined;

  /** Opens `target`: a path, or a descriptor, which stays open. Throws the system's error. */
  constructor(target: string | number, dropped: Dropped = () => undefined) {
    const standard = typeof target === "number" ? target : standardStream(target);
    this.#fd = standard ?? openSync(String(target), "a", 0o644);
    this.#owned = standard === undefined;
    this.#dropped = dropped;
    open.add(this);
    if (!exitWatched) process.on("exit", () => open.forEach((file) => file.#flushNow()));
    exitWatched = true;
  }

  write(line: string): void {
    if (this.#pending.length + line.length > capacity) {
      this.#lost++;
      this.#reason ||= "the log file is written too slowly";
      return;
    }
    this.#pending += line + "\n";
    if (!this.#scheduled && !this.#writing) this.#schedule(0);
  }

  async close(): Promise<void> {
    if (this.#writing) {
      await new Promise<void>((resolve) => {
        this.#whenWritten = resolve;
        setTimeout(resolve, 2000).unref();
      });
    }
    if (!open.delete(this)) return;
    this.#flushNow();
    this.#scheduled = true;
    // A write that hangs keeps the descriptor; closing it would hand its number to another file.
    if (this.#owned && !this.#writing) closeSync(this.#fd);
  }

  #schedule(milliseconds: number): void {
    this.#scheduled = true;
    if (milliseconds === 0) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), milliseconds).unref();
  }

  #flush(): void {
    if (!open.has(this)) return;
    this.#scheduled = false;
    const bytes = this.#take();
    if (bytes.length === 0) return;
    this.#writing = true;
    write(this.#fd, bytes, 0, bytes.length, null, (error, written) => {
      this.#writing = false;
      this.#written(error, bytes.subarray(written));
      this.#whenWritten?.();
    });
  }

  /** What a write broke off in the middle, else the pending lines. */
  #take(): Buffer {
    if (!this.#taken) {
      this.#taken = Buffer.from(this.#pending, "latin1");
      this.#pending = "";
    }
    return this.#taken;
  }

  #written(error: NodeJS.ErrnoException | null, left: Buffer): void {
    const again = error?.code === "EAGAIN" || error?.code === "EINTR";
    this.#taken = left.length > 0 && (!error || again) ? left : undefined;
    if (error && !again) {
      this.#lost += countLines(left);
      this.#reason = error.message;
      this.#schedule(retry);
      return;
    }
    if (!this.#taken && this.#lost > 0) this.#tellLost();
    if (this.#taken || this.#pending !== "") this.#schedule(again ? 20 : interval);
  }

  #tellLost(): void {
    const lines = this.#lost;
    const reason = this.#reason;
    this.#lost = 0;
    this.#reason = "";
    this.#dropped(lines, reason);
  }

  /** The last lines of a process that ends: one attempt, in place. What another thread is writing is not repeated. */
  #flushNow(): void {
    const taken = this.#writing ? undefined : this.#taken;
    const bytes = Buffer.concat([taken ?? Buffer.alloc(0), Buffer.from(this.#pending, "latin1")]);
    this.#pending = "";
    this.#taken = undefined;
    try {
      if (bytes.length > 0) writeSync(this.#fd, bytes);
    } catch {
      // A full disk or a closed terminal: there is nobody left to tell.
    }
  }
}

/** The process's own descriptor for names of standard output and error; these may be sockets, which cannot be opened. */
function standardStream(path: string): number | undefined {
  const name = /^\/(?:dev\/(stdout|stderr)|(?:dev|proc\/self)\/fd\/([12]))$/.exec(path);
  if (!name) return undefined;
  return name[1] === "stdout" || name[2] === "1" ? 1 : 2;
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}
