// A request and the rules of its virtual host → a redirect, a file name, or a path for the modules that come next.
import { statSync } from "node:fs";
import { posix } from "node:path";
import { fileSystemPath, refuse, type Request, type Response, type Verdict } from "../../api/index.js";
import { applyRules, ended, passThrough, type Outcome } from "./engine.js";
import { handOver } from "./proxy.js";
import { redirectTo } from "./redirect.js";
import { then, type Awaitable, type Run } from "./run.js";
import type { DirectoryRules, ServerRules } from "./settings.js";
import { traceOf } from "./trace.js";
import { absoluteStart, hasControls } from "./url.js";

/** Applies the rules of a virtual host. */
export function rewriteUrl(request: Request, server: ServerRules, { options }: DirectoryRules): Awaitable<Verdict> {
  const trace = traceOf(request, undefined);
  if (hasEnded(request)) {
    trace?.(8, "Declining, no further rewriting due to END flag");
    return undefined;
  }
  if (!request.path.startsWith("/") && !options?.has("allowanyuri")) {
    trace?.(8, `Declining, request-URI '${request.path}' is not a URL-path.`);
    return undefined;
  }
  setScriptVariables(request);
  const queryBefore = request.query;
  const given = request.filename;
  if (given === "") {
    request.filename = request.path;
    trace?.(2, `init rewrite engine with requested uri ${request.filename}`);
  } else trace?.(2, `init rewrite engine with passed filename ${given}. Original uri = ${request.path}`);
  const run: Run = {
    ...{ request, trace, directory: undefined, base: "", maps: server.maps },
    ...{ uri: "", ruleMatch: undefined, conditionMatch: undefined, varyOfCondition: [], varyOfRule: [], status: 200 },
  };
  return then(applyRules(run, server.rules), (outcome) => finish(run, outcome, { server, queryBefore, given }));
}

/** Whether a rule with [END] has been met, by this request or one that it follows. */
export function hasEnded(request: Request): boolean {
  for (let each: Request | undefined = request; each; each = each.previous) if (each.kept.has(ended)) return true;
  return false;
}

/** SCRIPT_URL and SCRIPT_URI: what the client asked for, whatever it is rewritten to. */
function setScriptVariables(request: Request): void {
  const { environment, parent, path } = request;
  const url = parent ? parent.environment.get("SCRIPT_URL") : (environment.get("REDIRECT_SCRIPT_URL") ?? path);
  environment.set("SCRIPT_URL", url ?? "");
  environment.set("SCRIPT_URI", request.absoluteUrl(url ?? ""));
}

function finish(
  run: Run,
  { action, lastRule, isReduced }: Outcome,
  { server, queryBefore, given }: { server: ServerRules; queryBefore: string | undefined; given: string },
): Verdict {
  const { request, trace } = run;
  const { filename, query } = request;
  if (action === "none") {
    trace?.(1, `pass through ${filename}`);
    request.filename = given;
    return undefined;
  }
  const start = absoluteStart(filename);
  if (query !== undefined && !(start && action !== "unescaped") && hasControls(query)) {
    request.log("error", "rewrite", "AH10410: Rewritten query string contains control characters or spaces");
    return refuse(403);
  }
  if (action === "answer") return refuse(run.status, { isOwn: true });
  if (filename.startsWith("proxy:") && filename.length > 6) return handOver(request, action, trace);
  if (start) return redirectTo(run, { start: start.length, action, queryBefore });
  // As Apache: the status of an [R] without [L] stays, whatever later rules make of the URL.
  if (run.status !== 200) request.status = run.status;
  if (filename.startsWith(passThrough) && filename.length > passThrough.length) {
    request.path = filename.slice(passThrough.length);
    // A whole URL, of [R] and [PT], is none that could be mapped.
    if (!request.path.startsWith("/")) return refuse(400);
    request.filename = "";
    return undefined;
  }
  return localPath(run, { lastRule, isReduced, server });
}

/** A path of the file system where its first segment is there and may be meant; else one of the document root. */
function localPath(
  run: Run,
  { lastRule, isReduced, server }: Pick<Outcome, "lastRule" | "isReduced"> & { server: ServerRules },
): Verdict {
  const { request, trace } = run;
  const { options } = server;
  const path = request.filename;
  trace?.(2, `local path result: ${path}`);
  if (!path.startsWith("/")) return refuse(400);
  const isUrl = isReduced && !options?.has("legacyprefixdocroot");
  const isFile = isFilePath(run, options?.has("unsafeprefixstat") ? undefined : lastRule);
  if (isUrl || !isFile) {
    if (leavesRoot(path)) {
      trace?.(1, `prefixing with document_root of ${path} FAILED`);
      return notMapped(request, path);
    }
    request.filename = request.documentRoot + withoutDots(path);
    request.contextDocumentRoot = request.documentRoot;
    trace?.(2, `prefixed with document_root to ${request.filename}`);
  }
  trace?.(1, `go-ahead with ${request.filename} [OK]`);
  return "done";
}

function isFilePath({ request, trace }: Run, lastRule: Outcome["lastRule"]): boolean {
  const { filename, documentRoot } = request;
  const first = posix.normalize(/^\/+[^/]*/.exec(filename)?.[0] ?? "/");
  if (!exists(first)) return false;
  if (!lastRule) {
    trace?.(3, `prefix_stat no lastsub subst prefix ${first}`);
    return true;
  }
  const { output, flags } = lastRule;
  trace?.(
    3,
    `prefix_stat compare statpath ${first} and lastsub output ${output.source} STATOK ${flags.unsafePrefixStat ? 1 : 0} `,
  );
  if (flags.unsafePrefixStat) return true;
  const context = request.contextDocumentRoot || documentRoot;
  const begins = (text: string, prefix: string): boolean => {
    const does = text.startsWith(prefix);
    trace?.(5, `prefix_stat startsWith(${text}, ${prefix}) ${does ? 1 : 0}`);
    return does;
  };
  return (
    begins(output.source, first) ||
    begins(filename, documentRoot) ||
    (context !== documentRoot && begins(filename, context))
  );
}

function exists(name: string): boolean {
  try {
    return statSync(fileSystemPath(name), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function leavesRoot(path: string): boolean {
  let depth = 0;
  for (const segment of path.split("/")) {
    if (segment === "..") depth--;
    else if (segment !== "" && segment !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}

/** A path without "." and "..", which ends with a slash where they did. */
function withoutDots(path: string): string {
  const plain = posix.normalize(path);
  return /\/\.\.?$/.test(path) && !plain.endsWith("/") ? `${plain}/` : plain;
}

function notMapped(request: Request, path: string): Response {
  request.log("error", "core", `AH00127: Cannot map ${path} to file`);
  return refuse(403);
}
