// A name that is no file, or a type map → the variant served in its place.
import { readdirSync, readFileSync, statSync } from "node:fs";
import {
  answer,
  core,
  escapePath,
  fileSystemPath,
  Headers,
  refuse,
  type Request,
  type Response,
  type Verdict,
} from "../../api/index.js";
import { readAccepts, readItem } from "./accept.js";
import { addFields, addLocation, notAcceptable } from "./answer.js";
import { chooseVariant, type Rules, type Variant } from "./choose.js";
import { negotiation } from "./settings.js";
import { readTypeMap } from "./type-map.js";

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

/** Files looked at for one name. */
const mostVariants = 500;

/** MultiViews: looks for files named as the request asks, with more extensions. */
export async function negotiateName(request: Request): Promise<Verdict> {
  const { filename } = request;
  const folder = folderOf(filename);
  const name = filename.slice(folder.length);
  let listed: string[];
  try {
    listed = readdirSync(fileSystemPath(folder), { encoding: "latin1" });
  } catch {
    request.log("error", "negotiation", `AH00686: cannot read directory for multi: ${folder}`);
    return refuse(403);
  }
  const candidates = listed.filter((each) => each.startsWith(`${name}.`)).sort();
  if (candidates.length === 0) return leave(request, folder);
  const variants: Variant[] = [];
  const requests = new Map<Variant, Request>();
  let anyFile = false;
  for (const each of candidates.slice(0, mostVariants)) {
    const { request: found, status } = await request.lookupFile(folder + each, true);
    if (found.file?.isDirectory()) continue;
    anyFile = true;
    if (!found.file?.isFile() || !isKnownName(found, name) || status !== 200) continue;
    const type = found.contentType ?? (found.handler === undefined ? undefined : "application/x-httpd-cgi");
    if (type === undefined) continue;
    if (found.handler === "type-map") return negotiateByMap(request, found);
    const variant = variantOf(each, type, found);
    variants.push(variant);
    requests.set(variant, found);
  }
  if (!anyFile) return leave(request, folder);
  if (variants.length === 0) {
    const text = `AH00687: Negotiation: discovered file(s) matching request: ${filename} (None could be negotiated).`;
    request.log("error", "negotiation", text);
    return refuse(404);
  }
  return takeBest(request, variants, (best) => requests.get(best));
}

/** Leaves a name to others. As in Apache the tag of the list goes on to internal redirects: to an ErrorDocument, say. */
function leave(request: Request, folder: string): undefined {
  request.variantsTag = tagOf(folder);
}

/** Whether all parts of a name that say nothing of the content stand in the name asked for, in their order. */
function isKnownName({ notes }: Request, asked: string): boolean {
  const unknown = notes.get("mime-exceptions")?.split(".");
  if (!unknown) return false;
  for (const part of asked.split(".")) if (part === unknown[0]) unknown.shift();
  return unknown.length === 0;
}

function variantOf(fileName: string, type: string, { contentEncoding, contentLanguage, file }: Request): Variant {
  const { name, level, charset = "" } = readItem(type);
  return {
    ...{ fileName, type: name, level, charset, languages: contentLanguage },
    encoding: contentEncoding.join(", "),
    sourceQuality: 1,
    description: "",
    length: file?.size ?? -1,
    body: undefined,
  };
}

function rulesOf(request: Request): Rules {
  const { priority, force } = request.settings(negotiation);
  const { environment } = request;
  return {
    priority,
    prefer: force.includes("Prefer"),
    fallback: force.includes("Fallback"),
    noGzip: environment.has("no-gzip"),
    gzipOnlyHtml: environment.get("gzip-only-text/html") === "1",
    preferLanguage: environment.get("prefer-language"),
  };
}

async function takeBest(
  request: Request,
  variants: readonly Variant[],
  found: (best: Variant) => Request | undefined,
): Promise<Verdict> {
  const isTransparent = request.method === "GET" && request.pathInfo === "" && variants.every(isNeighbour);
  request.variantsTag = tagOf(folderOf(request.filename));
  const prefersScripts = request.method !== "GET" || request.query !== undefined || request.pathInfo !== "";
  const best = chooseVariant(variants, readAccepts(request.headers, prefersScripts), rulesOf(request));
  if (!best) return notAcceptable(request, { variants, isTransparent });
  let chosen = found(best);
  if (!chosen) {
    const { request: looked, status, response } = await request.lookupFile(folderOf(request.filename) + best.fileName);
    if (status !== 200) return response ?? refuse(status);
    chosen = looked;
  }
  if (isTransparent) addLocation(request, best);
  addFields(request, { variants, isTransparent }, "choice");
  const { query, pathInfo } = request;
  const { variantsTag } = request;
  request.adopt(chosen);
  request.query = query;
  request.pathInfo = pathInfo;
  request.variantsTag = variantsTag;
  return "done";
}

