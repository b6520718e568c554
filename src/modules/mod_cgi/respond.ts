// The output of a script → the response: its own, a redirect, or the page of what went wrong.
import {
  answer,
  dropFraming,
  HeadReader,
  Headers,
  OutputFault,
  refuse,
  RequestBodyError,
  scriptCondition,
  scriptResponse,
  type Program,
  type Request,
  type Response,
  type ScriptHead,
  type Verdict,
} from "../../api/index.js";
import { bodyFailed } from "./body-failed.js";
import { NphHeadReader } from "./nph-head.js";
import { OutputStream, ScriptRun, type Ending, type RunOptions } from "./run.js";
import { logFailure, type Failure } from "./script-log.js";
import type { CgiSettings } from "./settings.js";

/** What runs, and how. */
export interface Running {
  readonly program: Program;
  /** Last part of the file name. */
  readonly script: string;
  /** Its output is the whole answer, status line and fields too; over HTTP/2, that is read and translated. */
  readonly isNph: boolean;
  readonly options: RunOptions;
}

/** Bytes of output that the script log shows. */
const mostLogged = 65_536;

/** The answer, once the script has said enough. */
export function answerOf(request: Request, settings: CgiSettings, running: Running): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const talk = new Talk(request, settings, running);
    talk.answer.then(resolve, reject);
  });
}

/** What is going on between a script and the client. */
class Talk {
  readonly answer: Promise<Verdict>;
  readonly #request: Request;
  readonly #settings: CgiSettings;
  readonly #running: Running;
  readonly #run: ScriptRun;
  readonly #reader: HeadReader;
  readonly #isRaw: boolean;
  #settle: (verdict: Verdict | Promise<Verdict>) => void = () => undefined;
  /** Where output goes behind the head. */
  #body: OutputStream | "drop" | { kept: string; done: (kept: string) => void } | undefined;

  constructor(request: Request, settings: CgiSettings, running: Running) {
    this.#request = request;
    this.#settings = settings;
    this.#running = running;
    this.#isRaw = running.isNph && request.protocol.startsWith("HTTP/1");
    this.#reader = running.isNph ? new NphHeadReader(running.script) : new HeadReader(running.script);
    this.answer = new Promise((resolve) => (this.#settle = resolve));
    this.#run = new ScriptRun({ request, ...running }, (bytes) => this.#take(bytes), this.#end);
    this.#run.start();
  }

  #take(bytes: Buffer): boolean {
    const body = this.#body;
    if (body === undefined) return this.#begin(bytes);
    if (body === "drop") return true;
    if (body instanceof OutputStream) return body.push(bytes);
    if (body.kept.length < mostLogged) body.kept += bytes.toString("latin1");
    return true;
  }

  /** Reads the head, and answers when it is there. */
  #begin(bytes: Buffer): boolean {
    if (this.#isRaw) {
      this.#settle({ ...answer(200, new Headers(), this.#stream(bytes)), raw: true, ownStatus: true });
      return true;
    }
    let rest: Buffer | undefined;
    try {
      rest = this.#reader.read(bytes);
    } catch (error) {
      this.#fault(error);
      return true;
    }
    if (rest === undefined) return true;
    const head = this.#reader.head(Date.now());
    this.#settle(this.#respond(head, rest));
    return true;
  }

  #stream(first: Buffer): OutputStream {
    const run = this.#run;
    const stream = new OutputStream(first, { resume: () => run.resume(), cancel: () => run.cancel() });
    this.#body = stream;
    return stream;
  }

  #respond(head: ScriptHead, rest: Buffer): Verdict | Promise<Verdict> {
    const request = this.#request;
    const { fields } = head;
    dropFraming(request, head);
    const condition = head.status === undefined ? scriptCondition(request, head) : undefined;
    if (condition !== undefined) {
      this.#keepForLog({ status: condition, fields: head.always }, rest);
      return scriptResponse(request, head);
    }
    const status = head.status ?? 200;
    const location = fields.get("location");
    if (location !== undefined && status === 200) {
      this.#body = "drop";
      if (location === "") fields.delete("Location");
      if (!location.startsWith("/")) return { ...refuse(302, { headers: fields }), always: head.always };
      head.always.forEach((name, value) => request.alwaysHeaders.append(name, value));
      request.headers.delete("Content-Length");
      return request.redirect(location.replace(/#.*/s, ""));
    }
    return this.#whole(head, rest);
  }

  #whole(head: ScriptHead, rest: Buffer): Response {
    const request = this.#request;
    if (request.headOnly) this.#body = "drop";
    const body = request.headOnly ? undefined : this.#stream(rest);
    return scriptResponse(request, head, body);
  }

  readonly #end = (ending: Ending): void => {
    const body = this.#body;
    if (body === undefined) return this.#endBeforeHead(ending);
    if (body === "drop") return;
    if (!(body instanceof OutputStream)) return body.done(body.kept);
    if (ending === "end") return void body.push(null);
    if (ending === "silent") this.#logSilence();
    body.destroy(ending instanceof Error ? ending : new Error(`the script was ended: ${ending}`));
  };

  #endBeforeHead(ending: Ending): void {
    const { own } = this.#running.options;
    if (ending === "end") {
      try {
        this.#reader.ended();
      } catch (error) {
        this.#fault(error);
      }
      return this.#end(ending);
    }
    if (ending === "silent") {
      this.#logSilence();
      this.#request.log("error", own.name, `Script timed out before returning headers: ${this.#running.script}`);
      this.#log({ status: 504 });
      return this.#settle(refuse(504));
    }
    if (ending === "client left") return this.#settle({ ...refuse(500), close: true });
    if (ending instanceof RequestBodyError) return this.#settle(bodyFailed(this.#request, ending, own));
    this.#request.log("error", own.name, `AH01241: exec of '${this.#request.filename}' failed: ${ending.message}`);
    this.#log({ status: 500 });
    this.#settle(refuse(500));
  }

  #fault(error: unknown): void {
    if (!(error instanceof OutputFault)) throw error;
    this.#request.log("error", this.#running.options.own.name, error.message);
    this.#keepForLog({ status: 500, line: error.line }, error.rest);
    this.#settle(refuse(500));
  }

  /** Reads the rest of the output, for the script log if there is one. */
  #keepForLog(failure: Failure, rest: Buffer): void {
    if (this.#settings.scriptLog === undefined) {
      this.#body = "drop";
      return;
    }
    const kept = rest.toString("latin1", 0, mostLogged);
    this.#body = { kept, done: (output) => setImmediate(() => this.#log({ ...failure, output })) };
  }

  #log(failure: Failure): void {
    const { keptBody: body, keptErrors: errors } = this.#run;
    logFailure(this.#request, this.#settings, { ...failure, body, errors });
  }

  #logSilence(): void {
    const { codes, name } = this.#running.options.own;
    const { filename } = this.#request;
    this.#request.log("warn", name, `${codes.silent}: Timeout waiting for output from CGI script ${filename}`);
  }
}
