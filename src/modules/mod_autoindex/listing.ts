// A request for a directory without an index → the page that lists it.
import { readFileSync } from "node:fs";
import {
  answer,
  core,
  escapeHtml,
  escapePath,
  fileSystemPath,
  Headers,
  refuse,
  signatureOf,
  streamOf,
  type Request,
  type Response,
} from "../../api/index.js";
import { readEntries, type Wanted } from "./entries.js";
import type { Option } from "./options.js";
import { writeLines } from "./page.js";
import type { AutoindexSettings } from "./settings.js";

/** Bytes up to which Apache knows the length of a listing before it sends any of it. */
const longestBuffered = 8000;

/** Lists a directory. */
export async function listDirectory(request: Request, settings: AutoindexSettings): Promise<Response> {
  const { values } = settings.options;
  const charset = values.charset ?? "ISO-8859-1";
  const type = values.type ?? "text/html";
  const headers = new Headers();
  const options = settings.options.plain ?? new Set<Option>();
  if (options.has("TrackModified")) addValidators(request, headers);
  headers.append("Content-Type", charset === "" ? type : `${type};charset=${charset}`);
  if (request.headOnly) return answer(200, headers);
  if (!request.filename.endsWith("/")) request.filename += "/";
  const { wanted, kept } = readQuery(request.query, settings);
  let entries;
  try {
    entries = await readEntries(request, wanted);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    request.log("error", "autoindex", `AH01275: Can't open directory for index: ${request.filename} (${reason})`);
    return refuse(403);
  }
  const head = await headOf(request, settings, wanted);
  const tail = await tailOf(request, settings, wanted);
  const text = head.text + writeLines({ entries, settings, wanted, kept }) + tail.text;
  const response = answer(200, headers, Buffer.from(text, "latin1"));
  // As Apache, which lets served parts out as they come, and the rest whenever its buffer is full.
  return head.isServed || tail.isServed || text.length > longestBuffered ? { ...response, unsized: true } : response;
}

function addValidators({ file, startTime }: Request, headers: Headers): void {
  if (!file) return;
  headers.append("Last-Modified", new Date(Math.min(file.mtimeMs, startTime)).toUTCString());
  headers.append("ETag", `"${file.size.toString(16)}-${Math.floor(file.mtimeMs * 1000).toString(16)}"`);
}

/** Reads `C=N;O=A;F=2;V=1;P=*.txt`, up to the first thing that is none of these. */
function readQuery(query: string | undefined, settings: AutoindexSettings): { wanted: Wanted; kept: string } {
  const options = new Set(settings.options.plain ?? []);
  let { key, direction } = settings.order;
  let pattern: string | undefined;
  let [format, version, search] = ["", "", ""];
  if (query === undefined || options.has("IgnoreClient")) {
    return { wanted: { options, key, direction, pattern }, kept: "" };
  }
  for (const word of query.split(/[&;]/)) {
    const match = /^(?:(C)=([NMSD])|(O)=([AD])|(F)=([012])|(V)=([01])|(P)=(.*))$/s.exec(word);
    if (!match) break;
    const [name, value = ""] = match.slice(1).filter((group) => group !== undefined);
    if (name === "C") key = value;
    else if (name === "O") direction = value;
    else if (name === "F") {
      format = `;F=${value}`;
      for (const option of ["FancyIndexing", "HTMLTable"] as const) options.delete(option);
      if (value !== "0") options.add("FancyIndexing");
      if (value === "2") options.add("HTMLTable");
    } else if (name === "V") {
      version = `;V=${value}`;
      if (value === "1") options.add("VersionSort");
      else options.delete("VersionSort");
    } else {
      pattern = decoded(value);
      search = pattern === undefined ? "" : `;P=${escapeHtml(escapePath(pattern))}`;
    }
  }
  return { wanted: { options, key, direction, pattern }, kept: format + version + search };
}

function decoded(text: string): string | undefined {
  if (text === "" || /%(?![0-9a-f]{2})|%00|%2f/i.test(text)) return undefined;
  return text.replace(/%([0-9a-f]{2})/gi, (_all, code: string) => String.fromCharCode(parseInt(code, 16)));
}

function preamble(title: string, settings: AutoindexSettings, xhtml: boolean): string {
  const start = xhtml
    ? '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n' +
      '<html xmlns="http://www.w3.org/1999/xhtml">\n'
    : '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n<html>\n';
  const style =
    settings.styleSheet === undefined
      ? ""
      : `  <link rel="stylesheet" href="${settings.styleSheet}" type="text/css"${xhtml ? " />" : ">"}\n`;
  return `${start} <head>\n  <title>Index of ${title}</title>\n${style}${settings.headInsert ?? ""} </head>\n <body>\n`;
}

/** What stands in front of a listing or behind it; whether another request made a part of it. */
interface Around {
  readonly text: string;
  readonly isServed: boolean;
}

async function headOf(request: Request, settings: AutoindexSettings, { options }: Wanted): Promise<Around> {
  const title = escapeHtml(request.path).replace(/(?<=.)\/+$/, "");
  const start = preamble(title, settings, options.has("XHTML"));
  const part = await partOf(request, settings.header);
  if (part) {
    const text = (part.isHtml && options.has("SuppressHTMLPreamble") ? "" : start) + part.text;
    return { text, isServed: part.isHtml };
  }
  const heading =
    settings.styleSheet === undefined
      ? `<h1>Index of ${title}</h1>\n`
      : `  <h1 id="indextitle">Index of ${title}</h1>\n`;
  return { text: start + heading, isServed: false };
}

async function tailOf(request: Request, settings: AutoindexSettings, { options }: Wanted): Promise<Around> {
  const part = await partOf(request, settings.readme);
  const signature = part ? "" : signatureOf(request);
  const end = part?.isHtml && options.has("SuppressHTMLPreamble") ? "" : "</body></html>\n";
  const text = (part?.text ?? (signature === undefined ? "" : `${signature}\n`)) + end;
  return { text, isServed: part?.isHtml ?? false };
}

/** The file put in front of a listing or behind it: served if it is HTML, shown if it is other text. */
async function partOf(
  request: Request,
  name: string | undefined,
): Promise<{ readonly text: string; readonly isHtml: boolean } | undefined> {
  if (name === undefined) return undefined;
  const found = await request.lookup(name.startsWith("/") ? name : escapePath(request.path) + name);
  const { contentType, file, filename } = found.request;
  if (found.status !== 200 || !file?.isFile() || contentType === undefined) return undefined;
  if (/^(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i.test(contentType)) {
    const response = await request.serve(found.request);
    if (response.failure || response.body === undefined)
      return response.failure ? undefined : { text: "", isHtml: true };
    return { text: await readAll(streamOf(response.body)), isHtml: true };
  }
  if (!/^text\//i.test(contentType)) return undefined;
  try {
    const text = readFileSync(fileSystemPath(filename), "latin1");
    const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
    return { text: `<pre>\n${escaped}</pre>\n`, isHtml: false };
  } catch {
    return undefined;
  }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  for await (const piece of stream) text += (piece as Buffer).toString("latin1");
  return text;
}

/** Whether listings are allowed here. */
export function mayList(request: Request): boolean {
  return request.settings(core).options.plain?.Indexes === true;
}
