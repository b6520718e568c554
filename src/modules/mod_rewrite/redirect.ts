// An absolute URL that rules have made → the redirect to it.
import { escapeLogItem, escapePath, Headers, refuse, type Response } from "../../api/index.js";
import { isRedirection } from "./flags.js";
import type { Outcome } from "./engine.js";
import type { Run } from "./run.js";
import { escapeAbsolute } from "./url.js";

/** How the URL is to be finished. */
export interface Redirection {
  /** Number of characters of its scheme. */
  readonly start: number;
  readonly action: Outcome["action"];
  /** The query string before the rules: it is not escaped once more. */
  readonly queryBefore: string | undefined;
}

/** Redirects to the request's file name and query string. */
export function redirectTo(run: Run, { start, action, queryBefore }: Redirection): Response {
  const { request, trace } = run;
  const { query } = request;
  let url = request.filename;
  if (action !== "unescaped") {
    trace?.(1, `escaping ${url} for redirect`);
    url = escapeAbsolute(url, start);
  }
  if (query !== undefined) {
    const isKept = action === "unescaped" || query === queryBefore;
    const escaped = isKept ? query : escapePath(query);
    url += `?${escaped}`;
    trace?.(1, `${isKept ? "copying" : "escaping"} ${query} to query string for redirect ${isKept ? "" : escaped}`);
  }
  request.filename = url;
  if (/[^ -\xff]|\x7f/.test(url)) {
    request.log("error", "rewrite", `the URL to redirect to holds control characters: ${escapeLogItem(url)}`);
    return refuse(500);
  }
  const status = isRedirection(run.status) ? run.status : 302;
  trace?.(1, `redirect to ${url} [REDIRECT/${status}]`);
  return refuse(status, { headers: new Headers([["Location", url]]), isOwn: true });
}
