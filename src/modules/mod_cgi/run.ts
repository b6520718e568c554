// A program that has been started for a request → its output, as it comes and no faster than it is taken.
import { Readable } from "node:stream";
import { RequestBodyError, type Program, type Request } from "../../api/index.js";
import type { CgiModule } from "./settings.js";

/** Milliseconds of silence after which a client that has ended its side counts as gone. */
const leavePatience = 2000;
/** Milliseconds that a script has between the end of its output and its own. */
const endPatience = 1000;
/** Bytes of a line of standard error that are logged, and of all of it and of the output that the script log shows. */
const longestLine = 8192;
const mostKept = 65_536;

/** How a script is run. */
export interface RunOptions {
  readonly own: CgiModule;
  /** Milliseconds it may be silent. */
  readonly timeout: number;
  /** Bytes of the request's body to keep for the script log; undefined: there is none. */
  readonly keptBody: number | undefined;
  /** What has been kept of a body that the script has in a file. */
  readonly bodyBeginning?: string | undefined;
}

/** Why there is no more output. */
export type Ending = "end" | "silent" | "client left" | RequestBodyError | Error;

/** A script at work: fed with the request's body, listened to, ended with the request. */
export class ScriptRun {
  readonly #request: Request;
  readonly #program: Program;
  readonly #options: RunOptions;
  readonly #onData: (bytes: Buffer) => boolean;
  readonly #onEnd: (ending: Ending) => void;
  #timer: NodeJS.Timeout | undefined;
  #stillFor = 0;
  #isOver = false;
  #errorLine = "";
  /** For the script log. */
  keptBody = "";
  keptErrors = "";

  /** `onData` says false where it wants no more until `resume`; `onEnd` is called once. */
  constructor(
    { request, program, options }: { request: Request; program: Program; options: RunOptions },
    onData: (bytes: Buffer) => boolean,
    onEnd: (ending: Ending) => void,
  ) {
    this.#request = request;
    this.#program = program;
    this.#options = options;
    this.keptBody = options.bodyBeginning ?? "";
    this.#onData = onData;
    this.#onEnd = onEnd;
  }

  start(): void {
    const { stdout, stderr } = this.#program;
    this.#program.process.once("error", (error) => this.#finish(error));
    stdout.on("data", this.#take);
    stdout.once("end", () => this.#finish("end"));
    stdout.once("error", (error) => this.#finish(error));
    stderr.setEncoding("latin1");
    stderr.on("data", this.#takeErrors);
    stderr.once("end", () => this.#logError(this.#errorLine));
    stderr.on("error", () => undefined);
    this.#request.connection.signal.addEventListener("abort", this.#clientLeft);
    if (this.#request.connection.signal.aborted) return this.#clientLeft();
    this.#watch();
    this.#feed();
  }

  /** More output is wanted. */
  resume(): void {
    if (this.#isOver) return;
    this.#watch();
    this.#program.stdout.resume();
  }

  /** Nobody wants the rest. */
  cancel(): void {
    this.#finish("client left");
  }

  readonly #take = (bytes: Buffer): void => {
    if (this.#isOver) return;
    this.#stillFor = 0;
    if (this.#onData(bytes)) return;
    this.#program.stdout.pause();
    // While nothing is taken from it, it need not say anything.
    this.#unwatch();
  };

  readonly #takeErrors = (text: string): void => {
    if (this.#options.keptBody !== undefined && this.keptErrors.length < mostKept) this.keptErrors += text;
    const lines = (this.#errorLine + text).split("\n");
    this.#errorLine = (lines.pop() ?? "").slice(0, longestLine);
    for (const line of lines) this.#logError(line);
  };

  #logError(line: string): void {
    if (line === "") return;
    const { name } = this.#options.own;
    const text = line.slice(0, longestLine).replace(/\r$/, "");
    this.#request.log("error", name, `AH01215: stderr from ${this.#request.filename}: ${text}`);
  }

  #feed(): void {
    const { stdin } = this.#program;
    if (!stdin) return;
    const source = this.#request.body.stream();
    stdin.on("error", (error) => {
      if (!this.#isOver && source.readable) {
        const { codes, name } = this.#options.own;
        this.#request.log(
          "error",
          name,
          `${codes.writing}: Error writing request body to script ${this.#request.filename}: ${error.message}`,
        );
      }
      source.resume();
    });
    source.on("data", (bytes: Buffer) => {
      this.#stillFor = 0;
      const { keptBody } = this.#options;
      if (keptBody !== undefined && this.keptBody.length < keptBody) {
        this.keptBody += bytes.toString("latin1", 0, keptBody - this.keptBody.length);
      }
      if (stdin.writable && !stdin.write(bytes)) source.pause();
    });
    stdin.on("drain", () => source.resume());
    source.once("end", () => stdin.end());
    source.once("error", (error) => this.#finish(error));
  }

  #watch(): void {
    this.#unwatch();
    const step = Math.min(this.#options.timeout, leavePatience / 2);
    this.#stillFor = 0;
    this.#timer = setInterval(() => {
      this.#stillFor += step;
      if (this.#stillFor >= this.#options.timeout) this.#finish("silent");
      else if (this.#request.connection.hasEnded && this.#stillFor >= leavePatience) this.#finish("client left");
    }, step);
  }

  #unwatch(): void {
    clearInterval(this.#timer);
  }

  readonly #clientLeft = (): void => this.#finish("client left");

  #finish(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unwatch();
    this.#request.connection.signal.removeEventListener("abort", this.#clientLeft);
    const { process, stdout } = this.#program;
    if (ending === "end") {
      // One that has ended is to leave what it started on purpose.
      const timer = setTimeout(() => {
        if (!this.#program.hasEnded) this.#program.end();
      }, endPatience);
      process.once("exit", () => clearTimeout(timer));
    } else {
      this.#program.end();
      stdout.destroy();
    }
    this.#onEnd(ending);
  }
}

/** The rest of a run's output as a stream; what `first` holds stands in front. */
export class OutputStream extends Readable {
  #resume: () => void;
  #cancel: () => void;

  constructor(first: Buffer, { resume, cancel }: { resume: () => void; cancel: () => void }) {
    super();
    this.#resume = resume;
    this.#cancel = cancel;
    if (first.length > 0) this.push(first);
  }

  override _read(): void {
    this.#resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#cancel();
    this.#resume = this.#cancel = () => undefined;
    done(error);
  }
}
