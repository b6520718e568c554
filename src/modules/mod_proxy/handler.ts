// A request whose file name is "proxy:URL" → the answer of the back end, or the status that says why there is none.
import {
  answer,
  core,
  Headers,
  refuse,
  type ProxyScheme,
  type Request,
  type Response,
  type Verdict,
} from "../../api/index.js";
import { askBalancer } from "./ask-balancer.js";
import { ask } from "./ask.js";
import type { Question } from "./asking.js";
import { isBlockedAddress, isBlockedName } from "./blocked.js";
import { connectThrough } from "./connect.js";
import { needsDomain } from "./forward.js";
import { proxyError } from "./failure.js";
import type { ProxySettings } from "./settings.js";
import { mappingFor } from "./translate.js";

/** Whether a request is one to pass on. */
export function isProxied({ filename }: Request): boolean {
  return filename.startsWith("proxy:");
}

/** Whether SetHandler has it passed on: "proxy:unix:/run/php.sock|fcgi://localhost". */
function isHandedOver({ handler }: Request): boolean {
  return handler !== undefined && handler.startsWith("proxy:");
}

/** Passes a request on. */
export function handle(request: Request, settings: ProxySettings): Verdict | Promise<Verdict> {
  const isFile = !isProxied(request);
  if (isFile) {
    if (!isHandedOver(request)) return undefined;
    request.filename = `${request.handler ?? ""}${request.filename}`;
  }
  const refused = checkHops(request) ?? needsDomain(request, settings.domain);
  if (refused) return refused;
  if (request.isForwarded && request.method === "CONNECT") return connectThrough(request, settings);
  const found = mappingFor(request, settings);
  if (found && "status" in found) return found;
  const mapping = found && isFile ? { ...found, isHandedOver: true } : found;
  if (!mapping) return proxyError(request, 500, `DNS lookup failure for: ${hostOf(request.filename)}`);
  const { scheme, host } = mapping.address;
  const schemes = request.providers("proxyScheme") as ReadonlyMap<string, ProxyScheme>;
  const own = schemes.get(scheme);
  const offered = own ?? (settings.remotes.some(({ test }) => test(request.target)) ? schemes.get("http") : undefined);
  if (!offered) {
    request.log(
      "warn",
      "proxy",
      `AH01144: No protocol handler was valid for the URL ${request.path} (scheme '${scheme}'): a2enmod proxy_${moduleOf(scheme)}`,
    );
    return refuse(500);
  }
  const question: Question = { mapping, settings, scheme: offered, needsRemote: own === undefined };
  if (scheme === "balancer") return askBalancer(request, question);
  const { blocked } = settings;
  if (blocked.length === 0) return ask(request, question);
  if (isBlockedName(host, blocked)) return blockedBy(request);
  return isBlockedAddress(host, blocked).then((is) => (is ? blockedBy(request) : ask(request, question)));
}

function blockedBy(request: Request): Response {
  return proxyError(request, 403, "Connect to remote machine blocked");
}

/** The part of a module's name that its schemes go by: mod_proxy_wstunnel has ws and wss. */
export function moduleOf(scheme: string): string {
  if (scheme === "ws" || scheme === "wss") return "wstunnel";
  return scheme === "https" ? "http" : scheme;
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

function hostOf(filename: string): string {
  return /^proxy:[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(filename)?.[1] ?? filename;
}
