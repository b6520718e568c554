// Names a path may have been meant for → the redirect or the list to choose from.
import { escapeHtml, escapePath, Headers, refuse, type Request, type Response } from "../../api/index.js";
import { commonBasename, differences, type Candidate } from "./candidates.js";

/** A redirect where one candidate is closer than all others; `prefix` is the path in front of the wrong name. */
export function answerFor(request: Request, prefix: string, candidates: readonly Candidate[]): Response {
  const [first, second] = candidates;
  if (first && first.rank !== commonBasename && first.rank !== second?.rank) {
    const { query, pathInfo, path } = request;
    const url = escapePath(prefix + first.name + pathInfo) + (query === undefined ? "" : `?${query}`);
    request.log("info", "speling", `AH03225: Fixed spelling: ${path} to ${url}`);
    return refuse(301, { headers: new Headers([["Location", request.absoluteUrl(url)]]) });
  }
  request.log("info", "speling", `AH03227: Spelling fix: ${request.path}: ${candidates.length} candidates`);
  return refuse(300, { note: listOf(request, prefix, candidates) });
}

function listOf({ path, pathInfo, query, headers, environment }: Request, prefix: string, all: readonly Candidate[]) {
  let list =
    `The document name you requested (<code>${escapeHtml(path)}</code>) could not be found on this server.\n` +
    "However, we found documents with names similar to the one you requested.<p>Available documents:\n<ul>\n";
  const variants: string[] = [];
  all.forEach(({ name, rank }, index) => {
    const url = prefix + name + pathInfo + (query === undefined ? "" : `?${query}`);
    const difference = differences[rank] ?? "";
    variants.push(`"${escapePath(url)}";"${difference}"`);
    list += `<li><a href="${escapePath(url)}">${escapeHtml(url)}</a> (${difference})\n`;
    if (index > 0 && rank !== commonBasename && all[index + 1]?.rank === commonBasename) {
      list += "</ul>\nFurthermore, the following related documents were found:\n<ul>\n";
    }
  });
  list += "</ul>\n";
  const referer = headers.get("referer");
  if (referer !== undefined) {
    list +=
      `Please consider informing the owner of the referring page <tt>${escapeHtml(referer)}</tt> ` +
      "about the broken link.\n";
  }
  const before = environment.get("VARIANTS");
  environment.set("VARIANTS", (before === undefined ? "" : `${before}, `) + variants.join(","));
  return list;
}
