// A request for a file → the file: validators, conditions; and what other methods get.
import {
  answer,
  evaluateConditions,
  hasConditions,
  Headers,
  refuse,
  type core,
  type ETagParts,
  type Request,
  type Response,
  type SettingsOf,
  type Validators,
} from "../../api/index.js";
import { entityTag } from "./etag.js";
import { isRegistered } from "./methods.js";
import { digestOf, openStaticFile, type StaticFile } from "./static-file.js";

type CoreSettings = SettingsOf<typeof core.settings>;
type Awaitable<Value> = Value | Promise<Value>;

/** Answers what no other handler did. */
export function defaultHandler(request: Request, settings: CoreSettings): Awaitable<Response> {
  // What follows CONNECT over HTTP/2 is no body, and has no end before the answer.
  if (request.body.length === 0 || request.method === "CONNECT") return answerRequest(request, settings);
  const discarded = request.body.discard();
  if (discarded === true) return answerRequest(request, settings);
  const goOn = (whole: boolean): Awaitable<Response> =>
    whole ? answerRequest(request, settings) : { ...refuse(request.body.error?.status ?? 413), close: true };
  return discarded === false ? goOn(false) : discarded.then(goOn);
}

function answerRequest(request: Request, settings: CoreSettings): Awaitable<Response> {
  const { method } = request;
  if (method === "GET" || method === "POST") return answerFile(request, settings);
  if (method === "OPTIONS")
    return answer(200, withType(allow(settings), request, request.contentType), Buffer.alloc(0));
  const known = isRegistered(method) || settings.registeredMethods.includes(method);
  if (known) return refuse(405, { headers: allow(settings) });
  request.log("error", "core", `AH00135: Invalid method in request ${request.requestLine}`);
  return refuse(501, { headers: allow(settings) });
}

function allow({ traceEnable }: CoreSettings): Headers {
  return new Headers([["Allow", `GET,POST,OPTIONS,HEAD${traceEnable === "off" ? "" : ",TRACE"}`]]);
}

/** Adds what says how the content is to be read. */
function withType(headers: Headers, { contentEncoding, contentLanguage }: Request, type: string | undefined): Headers {
  if (type !== undefined) headers.append("Content-Type", type);
  if (contentEncoding.length > 0) headers.append("Content-Encoding", contentEncoding.join(", "));
  if (contentLanguage.length > 0) headers.append("Content-Language", contentLanguage.join(","));
  return headers;
}

function answerFile(request: Request, settings: CoreSettings): Awaitable<Response> {
  const { filename, file: stats, pathInfo } = request;
  const missing = (code: string, text: string): Response => {
    request.log("info", "core", `${code}: ${text}: ${filename}`);
    return refuse(404);
  };
  if (!stats) return missing("AH00128", "File does not exist");
  if (stats.isDirectory()) return missing("AH00129", "Attempt to serve directory");
  if (pathInfo !== "" && settings.acceptPathInfo !== "On") {
    request.log("info", "core", `AH00130: File does not exist: ${filename}${pathInfo}`);
    return refuse(404);
  }
  let file: StaticFile;
  try {
    file = openStaticFile(filename, stats);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    request.log("error", "core", `AH00132: file permissions deny server access: ${filename} (${reason})`);
    return refuse(403);
  }
  return sendFile(request, settings, file);
}

function sendFile(request: Request, settings: CoreSettings, file: StaticFile): Awaitable<Response> {
  const headers = fieldsOf(request, settings, file);
  return headers instanceof Promise
    ? headers.then((fields) => respond(request, { file, headers: fields }))
    : respond(request, { file, headers });
}

/** The fields of a full response: those made for the last one, where nothing they depend on differs. */
function fieldsOf(request: Request, settings: CoreSettings, file: StaticFile): Awaitable<Headers> {
  const { ready } = file;
  const contentType = typeOf(request, settings);
  if (
    ready &&
    request.variantsTag === undefined &&
    ready.for[0] === settings &&
    ready.for[1] === contentType &&
    same(ready.for[2], request.contentEncoding) &&
    same(ready.for[3], request.contentLanguage)
  ) {
    return ready.headers.copy();
  }
  const parts = settings.fileETag.plain;
  if (!parts) throw new TypeError("a merged FileETag always holds a whole set");
  const made = { contentType, parts };
  if (!parts.digest && !settings.contentDigest) return makeFields(request, settings, { ...made, file });
  return withDigests(request, settings, { ...made, file });
}