/** What changes when a variant is added or taken away: the time of the folder, as entity tags show times. */
function tagOf(path: string): string {
  try {
    return (statSync(fileSystemPath(path), { bigint: true }).mtimeNs / 1000n).toString(16);
  } catch {
    return "0";
  }
}

/** The same of a map: its own entity tag. */
function mapTagOf({ filename, file }: Request): string {
  return `${(file?.size ?? 0).toString(16)}-${tagOf(filename)}`;
}

const isNeighbour = ({ fileName, body }: Variant): boolean => body === undefined && !fileName.includes("/");

function readMap(request: Request, map: Request): readonly Variant[] | Response {
  const { filename } = map;
  const folder = folderOf(filename);
  let text: string;
  try {
    text = readFileSync(fileSystemPath(filename), "latin1");
  } catch {
    request.log("error", "negotiation", `AH00683: cannot access type map file: ${filename}`);
    return refuse(403);
  }
  const variants = readTypeMap(text, filename.slice(folder.length));
  if (!variants) {
    request.log("error", "negotiation", `AH00681: Syntax error in type map, no ':' in ${filename}`);
    return refuse(500);
  }
  return variants.map((variant) =>
    variant.length >= 0 ? variant : { ...variant, length: sizeOf(folder + variant.fileName) },
  );
}

function sizeOf(path: string): number {
  try {
    return statSync(fileSystemPath(path)).size;
  } catch {
    return -1;
  }
}

async function negotiateByMap(request: Request, map: Request): Promise<Verdict> {
  const variants = readMap(request, map);
  if (!Array.isArray(variants)) return variants as Response;
  return takeBest(request, variants as readonly Variant[], () => undefined);
}

/** The handler type-map: serves the best variant a map names. */
export async function serveMap(request: Request): Promise<Response> {
  const read = readMap(request, request);
  if (!Array.isArray(read)) return read as Response;
  const variants = read as readonly Variant[];
  const isTransparent = request.method === "GET" && request.pathInfo === "" && variants.every(isNeighbour);
  const best = chooseVariant(variants, readAccepts(request.headers, false), rulesOf(request));
  if (!best) return notAcceptable(request, { variants, isTransparent });
  if (isTransparent) {
    const { status, response } = await request.lookupFile(folderOf(request.filename) + best.fileName);
    if (status !== 200) return response ?? refuse(status);
    addLocation(request, best);
  }
  addFields(request, { variants, isTransparent }, "choice");
  if (best.body !== undefined) return sendBody(request, best, best.body);
  request.variantsTag = mapTagOf(request);
  const folder = folderOf(request.path.slice(0, request.path.length - request.pathInfo.length));
  const query = request.query === undefined ? "" : `?${request.query}`;
  return request.redirect(`${escapePath(folder)}${best.fileName}${escapePath(request.pathInfo)}${query}`);
}

function sendBody(request: Request, { type, charset, languages, encoding }: Variant, body: string): Response {
  const { maxRanges } = request.settings(core);
  if (request.method !== "GET" && request.method !== "POST") {
    return refuse(405, { headers: new Headers([["Allow", "GET,POST,OPTIONS,HEAD"]]) });
  }
  const headers = new Headers([
    ["Accept-Ranges", maxRanges === 0 ? "none" : "bytes"],
    ["Content-Length", String(body.length)],
  ]);
  if (type !== "") headers.append("Content-Type", charset === "" ? type : `${type}; charset=${charset}`);
  if (encoding !== "") headers.append("Content-Encoding", encoding);
  if (languages.length > 0) headers.append("Content-Language", languages.join(","));
  return answer(200, headers, Buffer.from(body, "latin1"));
}

/** Names the encoding of a file as the client does: "gzip" for "x-gzip", or the other way round. */
export function nameEncoding(request: Request): void {
  const [encoding = ""] = request.contentEncoding;
  const bare = encoding.replace(/^x-/, "");
  const accepted = readAccepts(request.headers, false).encodings ?? [];
  const match = accepted.find(({ name }) => name.replace(/^x-/, "") === bare);
  if (match && match.name !== encoding) request.contentEncoding = [match.name];
}
