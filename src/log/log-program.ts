// Lines → the standard input of a program that is kept running.
import { spawn, type ChildProcess } from "node:child_process";
import type { Dropped, LogSink } from "./log-file.js";

/** Most bytes held for a program that does not read. */
const capacity = 1024 * 1024;
/** A program that ends sooner than this many milliseconds after its start is started again only after as long. */
const pause = 1000;

/** A program that reads a log: `|program arguments`, `||program` the same, `|$command` through the shell. */
export class LogProgram implements LogSink {
  readonly #command: string;
  readonly #dropped: Dropped;
  readonly #ended: (reason: string) => void;
  #child: ChildProcess | undefined;
  #startedAt = 0;
  #lost = 0;
  #closing = false;

  /** `target` as configured, with its bar; `ended` is told when the program ends without being asked. */
  constructor(target: string, { dropped, ended }: { dropped?: Dropped; ended?: (reason: string) => void } = {}) {
    this.#command = target;
    this.#dropped = dropped ?? (() => undefined);
    this.#ended = ended ?? (() => undefined);
    this.#start();
  }

  write(line: string): void {
    const input = this.#child?.stdin;
    if (!input?.writable || input.writableLength + line.length > capacity) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      const lines = this.#lost;
      this.#lost = 0;
      this.#dropped(lines, "the log program does not keep up");
    }
    input.write(line + "\n", "latin1");
  }

  /** Ends the program's input and waits for it to finish; it is killed when that takes more than two seconds. */
  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => child.kill("SIGKILL"), 2000);
      child.once("close", () => {
        clearTimeout(cut);
        resolve();
      });
      child.stdin?.end();
    });
  }

  #start(): void {
    this.#startedAt = performance.now();
    const shell = this.#command.startsWith("|$");
    const [program = "", ...words] = shell
      ? ["/bin/sh", "-c", this.#command.slice(2)]
      : wordsOf(this.#command.replace(/^\|{1,2}/, ""));
    // Its own process group: Ctrl-C in the terminal is for the server, which ends the program by closing its input.
    const child = spawn(program, words, { stdio: ["pipe", "inherit", "inherit"], detached: true });
    this.#child = child;
    child.stdin.on("error", () => undefined);
    child.once("error", (error) => this.#restart(error.message));
    child.once("exit", (code, signal) => this.#restart(signal ? `ended by ${signal}` : `exited with status ${code}`));
  }

  #restart(reason: string): void {
    if (this.#closing || !this.#child) return;
    this.#child = undefined;
    this.#ended(reason);
    const wait = performance.now() - this.#startedAt < pause ? pause : 0;
    setTimeout(() => {
      if (!this.#closing) this.#start();
    }, wait).unref();
  }
}

/** The words of a command line: split at blanks, with quotes and backslashes as in a shell, nothing else expanded. */
export function wordsOf(command: string): string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"?|'[^']*'?|\\$)+/g)) {
    words.push(
      word.replace(
        /\\([^])|"((?:[^"\\]|\\[^])*)"?|'([^']*)'?/g,
        (_all, escaped?: string, double?: string, single?: string) =>
          escaped ?? single ?? (double ?? "").replace(/\\([^])/g, "$1"),
      ),
    );
  }
  return words;
}
