// Lines → the standard input of a program that is kept running.
import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Dropped, LogSink } from "./log-file.js";

/** Most characters held for a program that does not read, or is not there. */
const capacity = 1024 * 1024;
/** Most characters in one write. */
const piece = 64 * 1024;
/** A program that lived for so many milliseconds is started again at once. */
const longLife = 10_000;
/** Milliseconds until one that ends sooner is started again, twice as many each time, and the most of them. */
const firstPause = 1000;
const longestPause = 60_000;
/** Milliseconds a program has to end by itself when its input has ended, and then after SIGTERM. */
const grace = { input: 2000, signal: 1000 };

/** Where a program starts, and who hears of what becomes of it and of lines. */
export interface LogProgramOptions {
  /** ServerRoot. */
  readonly directory?: string;
  readonly dropped?: Dropped;
  /** Told when the program ends without being asked: why, and in how many milliseconds it is started again. */
  readonly ended?: (reason: string, wait: number) => void;
}

/**
 * A program that reads a log: `|program arguments`, `||program` the same, `|$command` through the shell. Lines that come while
 * it is not there wait for the next one.
 */
export class LogProgram implements LogSink {
  readonly #target: string;
  readonly #directory: string;
  readonly #dropped: Dropped;
  readonly #ended: (reason: string, wait: number) => void;
  #child: ChildProcess | undefined;
  #startedAt = 0;
  #failures = 0;
  #held: string[] = [];
  #heldLength = 0;
  #isWriting = false;
  #lost = 0;
  #closing = false;
  #restart: NodeJS.Timeout | undefined;

  /** `target` as configured, with its bar. Throws where the program cannot be started. */
  constructor(target: string, { directory = process.cwd(), dropped, ended }: LogProgramOptions = {}) {
    this.#target = target;
    this.#directory = directory;
    this.#dropped = dropped ?? (() => undefined);
    this.#ended = ended ?? (() => undefined);
    const problem = problemOf(target, directory);
    if (problem !== undefined) throw new Error(problem);
    this.#start();
  }

  write(line: string): void {
    if (this.#heldLength + line.length >= capacity) {
      this.#lost++;
      return;
    }
    this.#held.push(line);
    this.#heldLength += line.length + 1;
    if (!this.#isWriting) this.#pass();
  }

  /**
   * Ends the program's input and waits for it to finish. One that goes on gets SIGTERM, and SIGKILL after that; so does what it
   * has started.
   */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const insist = setTimeout(() => signal(child, "SIGTERM"), grace.input);
      const cut = setTimeout(() => signal(child, "SIGKILL"), grace.input + grace.signal);
      child.once("close", () => {
        clearTimeout(insist);
        clearTimeout(cut);
        resolve();
      });
      child.stdin?.end(this.#take(Infinity), "latin1");
    });
  }

  /** Gives the program as much as one write takes; the next one follows when that is through. */
  #pass(): void {
    const child = this.#child;
    if (!child?.stdin?.writable || this.#heldLength === 0 || this.#closing) return;
    this.#isWriting = true;
    const lines = this.#take(piece);
    child.stdin.write(lines, "latin1", (error) => {
      this.#isWriting = false;
      // What a program that ended has not taken is for the one after it.
      if (error) this.#putBack(lines);
      else if (this.#lost > 0) this.#tellLost();
      this.#pass();
    });
  }

  #take(most: number): string {
    if (this.#heldLength <= most) {
      const all = this.#held;
      this.#held = [];
      this.#heldLength = 0;
      return all.length === 0 ? "" : `${all.join("\n")}\n`;
    }
    let length = 0;
    const count = Math.max(
      1,
      this.#held.findIndex((line) => (length += line.length + 1) > most),
    );
    const lines = `${this.#held.splice(0, count).join("\n")}\n`;
    this.#heldLength -= lines.length;
    return lines;
  }

  #putBack(lines: string): void {
    this.#held.unshift(lines.slice(0, -1));
    this.#heldLength += lines.length;
  }

  #tellLost(): void {
    const lines = this.#lost;
    this.#lost = 0;
    this.#dropped(lines, "the log program does not keep up");
  }

  #start(): void {
    this.#startedAt = performance.now();
    const [program = "", ...words] = commandOf(this.#target, this.#directory);
    // Its own process group: Ctrl-C in the terminal is for the server, which ends the program by closing its input.
    const child = spawn(program, words, {
      cwd: this.#directory,
      stdio: ["pipe", "inherit", "inherit"],
      detached: true,
    });
    this.#child = child;
    child.stdin.on("error", () => undefined);
    child.once("error", (error) => this.#over(child, error.message));
    child.once("exit", (code, name) =>
      this.#over(child, name ? `it was ended by ${name}` : `it exited with status ${code}`),
    );
    this.#pass();
  }

  #over(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#closing) return;
    this.#failures = performance.now() - this.#startedAt < longLife ? this.#failures + 1 : 0;
    const wait = this.#failures === 0 ? 0 : Math.min(firstPause * 2 ** (this.#failures - 1), longestPause);
    this.#restart = setTimeout(() => this.#start(), wait).unref();
    this.#ended(reason, wait);
  }
}

/** Why the program of a target cannot be started, as far as that shows beforehand. */
export function problemOf(target: string, directory: string): string | undefined {
  const [program] = commandOf(target, directory);
  if (program === undefined || program === "") return "it names no program";
  if (!program.includes("/")) {
    const places = (process.env["PATH"] ?? "").split(":").map((folder) => resolve(folder, program));
    return places.some((place) => existsSync(place))
      ? undefined
      : "it is neither in ServerRoot nor in a folder of PATH";
  }
  try {
    accessSync(program, constants.X_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT"
      ? "there is no such file"
      : "it cannot be executed";
  }
}

/** The command of a target: the program, looked for from ServerRoot on, and its arguments. */
function commandOf(target: string, directory: string): readonly string[] {
  const [, shell, command = ""] = /^\|\|?(\$?)(.*)$/s.exec(target) ?? [];
  const [program = "", ...words] = wordsOf(command);
  // The words, not the command: its quotes and backslashes are gone then, as in Apache.
  if (shell !== "") return ["/bin/sh", "-c", [program, ...words].join(" ")];
  const own = resolve(directory, program);
  return [program.includes("/") || (program !== "" && existsSync(own)) ? own : program, ...words];
}

/** Signals a program and all that it has started. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // It has just ended.
  }
}
/**
 * The words of a command line as Apache takes them apart: at blanks, except in a word that begins with a quote, up to the next
 * one; a backslash in front of a blank or a quote keeps it in the word. Nothing else is special to it.
 */
export function wordsOf(command: string): string[] {
  const words: string[] = [];
  const isBlank = (at: number): boolean => /[ \t]/.test(command.charAt(at));
  for (let at = 0; ; at++) {
    while (isBlank(at)) at++;
    if (at >= command.length) return words;
    const quote = /["']/.exec(command.charAt(at))?.[0];
    if (quote !== undefined) at++;
    const start = at;
    for (; at < command.length; at++) {
      if (/^\\[ \t"']/.test(command.slice(at, at + 2))) at++;
      else if (quote === undefined ? isBlank(at) : command.charAt(at) === quote) break;
    }
    words.push(command.slice(start, at).replace(/\\([^]?)/g, "$1"));
  }
}
