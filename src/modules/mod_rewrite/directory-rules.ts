// A request and the rules of its directory → a redirect, or a path that the request begins anew with.
import { core, refuse, type Request, type Verdict } from "../../api/index.js";
import { applyRules, passThrough, type Outcome } from "./engine.js";
import { handOver } from "./proxy.js";
import { redirectTo } from "./redirect.js";
import { then, type Awaitable, type Run } from "./run.js";
import { hasEnded } from "./server-rules.js";
import type { DirectoryRules, ServerRules } from "./settings.js";
import { traceOf } from "./trace.js";
import { absoluteStart, hasControls, replacePrefix } from "./url.js";

/** The handler that begins anew, by Apache's name; the file name is then "redirect:" and the path. */
export const redirectHandler = "redirect-handler";
const redirectPrefix = "redirect:";

/** Applies the rules of a directory. */
export function rewriteFile(request: Request, server: ServerRules, rules: DirectoryRules): Awaitable<Verdict> {
  const { directory, base, options } = rules;
  if (directory === undefined) return undefined;
  const { filename, query } = request;
  // For the directory without its slash mod_dir has an answer.
  if (!options?.has("allownoslash") && `${filename}/` === directory) return undefined;
  const trace = traceOf(request, directory);
  if (hasEnded(request)) {
    trace?.(8, "Declining, no further rewriting due to END flag");
    return undefined;
  }
  const { plain } = request.settings(core).options;
  if (!plain?.FollowSymLinks && !plain?.SymLinksIfOwnerMatch) return refuseRules(request);
  const run: Run = {
    ...{ request, trace, directory, base: base ?? directory, maps: server.maps },
    ...{ uri: "", ruleMatch: undefined, conditionMatch: undefined, varyOfCondition: [], varyOfRule: [], status: 200 },
  };
  return then(applyRules(run, rules.rules), (outcome) => finish(run, outcome, { rules, filename, query }));
}

function refuseRules(request: Request): Verdict {
  request.log(
    "error",
    "rewrite",
    "AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the RewriteRule directive is also " +
      `forbidden due to its similar ability to circumvent directory restrictions : ${request.filename}`,
  );
  return refuse(403);
}

interface Before {
  readonly rules: DirectoryRules;
  readonly filename: string;
  readonly query: string | undefined;
}

function finish(run: Run, { action }: Outcome, before: Before): Verdict {
  const { request, trace } = run;
  const { filename, query } = request;
  if (action === "none") {
    trace?.(1, `pass through ${filename}`);
    request.filename = before.filename;
    return undefined;
  }
  const start = absoluteStart(filename);
  if (query !== undefined && !(start && action !== "unescaped") && hasControls(query)) {
    request.log("error", "rewrite", "AH10411: Rewritten query string contains control characters or spaces");
    return refuse(403);
  }
  if (action === "answer") return refuse(run.status, { isOwn: true });
  if (filename.startsWith("proxy:") && filename.length > 6) return handOver(request, action, trace);
  if (start) {
    request.filename = withBase(filename, start.length, run, before.rules);
    return redirectTo(run, { start: start.length, action, queryBefore: before.query });
  }
  // As Apache: the status of an [R] without [L] stays, whatever later rules make of the URL.
  if (run.status !== 200) request.status = run.status;
  if (filename.startsWith(passThrough)) request.filename = filename.slice(passThrough.length);
  if (!request.filename.startsWith("/")) return refuse(400);
  if (request.filename === before.filename) {
    trace?.(1, `initial URL equal rewritten URL: ${request.filename} [IGNORING REWRITE]`);
    return "done";
  }
  const path = pathOf(request.filename, run, before.rules);
  trace?.(1, `internal redirect with ${path} [INTERNAL REDIRECT]`);
  request.filename = redirectPrefix + path;
  request.handler = redirectHandler;
  return "done";
}

/** A redirect to this host: the directory in its path becomes the base. */
function withBase(url: string, start: number, { trace }: Run, { base, directory = "" }: DirectoryRules): string {
  const slash = url.indexOf("/", start);
  if (base === undefined || slash < 0 || slash + 1 === url.length) return url;
  trace?.(2, `trying to replace prefix ${directory} with ${base}`);
  const prefixes = [directory.replace(/^\//, ""), base.slice(1)] as const;
  return url.slice(0, slash + 1) + replacePrefix(url.slice(slash + 1), prefixes, trace);
}

/** The path of the URL space for a name that rules have made: by RewriteBase, DocumentRoot, or an Alias in force. */
function pathOf(name: string, { request, trace }: Run, { base, directory = "", options }: DirectoryRules): string {
  let path = name;
  if (base !== undefined) {
    trace?.(2, `trying to replace prefix ${directory} with ${base}`);
    path = replacePrefix(name, [directory, base], trace);
  } else {
    const root = request.documentRoot;
    if (name.startsWith(root) && name.charAt(root.length) === "/") {
      path = name.slice(root.length);
      trace?.(2, `strip document_root prefix: ${name} -> ${path}`);
    }
  }
  if (path !== name || options?.has("ignorecontextinfo")) return path;
  const context = request.contextDocumentRoot || request.documentRoot;
  trace?.(2, `trying to replace context docroot ${context} with context prefix ${request.contextPrefix}`);
  return replacePrefix(name, [context, request.contextPrefix], trace);
}

/** Begins anew with the path that the rules have come to. */
export function beginAnew(request: Request): Awaitable<Verdict> {
  const { handler, filename, query } = request;
  if (handler !== redirectHandler || !filename.startsWith(redirectPrefix)) return undefined;
  // Conditions on fields of the request hold for the answer, too.
  request.notes.set("redirect-keeps-vary", "");
  const url = filename.slice(redirectPrefix.length) + (query === undefined ? "" : `?${query}`);
  return request.redirect(url.replace(/#.*$/s, ""), "same");
}
