// Calls of Python applications without a daemon group → threads of Python inside this worker, over the daemon channel.
import { Socket } from "node:net";
import { dirname } from "node:path";
import { refuse } from "../api/index.js";
import type {
  ApplicationCall,
  EmbeddedPythonSpec,
  ErrorLog,
  Level,
  Request,
  Response,
  ScriptAnswers,
  ScriptQuestion,
  ScriptRole,
  ServerReport,
} from "../api/index.js";
import { kindOf } from "./application-kind.js";
import type { PoolState } from "./channel.js";
import { openControlLines, type ControlLines } from "./control-lines.js";
import { DaemonClient } from "./daemon-client.js";
import { underLayers } from "./interpreter-layers.js";
import { findPython, NoPythonError } from "./python-interpreter.js";
import { libraryOf } from "./python-library.js";
import { startPython, type PythonRuntime } from "./python-runtime.js";

/** What the Python of a worker is made from. */
export interface EmbeddedPythonOptions {
  readonly spec: EmbeddedPythonSpec;
  /** The Python package modhost_wsgi, a folder. */
  readonly pythonPackage: string;
  readonly errorLog: ErrorLog;
  /** Says what all workers do. */
  readonly report?: () => Promise<ServerReport>;
}

type ToInterpreter =
  | {
      readonly type: "start";
      readonly spec: Readonly<Record<string, unknown>>;
      readonly applicationGroup: string;
    }
  /** A connection of the worker's, as the descriptor of its other end. */
  | { readonly type: "connect"; readonly fd: number }
  | { readonly type: "metrics"; readonly report: ServerReport | null }
  | { readonly type: "drain" };

type FromInterpreter =
  | { readonly type: "ready" }
  /** Its functions for the end have run. */
  | { readonly type: "ended" }
  /** What all workers do is wanted. */
  | { readonly type: "metrics" }
  | { readonly type: "log"; readonly level: Level; readonly message: string };

/** One application group: an interpreter. */
interface Interpreter {
  readonly client: DaemonClient;
  control?: ControlLines<ToInterpreter>;
  hasEnded?: () => void;
}

/** Threads of one interpreter, as many as Apache gives each of its processes. */
const threads = 25;
/** Application groups of one worker: a client that chooses its Host could ask for any number. */
const mostInterpreters = 100;
/** Milliseconds that a worker waits with its first request for scripts that load at the start. */
const preloadLimit = 10_000;
/** Milliseconds that the functions of all interpreters for the end may take together. */
const endLimit = 2000;

/** The Python applications of this worker. Python is loaded with the first of them, its interpreters as they are asked for. */
export class EmbeddedPython {
  readonly #options: EmbeddedPythonOptions;
  readonly #interpreters = new Map<string, Interpreter>();
  #runtime: Promise<PythonRuntime> | undefined;

  constructor(options: EmbeddedPythonOptions) {
    this.#options = options;
  }

  /** Loads the scripts that are to be there before they are asked for; resolves when that is done, or takes too long. */
  async preload(): Promise<void> {
    const groups = new Set(this.#preloads().map(({ applicationGroup }) => applicationGroup));
    if (groups.size === 0) return;
    const ready = Promise.all([...groups].map((group) => this.#start(group)));
    await Promise.race([ready, new Promise((resolve) => setTimeout(resolve, preloadLimit).unref())]);
  }

  run(call: ApplicationCall, request: Request): Response | Promise<Response> {
    const { applicationGroup } = call;
    const interpreter = this.#interpreters.get(applicationGroup);
    if (interpreter) return interpreter.client.run(call, request);
    if (this.#interpreters.size >= mostInterpreters) {
      request.log("error", "wsgi", `this worker has ${mostInterpreters} application groups, and takes no more`);
      return refuse(503);
    }
    void this.#start(applicationGroup);
    return this.run(call, request);
  }

  /** Asks a script; undefined when it gave no answer. */
  async ask<Role extends ScriptRole>(
    { script, applicationGroup, role, environ, words, variable }: ScriptQuestion & { readonly role: Role },
    request: Request,
  ): Promise<ScriptAnswers[Role] | undefined> {
    const named = words.map((word, index) => [`modhost.word.${index}`, word] as const);
    const call: ApplicationCall = {
      script,
      callable: role,
      role,
      variable,
      processGroup: "",
      applicationGroup,
      environ: { ...environ, ...Object.fromEntries(named) },
      scriptReloading: true,
    };
    const { failure, headers } = await this.run(call, request);
    const answer = failure ? undefined : headers.get("answer");
    return answer === undefined ? undefined : (JSON.parse(answer) as ScriptAnswers[Role]);
  }

  /** Whether an application runs: then `end` has something to do. */
  get isUsed(): boolean {
    return this.#interpreters.size > 0;
  }

  /** Refuses what still waits and runs, then ends. */
  close(): Promise<void> {
    for (const { client } of this.#interpreters.values()) client.close();
    return this.end();
  }

  /** Lets applications run what they registered for the end. */
  async end(): Promise<void> {
    const ends = [...this.#interpreters.values()].map(
      (interpreter) =>
        new Promise<void>((resolve) => {
          if (!interpreter.control) return resolve();
          interpreter.hasEnded = resolve;
          interpreter.control.send({ type: "drain" });
        }),
    );
    await Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, endLimit).unref())]);
  }