interface Made {
  readonly file: StaticFile;
  readonly contentType: string | undefined;
  readonly parts: ETagParts;
  readonly sha1?: string;
  readonly md5?: string;
}

async function withDigests(request: Request, settings: CoreSettings, made: Made): Promise<Headers> {
  const sha1 = made.parts.digest ? await digestOf(made.file, "sha1") : undefined;
  const md5 = settings.contentDigest ? await digestOf(made.file, "md5") : undefined;
  return makeFields(request, settings, { ...made, ...(sha1 ? { sha1 } : {}), ...(md5 ? { md5 } : {}) });
}

function makeFields(request: Request, settings: CoreSettings, { file, contentType, parts, sha1, md5 }: Made): Headers {
  const now = Math.floor(request.startTime);
  const own = entityTag(parts, file.facts, sha1);
  const { variantsTag } = request;
  const tag = own !== undefined && variantsTag !== undefined ? `${own.slice(0, -1)};${variantsTag}"` : own;
  const headers = new Headers([["Last-Modified", new Date(Math.min(file.mtimeMs, now)).toUTCString()]]);
  // A file changed within the last second may change again within the precision of its date.
  if (tag !== undefined) headers.append("ETag", now - file.mtimeMs > 1000 ? tag : `W/${tag}`);
  headers.append("Accept-Ranges", settings.maxRanges === 0 ? "none" : "bytes");
  headers.append("Content-Length", String(file.length));
  if (md5 !== undefined) headers.append("Content-MD5", md5);
  withType(headers, request, contentType);
  const { contentEncoding, contentLanguage } = request;
  if (file.settled && variantsTag === undefined) {
    file.ready = { for: [settings, contentType, contentEncoding, contentLanguage], headers: headers.copy() };
  }
  return headers;
}

/** Whether two lists are the same one, or both empty. */
function same(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === 0 && b.length === 0);
}

/** The type with the default charset, where that applies. */
function typeOf({ contentType }: Request, { addDefaultCharset }: CoreSettings): string | undefined {
  if (addDefaultCharset === undefined || contentType === undefined) return contentType;
  return addCharset(contentType, addDefaultCharset);
}

/** Adds a charset to the types AddDefaultCharset is for, unless they name one. */
export function addCharset(contentType: string, charset: string): string {
  return /^text\/(?:plain|html)\s*(?:;(?!.*charset=)|$)/i.test(contentType)
    ? `${contentType}; charset=${charset}`
    : contentType;
}

/** What to answer with: everything, or only the head; parts are cut out of it on its way to the client. */
function respond(request: Request, { file, headers }: { file: StaticFile; headers: Headers }): Response {
  const asked = request.headers;
  if (!hasConditions(asked) || servesError(request) || request.notes.has("no-local-copy"))
    return answer(200, headers, file.body);
  const now = Math.floor(request.startTime / 1000);
  const lastModified = Math.min(Math.floor(file.mtimeMs / 1000), now);
  const validators: Validators = { etag: headers.get("etag"), lastModified, now };
  const status = evaluateConditions(asked, request.method === "GET", validators);
  if (status === 304) return answer(304, headers);
  if (status === 412) {
    if (request.headOnly) return answer(412, headers, file.body);
    headers.set("Content-Length", "0");
    return answer(412, headers, Buffer.alloc(0));
  }
  return answer(200, headers, file.body);
}

/** Whether the request is a part of another answer, or the redirect to an ErrorDocument, whose status stands already. */
function servesError({ previous, environment, parent }: Request): boolean {
  if (parent) return true;
  return previous !== undefined && Number(environment.get("REDIRECT_STATUS") ?? 200) >= 300;
}
