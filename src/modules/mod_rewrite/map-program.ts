// Keys → values by a program that answers each line on its input with a line on its output.
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { ErrorLog, Request } from "../../api/index.js";

/** Keys that wait for their turn, and milliseconds one may take. */
const mostWaiting = 1000;
const patience = 10_000;
/** Bytes of a value. */
const longestValue = 64 * 1024;
/** Milliseconds until a program that ended is started again. */
const pause = 1000;

interface Question {
  readonly key: string;
  readonly answer: (value: string | undefined) => void;
  timer: NodeJS.Timeout | undefined;
}

/** One program of a worker. It is asked one key at a time, and started anew where it ends or does not answer. */
export class MapProgram {
  readonly #path: string;
  readonly #args: readonly string[];
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #log: ErrorLog | undefined;
  #output = "";
  #mayStartAt = 0;
  readonly #waiting: Question[] = [];
  #asked: Question | undefined;

  constructor(path: string, args: readonly string[]) {
    this.#path = path;
    this.#args = args;
  }

  /** Starts the program; before, and after `stop`, nothing is found. */
  start(log: ErrorLog): void {
    this.#log = log;
    this.#spawn();
  }

  stop(): void {
    this.#log = undefined;
    const child = this.#child;
    this.#end();
    if (!child) return;
    child.stdin.end();
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
    child.once("exit", () => clearTimeout(timer));
  }

  /** The value of a key; undefined for "NULL", for a key of several lines, and where the program gives none in time. */
  ask(key: string, request: Request): Promise<string | undefined> | undefined {
    if (!this.#log || key.includes("\n")) return undefined;
    if (this.#waiting.length >= mostWaiting) {
      request.log(
        "error",
        "rewrite",
        `the RewriteMap program ${this.#path} is not fast enough: ${mostWaiting} keys wait`,
      );
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ key, answer: resolve, timer: undefined });
      this.#next();
    });
  }

  #next(): void {
    if (this.#asked) return;
    const child = this.#child ?? this.#spawn();
    const question = this.#waiting.shift();
    if (!question) return;
    if (!child) return question.answer(undefined);
    this.#asked = question;
    // Lines beyond those it was asked for must not answer later keys.
    this.#output = "";
    question.timer = setTimeout(() => {
      this.#error(
        `the RewriteMap program ${this.#path} did not answer in ${patience / 1000} seconds and is started anew`,
      );
      child.kill("SIGKILL");
      this.#end();
    }, patience);
    child.stdin.write(Buffer.from(`${question.key}\n`, "latin1"));
  }

  #spawn(): ChildProcessByStdio<Writable, Readable, null> | undefined {
    if (!this.#log || Date.now() < this.#mayStartAt) return undefined;
    this.#mayStartAt = Date.now() + pause;
    const child = spawn(this.#path, this.#args, { stdio: ["pipe", "pipe", "inherit"], cwd: dirname(this.#path) });
    this.#child = child;
    this.#output = "";
    child.stdout.setEncoding("latin1");
    child.stdout.on("data", (text: string) => {
      if (child === this.#child) this.#read(text);
    });
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => {
      this.#error(`AH00654: mod_rewrite: could not start RewriteMap program ${this.#path}: ${error.message}`);
      if (child === this.#child) this.#end();
    });
    child.on("exit", (code, signal) => {
      if (child !== this.#child) return;
      this.#error(`the RewriteMap program ${this.#path} ended (${code ?? signal ?? "unknown"})`);
      this.#end();
    });
    return child;
  }

  #read(text: string): void {
    this.#output += text;
    const end = this.#output.indexOf("\n");
    if (end < 0 && this.#output.length <= longestValue) return;
    const line = end < 0 ? this.#output : this.#output.slice(0, end);
    this.#output = this.#output.slice(line.length + 1);
    if (end < 0) {
      this.#error(`the RewriteMap program ${this.#path} wrote a value of more than ${longestValue} bytes`);
      this.#child?.kill("SIGKILL");
      return this.#end();
    }
    this.#answer(line.toUpperCase() === "NULL" ? undefined : line);
  }

  #answer(value: string | undefined): void {
    const question = this.#asked;
    this.#asked = undefined;
    if (!question) return;
    clearTimeout(question.timer);
    question.answer(value);
    this.#next();
  }

  /** Forgets the program: what it was asked has no answer. */
  #end(): void {
    this.#child = undefined;
    this.#answer(undefined);
  }

  #error(message: string): void {
    this.#log?.write({ level: "error", module: "rewrite", message });
  }
}
