// A request for another server (ProxyRequests) → where it goes: the URL that the client has sent, letter by letter.
import { Headers, refuse, type Request, type Response } from "../../api/index.js";
import { parseAuthority } from "./target.js";
import type { Mapping } from "./translate.js";
import type { Parameters } from "./parameters.js";

/** As in Apache, connections to servers that clients name are not kept. */
export const forwardParameters: Parameters = { reuse: false };

const absolute = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/?#]*)(?<path>.*)$/is;

/** Takes a request for another server off this one's paths and files. */
export function takeForwarded(request: Request): void {
  request.filename = `proxy:${request.target}`;
  request.handler = "proxy-server";
}

/** Where a forwarded request goes; a response where its URL leads nowhere. */
export function forwardMapping(request: Request): Mapping | Response {
  const { scheme, authority = "", path = "" } = absolute.exec(request.target)?.groups ?? {};
  if (scheme === undefined) return unparsed(request, "it has no host");
  const address = parseAuthority(scheme.toLowerCase(), authority);
  if (typeof address === "string") return unparsed(request, address);
  const wire = path.startsWith("/") ? path : `/${path}`;
  return { filename: request.filename, address, path: wire, decoded: wire, parameters: forwardParameters };
}

function unparsed(request: Request, reason: string): Response {
  request.log("error", "proxy_http", `AH01083: error parsing URL ${request.target}: ${reason}`);
  return refuse(400);
}

/** Host and port of a CONNECT request. */
export function connectTarget(request: Request): { readonly host: string; readonly port: number } | undefined {
  const {
    ip,
    name,
    port = "",
  } = /^(?:\[(?<ip>[0-9a-f:.]+)\]|(?<name>[^:]+)):(?<port>\d+)$/i.exec(request.target)?.groups ?? {};
  const host = ip ?? name;
  return host === undefined ? undefined : { host, port: Number(port) };
}

/** The redirect to the whole name of a host that was asked for without its domain (ProxyDomain). */
export function needsDomain(request: Request, domain: string | undefined): Response | undefined {
  if (domain === undefined || !request.isForwarded || request.method !== "GET") return undefined;
  const parts = /^(?<front>[a-z][a-z0-9+.-]*:\/\/)(?<host>[^/?#:]+)(?<rest>.*)$/is.exec(request.target)?.groups;
  const { front = "", host = "", rest = "" } = parts ?? {};
  if (!parts || host.includes(".") || host.startsWith("[") || host.toLowerCase() === "localhost") return undefined;
  request.log("info", "proxy", `AH01138: Domain missing: ${request.target} sent to ${front}${host}${domain}${rest}`);
  return refuse(301, { headers: new Headers([["Location", `${front}${host}${domain}${rest}`]]) });
}
