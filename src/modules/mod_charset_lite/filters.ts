// The filters XLATEOUT and XLATEIN: responses and bodies of requests in another encoding.
import {
  editBody,
  editedStream,
  filteredBody,
  type GaveUp,
  type InputFilter,
  type NamedFilter,
  type Request,
  type Response,
} from "../../api/index.js";
import { charset } from "./settings.js";
import { isEncoding, keepsLength, Translation, TranslationError } from "./translation.js";

/** From what encoding to what other one. */
interface Way {
  readonly from: string;
  readonly to: string;
}

/** The way of responses under a request's settings; undefined where there is none to go. */
export function wayOf(request: Request): Way | undefined {
  const { source, target } = request.settings(charset);
  if (source === undefined || target === undefined) {
    if (source !== undefined || target !== undefined) {
      const show = (name: string | undefined): string => name ?? "unspecified";
      request.log(
        "debug",
        "charset_lite",
        `AH01448: incomplete configuration: src ${show(source)}, dst ${show(target)}`,
      );
    }
    return undefined;
  }
  if (source.toLowerCase() === target.toLowerCase() || isProxied(request)) return undefined;
  return { from: source, to: target };
}

function isProxied({ handler }: Request): boolean {
  return handler !== undefined && /^proxy(?:-server|:)/.test(handler);
}

/** Whether the body of a request is translated. */
export function hasForm({ method }: Request): boolean {
  return method === "POST" || method === "PUT";
}

const translated = Symbol("translated");

export const xlateOut: NamedFilter = {
  type: "resource",
  run: (request, response) => {
    const way = wayOf(request);
    if (!way || request.kept.has(translated) || response.relayed) return response;
    const type = response.headers.get("content-type");
    const { allTypes } = request.settings(charset);
    if (type === undefined || !(allTypes || /^(?:text|message)\//i.test(type))) return response;
    if (isPart(request)) return response;
    request.kept.set(translated, true);
    if (!isEncoding(way.from) || !isEncoding(way.to)) {
      request.log("error", "charset_lite", `AH01453: can't open translation ${way.from}->${way.to}`);
      return response;
    }
    return translateResponse(request, response, way);
  },
};

/** Whether the page that this one is put into is translated: all of it then, this one too. */
function isPart({ parent }: Request): boolean {
  return parent !== undefined && (wayOf(parent) !== undefined || isPart(parent));
}

function translateResponse(request: Request, response: Response, { from, to }: Way): Response {
  const keeps = keepsLength(from, to);
  if (!keeps) response.headers.delete("Content-Length");
  if (request.headOnly) {
    response.headers.delete("Content-Length");
    return { ...response, body: undefined, unsized: true };
  }
  const edited = editBody(response, new Translation(from, to), gaveUp(request));
  // As Apache, which passes the text on before it has seen its end.
  const isLong = Buffer.isBuffer(edited.body) && edited.body.length > 0 && !edited.failure;
  return isLong && !keeps ? { ...edited, unsized: true } : edited;
}

function gaveUp(request: Request): GaveUp {
  return (error) => {
    if (!(error instanceof TranslationError)) throw error;
    request.log("error", "charset_lite", error.message);
  };
}

const taken = Symbol("translated on its way in");

export const xlateIn: InputFilter = (request, body) => {
  const way = wayOf(request);
  if (!way || !hasForm(request) || request.kept.has(taken)) return body;
  request.kept.set(taken, true);
  return filteredBody(body, (source) => editedStream(source, new Translation(way.to, way.from), gaveUp(request)));
};
