// A request for a script → a run of it, or the status that refuses it.
import { accessSync, constants } from "node:fs";
import {
  core,
  leavePlace,
  refuse,
  setCgiVariables,
  startProgram,
  takePlace,
  type Request,
  type Response,
  type Verdict,
} from "../../api/index.js";
import { bodyFailed } from "./body-failed.js";
import { bodyFile, inputOf, type BodyFile } from "./body-file.js";
import { argumentsOf } from "./query-arguments.js";
import { answerOf } from "./respond.js";
import { logFailure } from "./script-log.js";
import type { CgiModule, CgiSettings } from "./settings.js";

/** Runs the script of a request whose handler is cgi-script. */
export function handle(request: Request, settings: CgiSettings, own: CgiModule): Verdict | Promise<Verdict> {
  const name = request.handler ?? request.contentType?.replace(/[; ].*/s, "");
  if (name !== "cgi-script" && name !== "application/x-httpd-cgi") return undefined;
  const script = request.filename.slice(request.filename.lastIndexOf("/") + 1);
  const isNph = script.startsWith("nph-");
  const fault = faultOf(request, own, isNph);
  if (fault) {
    const [status, message] = fault;
    request.log("error", own.name, `${message}: ${request.filename}`);
    logFailure(request, settings, { status, error: message.replace(/^AH\d+: /, "") });
    return refuse(status);
  }
  if (request.rehearsal) {
    const reason = whyNotRun(request.filename);
    if (reason !== undefined) return notRun(request, settings, own, reason);
    return request.rehearsal.insteadOf(`runs the script ${request.filename}`);
  }
  return run(request, settings, { own, script, isNph });
}

function faultOf(request: Request, { codes }: CgiModule, isNph: boolean): [number, string] | undefined {
  const { options, acceptPathInfo } = request.settings(core);
  const isAliased = request.notes.get("alias-forced-type") === "cgi-script";
  if (!options.plain?.ExecCGI && !isAliased) {
    return [403, `${codes.notAllowed}: Options ExecCGI is off in this directory`];
  }
  if (isNph && request.parent) return [403, `${codes.included}: attempt to include NPH CGI script`];
  if (!request.file) return [404, `${codes.missing}: script not found or unable to stat`];
  if (request.file.isDirectory()) return [403, `${codes.directory}: attempt to invoke directory as script`];
  if (acceptPathInfo === "Off" && request.pathInfo !== "") {
    return [404, `${codes.pathInfo}: AcceptPathInfo off disallows user's path`];
  }
  return undefined;
}

interface Script {
  readonly own: CgiModule;
  readonly script: string;
  readonly isNph: boolean;
}

/** Reads the body, unless the script is to be fed with it, and runs the script then. */
async function run(request: Request, settings: CgiSettings, script: Script): Promise<Verdict> {
  if (inputOf(request) !== "file") return start(request, settings, script);
  let body: BodyFile;
  try {
    body = await bodyFile(request, settings.scriptLog === undefined ? 0 : settings.scriptLogBuffer);
  } catch (error) {
    return bodyFailed(request, error, script.own);
  }
  try {
    return await start(request, settings, script, body);
  } finally {
    await body.file.close();
  }
}

async function start(request: Request, settings: CgiSettings, how: Script, body?: BodyFile): Promise<Verdict> {
  const { own, script, isNph } = how;
  const place = takePlace();
  if (place === false) {
    request.log("error", own.name, `too many scripts run and wait already: ${request.filename}`);
    return refuse(503);
  }
  if (place !== true) await place;
  let hasStarted = false;
  try {
    await setCgiVariables(request);
    const program = startProgram({
      file: request.filename,
      args: argumentsOf(request.query),
      directory: request.filename.slice(0, request.filename.lastIndexOf("/") + 1),
      environment: request.environment,
      limits: request.settings(core).processLimits,
      ...(body ? { input: body.file.fd } : inputOf(request) === "nothing" ? { input: "nothing" } : {}),
    });
    hasStarted = true;
    program.process.once(program.process.pid === undefined ? "error" : "exit", leavePlace);
    const timeout = settings.scriptTimeout ?? request.settings(core).timeout;
    const keptBody = settings.scriptLog === undefined ? undefined : settings.scriptLogBuffer;
    const options = { own, timeout, keptBody, bodyBeginning: body?.beginning };
    return await answerOf(request, settings, { program, script, isNph, options });
  } catch (error) {
    if (hasStarted) throw error;
    leavePlace();
    return notRun(request, settings, own, error);
  }
}

function notRun(request: Request, settings: CgiSettings, own: CgiModule, error: unknown): Response {
  const reason = error instanceof Error ? error.message : String(error);
  request.log("error", own.name, `AH01241: exec of '${request.filename}' failed: ${reason}`);
  logFailure(request, settings, { status: 500, error: `exec of '${request.filename}' failed: ${reason}` });
  return refuse(500);
}

/** Why a file could not be run. */
function whyNotRun(file: string): unknown {
  try {
    accessSync(Buffer.from(file, "latin1"), constants.X_OK);
    return undefined;
  } catch (error) {
    return error;
  }
}
