// A request and the URL of its back end → the variables of CGI, as mod_proxy_fcgi sets them.
import { stat } from "node:fs/promises";
import {
  fileSystemPath,
  ProxyError,
  setBodyLength,
  setCgiVariables,
  unescapeUrl,
  type ProxyPassage,
  type Request,
} from "../../api/index.js";
import type { FcgiSettings } from "./settings.js";

/** Most segments of a path that are looked for on disk. */
const mostSegments = 64;

/** Sets the variables in the request's environment. */
export async function setVariables(passage: ProxyPassage, settings: FcgiSettings): Promise<void> {
  const { request } = passage;
  const script = await scriptName(passage, settings);
  await setCgiVariables(request);
  request.environment.set("SCRIPT_FILENAME", script);
  setBodyLength(request, passage.bodyLength);
  await applyRules(request, settings);
}

/** SCRIPT_FILENAME; what of the path is behind the script becomes the path info, by the variable proxy-fcgi-pathinfo. */
async function scriptName({ request, url, path }: ProxyPassage, { backend }: FcgiSettings): Promise<string> {
  const kind = request.environment.get("proxy-fcgi-pathinfo")?.toLowerCase();
  const start = url.indexOf("/", "fcgi://".length);
  const shown = url.slice(start);
  if (kind === "full") {
    const found = await findScript(request, path);
    if (found) {
      request.pathInfo = found.info;
      return found.file;
    }
  } else if (kind === "first-dot" || kind === "last-dot") {
    const dot = kind === "first-dot" ? shown.indexOf(".") : shown.lastIndexOf(".");
    const slash = dot < 0 ? -1 : shown.indexOf("/", dot);
    // The name keeps what is behind the script: FPM finds the script in it.
    if (slash >= 0) request.pathInfo = unescapeUrl(shown.slice(slash));
  } else if (kind !== undefined) {
    request.pathInfo = kind === "unescape" ? unescapeUrl(shown) : shown;
  }
  // FPM takes "proxy:fcgi://host" away itself, and goes by it.
  return backend === "FPM" ? `proxy:${url.slice(0, start)}${shown}` : shown;
}

/** The file on disk that a path begins with, by itself or below DocumentRoot. */
async function findScript(
  { documentRoot }: Request,
  path: string,
): Promise<{ readonly file: string; readonly info: string } | undefined> {
  for (const root of ["", documentRoot]) {
    let end = path.length;
    for (let tries = 0; end > 0 && tries < mostSegments; tries++) {
      const file = root + path.slice(0, end);
      if (file.includes("\0")) return undefined;
      const found = await stat(fileSystemPath(file)).catch(() => undefined);
      if (found?.isFile()) return { file, info: path.slice(end) };
      end = path.lastIndexOf("/", end - 1);
    }
  }
  return undefined;
}

/** The lines of ProxyFCGISetEnvIf, in order. */
async function applyRules(request: Request, { rules }: FcgiSettings): Promise<void> {
  for (const { condition, name, value } of rules) {
    const captures = { match: undefined };
    const holds = await condition.test(request, { captures });
    if (holds === undefined) throw new ProxyError("response", "AH10241: a condition of ProxyFCGISetEnvIf fails", 503);
    if (!holds) continue;
    if (value === undefined) request.environment.delete(name);
    else {
      const text = value.evaluate(request, { captures });
      if (text !== undefined) request.environment.set(name, text);
    }
  }
}
