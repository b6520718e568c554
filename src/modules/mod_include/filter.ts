// The filter INCLUDES: a response with directives in it → the response with what they stand for.
import { Readable } from "node:stream";
import {
  core,
  setCgiVariables,
  streamOf,
  type Body,
  type Condition,
  type NamedFilter,
  type Request,
  type Response,
  type ServerView,
  type VirtualHost,
} from "../../api/index.js";
import { Page } from "./page.js";
import { include, pageKey, type IncludeSettings } from "./settings.js";

type Compile = (text: string) => Condition;

const compilers = new WeakMap<VirtualHost, Compile>();

/** Conditions of one server that are kept compiled: pages ask the same ones again and again. */
const keptConditions = 1000;

/** Makes the compiler of conditions for the pages of a server. */
export function prepare(server: ServerView): void {
  const variable = (name: string, request: Request): string | undefined => pageOf(request)?.variables.get(name);
  const compile = server.conditions({
    v: variable,
    reqenv: variable,
    env: (name, request) => request.notes.get(name) ?? variable(name, request) ?? process.env[name],
  });
  const kept = new Map<string, Condition>();
  const compileOnce: Compile = (text) => {
    const known = kept.get(text);
    if (known) return known;
    const made = compile(text);
    if (kept.size >= keptConditions) kept.clear();
    kept.set(text, made);
    return made;
  };
  for (const host of server.virtualHosts) compilers.set(host, compileOnce);
}

function pageOf(request: Request): Page | undefined {
  const page = request.kept.get(pageKey);
  return page instanceof Page ? page : undefined;
}

export const includes: NamedFilter = {
  type: "resource",

  /** What is put together here has no state of its own that a client could ask for. */
  begin(request) {
    const settings = request.settings(include);
    if (!datesFile(request, settings)) request.notes.set("no-local-copy", "1");
  },

  run(request, response) {
    const { plain } = request.settings(core).options;
    if (!plain?.Includes && !plain?.IncludesNOEXEC) {
      request.log(
        "warn",
        "include",
        "AH01374: mod_include: Options +Includes (or IncludesNoExec) wasn't set, " +
          `INCLUDES filter removed: ${request.path}`,
      );
      dropTag(request, response);
      return response;
    }
    changeFields(request, response);
    const { body } = response;
    const compile = compilers.get(request.virtualHost);
    if (body === undefined || !compile || isPlain(request, body)) return response;
    const parent = request.parent ? pageOf(request) : undefined;
    const page = new Page(request, compile, parent);
    return { ...response, body: Readable.from(render(page, streamOf(body), parent), { objectMode: false }) };
  },
};

async function* render(page: Page, source: Readable, parent: Page | undefined): AsyncGenerator<Buffer> {
  try {
    if (!parent) await setCgiVariables(page.request);
    yield* page.render(source);
  } finally {
    source.destroy();
  }
}

/** XBitHack full: the group may execute the file, and so its date counts. */
function datesFile({ file }: Request, { xBitHack }: IncludeSettings): boolean {
  return xBitHack === "full" && file !== undefined && (file.mode & 0o010) !== 0;
}

/** A page at hand without directives in it. */
function isPlain(request: Request, body: Body): boolean {
  return Buffer.isBuffer(body) && !body.includes(request.settings(include).startTag, 0, "latin1");
}

/** The tag of a file says nothing of what it includes; a script knows what it does. */
function dropTag(request: Request, { headers, ownStatus }: Response): void {
  if (!request.settings(include).keepsTag && ownStatus !== true) headers.delete("ETag");
}

function changeFields(request: Request, response: Response): void {
  const { headers } = response;
  const settings = request.settings(include);
  headers.delete("Content-Length");
  dropTag(request, response);
  const { file } = request;
  const date = file && new Date(Math.min(file.mtimeMs, request.startTime)).toUTCString();
  if (settings.lastModified) {
    if (date !== undefined && !headers.has("last-modified")) headers.set("Last-Modified", date);
  } else if (date !== undefined && datesFile(request, settings)) headers.set("Last-Modified", date);
  else headers.delete("Last-Modified");
}
