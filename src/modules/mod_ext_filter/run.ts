// Bytes and a program → what the program makes of them, as they come and no faster than they are taken.
import { accessSync, constants } from "node:fs";
import { pipeline, Readable } from "node:stream";
import {
  core,
  escapeShell,
  leavePlace,
  setCgiVariables,
  startProgram,
  takePlace,
  unescapeUrl,
  type Program,
  type Request,
} from "../../api/index.js";
import { extFilter, type ExternalFilter } from "./settings.js";

/** Milliseconds a program has between the end of its output and its own. */
const endPatience = 1000;
/** Most bytes of a line of standard error that are logged. */
const longestLine = 8192;

/** The output of the program fed with `source`, or the status to refuse with. `source` is opened only if it runs. */
export function runThrough(request: Request, filter: ExternalFilter, source: () => Readable): Readable | 500 | 503 {
  const [program = ""] = filter.command;
  try {
    accessSync(program, constants.X_OK);
  } catch (error) {
    request.log("error", "ext_filter", `AH01458: couldn't create child process to run '${program}'`, error);
    return 500;
  }
  if (request.rehearsal) return source();
  const place = takePlace();
  if (place === false) {
    request.log("error", "ext_filter", `too many programs run and wait already: ${program}`);
    return 503;
  }
  let begun = false;
  const begin = (): void => void (begun = true);
  const output = Readable.from(outputOf(request, filter, { source: source(), place, begin }), { objectMode: false });
  output.once("close", () => {
    if (begun) return;
    if (place === true) leavePlace();
    else void place.then(leavePlace);
  });
  return output;
}

interface Feeding {
  readonly source: Readable;
  readonly place: true | Promise<true>;
  readonly begin: () => void;
}

async function* outputOf(
  request: Request,
  filter: ExternalFilter,
  { source, place, begin }: Feeding,
): AsyncGenerator<Buffer> {
  begin();
  if (place !== true) await place;
  const program = await started(request, filter, source);
  const { stdout } = program;
  const end = (): void => program.end();
  const { timeout } = request.settings(core);
  request.connection.signal.addEventListener("abort", end);
  let timer = setTimeout(() => stdout.destroy(new Error("the program of a filter is silent")), timeout);
  let isDone = false;
  try {
    feed(source, program);
    for await (const piece of stdout) {
      clearTimeout(timer);
      yield piece as Buffer;
      timer = setTimeout(() => stdout.destroy(new Error("the program of a filter is silent")), timeout);
    }
    isDone = true;
  } catch (error) {
    request.log(
      "error",
      "ext_filter",
      `AH01466: the output of '${filter.command[0] ?? ""}' broke off: ${messageOf(error)}`,
    );
    throw error;
  } finally {
    clearTimeout(timer);
    request.connection.signal.removeEventListener("abort", end);
    source.destroy();
    if (!isDone) end();
    else if (!program.hasEnded) {
      const late = setTimeout(end, endPatience);
      program.process.once("exit", () => clearTimeout(late));
    }
  }
}

/** Starts the program; its place is given back when it ends, or cannot begin. */
async function started(request: Request, filter: ExternalFilter, source: Readable): Promise<Program> {
  const [file = "", ...args] = filter.command;
  try {
    await setVariables(request);
    const program = startProgram({
      ...{ file, args, directory: "/", environment: request.environment },
      limits: request.settings(core).processLimits,
    });
    const { process: child } = program;
    child.once(child.pid === undefined ? "error" : "exit", leavePlace);
    child.once("error", (error) => program.stdout.destroy(error));
    listenToErrors(request, program);
    return program;
  } catch (error) {
    leavePlace();
    source.destroy();
    request.log("error", "ext_filter", `AH01458: couldn't create child process to run '${file}': ${messageOf(error)}`);
    throw error;
  }
}

/** Those of CGI, and three more that server-side includes know too. */
async function setVariables(request: Request): Promise<void> {
  const { environment, path, pathInfo, query } = request;
  await setCgiVariables(request);
  environment.set("DOCUMENT_URI", path);
  environment.set("DOCUMENT_PATH_INFO", pathInfo);
  if (query !== undefined) environment.set("QUERY_STRING_UNESCAPED", escapeShell(unescapeUrl(query)));
}

function feed(source: Readable, { stdin, stdout }: Program): void {
  let failure: Error | undefined;
  source.once("error", (error) => (failure = error));
  if (!stdin) return;
  pipeline(source, stdin, () => {
    // A program that reads no more may still speak; what breaks off in front of it must not look whole behind it.
    if (failure) stdout.destroy(failure);
  });
}

function listenToErrors(request: Request, { stderr }: Program): void {
  const { logsErrors } = request.settings(extFilter);
  let rest = "";
  const log = (line: string): void => {
    if (logsErrors && line !== "") request.log("error", "ext_filter", line.slice(0, longestLine));
  };
  stderr.setEncoding("latin1").on("error", () => undefined);
  stderr.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(0, longestLine);
    lines.forEach(log);
  });
  stderr.once("end", () => log(rest));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
