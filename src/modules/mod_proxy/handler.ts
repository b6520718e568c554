// A request whose file name is "proxy:URL" → the answer of the back end, or the status that says why there is none.
import type { IncomingMessage } from "node:http";
import {
  answer,
  core,
  Headers,
  refuse,
  RequestBodyError,
  type ProxyScheme,
  type Request,
  type RequestBody,
  type Response,
  type Verdict,
} from "../../api/index.js";
import { backEndAt } from "./back-end.js";
import type { Passage } from "./passage.js";
import { relay } from "./relay.js";
import { PassageError } from "./send.js";
import type { ProxySettings } from "./settings.js";
import { mappingFor, type Mapping } from "./translate.js";

/** Whether a request is one to pass on. */
export function isProxied({ filename }: Request): boolean {
  return filename.startsWith("proxy:");
}

/** What `handle` does with a request, in words. */
export function foretell({ filename }: Request): string | undefined {
  return filename.startsWith("proxy:") ? `passes the request to ${filename.slice("proxy:".length)}` : undefined;
}

/** Passes a request on. */
export function handle(request: Request, settings: ProxySettings): Verdict | Promise<Verdict> {
  if (!isProxied(request)) return undefined;
  const mapping = mappingFor(request);
  if (!mapping) return proxyError(request, 500, `DNS lookup failure for: ${hostOf(request.filename)}`);
  const { scheme } = mapping.address;
  const offered = request.providers("proxyScheme").get(scheme) as ProxyScheme | undefined;
  if (!offered) {
    request.log(
      "warn",
      "proxy",
      `AH01144: No protocol handler was valid for the URL ${request.path} (scheme '${scheme}'): a2enmod proxy_${scheme}`,
    );
    return refuse(500);
  }
  return checkHops(request) ?? forward(request, mapping, { settings, defaultPort: offered.defaultPort });
}

/** Max-Forwards: the answer of the last one in the row, or of one that does not understand it. */
function checkHops(request: Request): Response | undefined {
  const value = request.headers.get("max-forwards");
  if (value === undefined || /^0*[1-9]\d{0,8}$/.test(value)) return undefined;
  if (!/^0+$/.test(value)) return proxyError(request, 400, "Max-Forwards request header could not be parsed");
  if (request.method === "OPTIONS") {
    const allow = request.settings(core).traceEnable === "off" ? "" : "TRACE";
    return answer(200, new Headers([["Allow", allow]]), Buffer.alloc(0));
  }
  return proxyError(request, 400, "Max-Forwards has reached zero - proxy loop?");
}

function forward(
  request: Request,
  mapping: Mapping,
  { settings, defaultPort }: { settings: ProxySettings; defaultPort: number },
): Promise<Response> {
  const { address, parameters } = mapping;
  const backEnd = backEndAt(address, parameters, defaultPort);
  const body = bodyOf(request);
  const arrived = body?.arrived;
  return new Promise((resolve, reject) => {
    const passage: Passage = {
      ...{ request, mapping, settings, body },
      method: request.headOnly ? "HEAD" : request.method,
      timeout: parameters.timeout ?? settings.timeout ?? request.settings(core).timeout,
      whole: arrived && Buffer.from(arrived),
      fields: request.headers,
      isRetry: false,
      // When what came along with the head is there, too.
      answered: (incoming) => void process.nextTick(() => resolve(answerOf(incoming, passage))),
      failed: (error) => {
        if (error instanceof RequestBodyError) reject(error);
        else resolve(failure(passage, error));
      },
    };
    try {
      backEnd.forward(passage);
    } catch (error) {
      // node:http refuses what may not stand in a request: controls that HttpProtocolOptions Unsafe has let in.
      request.log("error", "proxy_http", `the request cannot be sent: ${String(error)}`);
      resolve(refuse(400));
    }
  });
}

function answerOf(incoming: IncomingMessage, passage: Passage): Response {
  const { request } = passage;
  if (incoming.destroyed && !incoming.complete) return proxyError(request, 502, "Error reading from remote server");
  return relay(incoming, passage) ?? proxyError(request, 502, "Corrupt status line");
}

/** The body that goes along: none where the request is one for an ErrorDocument. */
function bodyOf({ body, headers, previous, method }: Request): RequestBody | undefined {
  if (previous && method === "GET") return undefined;
  return body.length !== 0 || headers.has("content-length") ? body : undefined;
}

/** The answer to a request that got none: statuses and pages are Apache's. */
function failure({ request, mapping }: Passage, error: Error): Response {
  const { address } = mapping;
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  const stage = error instanceof PassageError ? error.stage : syscall === "connect" ? "connect" : "response";
  if (syscall === "getaddrinfo") return proxyError(request, 500, `DNS lookup failure for: ${address.host}`);
  const where = address.socketPath ?? address.authority;
  if (stage === "acquire") {
    request.log("error", "proxy", `${address.scheme}: ${error.message}: all of max= to ${where} are in use`);
    return refuse(503);
  }
  if (stage === "connect" || (code === "ECONNREFUSED" && syscall !== "read")) {
    request.log(
      "error",
      "proxy",
      `AH00957: ${address.scheme}: attempt to connect to ${where} failed: ${error.message}`,
    );
    request.log("error", "proxy_http", `AH01114: HTTP: failed to make connection to backend: ${address.host}`);
    return refuse(503);
  }
  if (code.startsWith("HPE_")) {
    request.log("error", "proxy_http", `AH01106: bad HTTP header returned by ${where}: ${error.message}`);
    return refuse(502);
  }
  request.log(
    "error",
    "proxy_http",
    `AH01102: error reading status line from remote server ${where}: ${error.message}`,
  );
  return proxyError(request, 502, "Error reading from remote server");
}

/** A status with the page that tells the reason. */
function proxyError(request: Request, status: number, reason: string): Response {
  request.log("error", "proxy", `AH00898: ${reason} returned by ${request.path}`);
  const shown = reason.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const note = `The proxy server could not handle the request<p>Reason: <strong>${shown}</strong></p>`;
  return { ...refuse(status, { note }), reason: "Proxy Error" };
}

function hostOf(filename: string): string {
  return /^proxy:[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(filename)?.[1] ?? filename;
}
