// Why a back end gave no answer → the status and page the client gets, which are Apache's.
import { ProxyError, refuse, type Request, type Response } from "../../api/index.js";
import type { Address } from "./target.js";

/** Where a request failed: "connect" and "acquire" leave it whole for another back end. */
export type Stage = ProxyError["stage"];

/** The stage an error belongs to. */
export function stageOf(error: Error): Stage {
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  if (error instanceof ProxyError) return error.stage;
  if (syscall === "getaddrinfo") return "name";
  return syscall === "connect" || (code === "ECONNREFUSED" && syscall !== "read") ? "connect" : "response";
}

/** The module that lines of the error log about a back end come from. */
export function moduleOf({ scheme }: Address): string {
  return /^(http|ws)s?$/.test(scheme) ? "proxy_http" : `proxy_${scheme}`;
}

/** The answer to a request that got none. */
export function failure(request: Request, address: Address, error: Error): Response {
  const stage = stageOf(error);
  if (stage === "name") return proxyError(request, 500, `DNS lookup failure for: ${address.host}`);
  const where = address.socketPath ?? address.authority;
  const kind = address.scheme.toUpperCase();
  const module = moduleOf(address);
  if (stage === "acquire") {
    request.log("error", "proxy", `${address.scheme}: ${error.message}: all of max= to ${where} are in use`);
    return refuse(503);
  }
  if (stage === "connect") {
    request.log(
      "error",
      "proxy",
      `AH00957: ${address.scheme}: attempt to connect to ${where} failed: ${error.message}`,
    );
    request.log("error", module, `AH01114: ${kind}: failed to make connection to backend: ${address.host}`);
    return refuse(503);
  }
  if (error instanceof ProxyError && error.status !== undefined) {
    request.log("error", module, `${where}: ${error.message}`);
    return refuse(error.status);
  }
  if (isHandshake(error)) {
    request.log("error", "ssl", `AH01961: the connection to ${where} cannot be used: ${error.message}`);
    return proxyError(request, 500, "Error during SSL Handshake with remote server");
  }
  request.log("error", module, `AH01102: error reading status line from remote server ${where}: ${error.message}`);
  return proxyError(request, 502, "Error reading from remote server");
}

/** What OpenSSL says while it makes a connection, and what mod_ssl says of one. */
function isHandshake(error: Error): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return /^(ERR_SSL_|ERR_TLS_|EPROTO)/.test(code) || /^SSL handshake|before secure TLS connection/.test(error.message);
}

/** A status with the page that tells the reason. */
export function proxyError(request: Request, status: number, reason: string): Response {
  request.log("error", "proxy", `AH00898: ${reason} returned by ${request.path}`);
  const shown = reason.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const note = `The proxy server could not handle the request<p>Reason: <strong>${shown}</strong></p>`;
  return { ...refuse(status, { note }), reason: "Proxy Error" };
}