  /** Makes the interpreter of an application group; resolves when it is ready, or is known not to become it. */
  async #start(applicationGroup: string): Promise<void> {
    const interpreter: Interpreter = {
      client: new DaemonClient({
        spec: limits,
        applicationGroup,
        sharesAccount: true,
        overdue: () => undefined,
        connect: () => this.#connect(interpreter),
      }),
    };
    this.#interpreters.set(applicationGroup, interpreter);
    try {
      this.#runtime ??= this.#load();
      this.#runtimeNow = await this.#runtime;
      await this.#boot(this.#runtimeNow, applicationGroup, interpreter);
      interpreter.client.update(state(applicationGroup, { state: "serving" }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const note = error instanceof NoPythonError ? { note: error.note } : {};
      interpreter.client.update(state(applicationGroup, { state: "failed", reason, ...note }));
    }
  }

  #runtimeNow: PythonRuntime | undefined;

  async #load(): Promise<PythonRuntime> {
    const { spec } = this.#options;
    const python = findPython(spec.pythonHome);
    if ("missing" in python) throw new NoPythonError(python);
    const library = await libraryOf(python.path);
    const runtime = await startPython(library, spec.variables);
    this.#log("info", `Python ${library.version} runs in this worker (${library.library})`);
    return runtime;
  }

  #boot(runtime: PythonRuntime, applicationGroup: string, interpreter: Interpreter): Promise<void> {
    const { spec, pythonPackage } = this.#options;
    const [ours, theirs] = runtime.socketPair();
    return new Promise((resolve, reject) => {
      const channel = new Socket({ fd: ours, readable: true, writable: true });
      const control = openControlLines<FromInterpreter, ToInterpreter>(channel, {
        message: (message) => {
          if (message.type === "log") this.#log(message.level, message.message);
          else if (message.type === "ready") resolve();
          else if (message.type === "metrics") void this.#report(control);
          else interpreter.hasEnded?.();
        },
        closed: () => reject(new Error("an interpreter has ended")),
      });
      // The process does not stay for it.
      channel.unref();
      runtime.run(
        bootProgram(dirname(pythonPackage), theirs, Object.keys(spec.variables)),
        applicationGroup === "" ? "main" : "new",
      );
      interpreter.control = control;
      control.send({
        type: "start",
        spec: {
          ...limits,
          multiprocess: spec.multiprocess,
          ...underLayers(spec, applicationGroup),
          // Interpreters share the lock that it is about.
          switchInterval: spec.switchInterval,
          pythonEggs: spec.pythonEggs,
          endsInterpreter: spec.endsInterpreter,
          serverMetrics: spec.serverMetrics ?? false,
          preloads: this.#preloads(),
        },
        applicationGroup,
      });
    });
  }

  async #report(control: ControlLines<ToInterpreter>): Promise<void> {
    const { spec, report } = this.#options;
    // Without an answer the application hears that there is none.
    const found = spec.serverMetrics ? await report?.().catch(() => undefined) : undefined;
    control.send({ type: "metrics", report: found ?? null });
  }

  /** The worker's end of a new connection to the interpreter. */
  #connect(interpreter: Interpreter): number {
    if (!this.#runtimeNow) throw new TypeError("Python was not started");
    const [ours, theirs] = this.#runtimeNow.socketPair();
    interpreter.control?.send({ type: "connect", fd: theirs });
    return ours;
  }

  #preloads(): EmbeddedPythonSpec["preloads"] {
    return this.#options.spec.preloads.filter(({ script }) => kindOf(script) === "python");
  }

  #log(level: Level, message: string): void {
    this.#options.errorLog.write({ level, module: "wsgi", message });
  }
}

/** Nothing limits what runs embedded, as in mod_wsgi. */
const limits = {
  name: "",
  processes: 1,
  threads,
  maximumRequests: 0,
  requestTimeout: 0,
  queueTimeout: 0,
  connectTimeout: 0,
  socketTimeout: 0,
} as const;

function state(applicationGroup: string, news: Pick<PoolState, "state" | "reason" | "note">): PoolState {
  return { processGroup: "", applicationGroup, kind: "python", socket: "", revision: 0, ...news };
}

/** Leaves nothing of itself on sys.path or in the environment, and everything else to a thread: the event loop waits for it. */
function bootProgram(folder: string, channel: number, variables: readonly string[]): string {
  return `
import os, sys, threading
for _name in ${JSON.stringify(variables)}: os.environ.pop(_name, None)
def _boot():
    sys.path.insert(0, bytes.fromhex("${Buffer.from(folder).toString("hex")}").decode("utf-8", "surrogateescape"))
    try:
        from modhost_wsgi import embedded
    finally:
        del sys.path[0]
    embedded.serve(${channel})
threading.Thread(target=_boot, name="control", daemon=True).start()
del _boot
`;
}
