// "/path", "http://host:port/path" → a test of requests.
import type { Request } from "../../api/index.js";

/** The argument of a CacheEnable or CacheDisable line. */
export interface UrlPrefix {
  /** Undefined: for paths of this server only. In lower case. */
  readonly scheme: string | undefined;
  /** "" for any; ".suffix" and "*suffix" for the ends of names. In lower case. */
  readonly host: string;
  /** Undefined: that of the scheme; "": any. */
  readonly port: string | undefined;
  readonly path: string;
}

/** Takes a URL or a path apart. */
export function parseUrlPrefix(text: string): UrlPrefix {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*?)(?::(\d*))?)?(\/[^?#]*)?$/i.exec(text);
  if (!match) return { scheme: undefined, host: "", port: undefined, path: text };
  const [, scheme = "", host = "", port, path = "/"] = match;
  return { scheme: scheme.toLowerCase(), host: host.toLowerCase(), port, path };
}

/** What of a request such lines are compared with. */
export interface AskedUrl {
  /** Set where the request line had a whole URL. */
  readonly scheme: string | undefined;
  readonly host: string;
  readonly port: string | undefined;
  readonly path: string;
}

/** The URL of a request, for a cache in front of everything with its path as sent, else decoded. */
export function askedUrl(request: Request, isEarly: boolean): AskedUrl {
  const whole = /^\S+ ([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@ ]*@)?([^/?#: ]*)(?::(\d*))?/i.exec(request.requestLine);
  const path = isEarly ? earlyPath(request) : request.path;
  if (!whole) return { scheme: undefined, host: "", port: undefined, path };
  const [, scheme = "", host = "", port] = whole;
  return { scheme: scheme.toLowerCase(), host: host.toLowerCase(), port, path };
}

/** The path as the client sent it. */
export function earlyPath({ originalTarget }: Request): string {
  const [path = ""] = originalTarget.split("?", 1);
  return path;
}

const standardPorts: Readonly<Record<string, string>> = { http: "80", https: "443", ftp: "21" };

/** Whether a line is about a URL. Lines with a path are about requests with a path, lines with a URL about whole URLs. */
export function isBelow(prefix: UrlPrefix, url: AskedUrl): boolean {
  if (prefix.scheme === undefined) return url.scheme === undefined && url.path.startsWith(prefix.path);
  if (url.scheme !== prefix.scheme || !isHost(prefix.host, url.host)) return false;
  if (prefix.port !== "") {
    const standard = standardPorts[prefix.scheme];
    if ((prefix.port ?? standard) !== (url.port || standard)) return false;
  }
  return (url.path || "/").startsWith(prefix.path);
}

function isHost(wanted: string, host: string): boolean {
  if (wanted === "") return true;
  if (wanted.startsWith(".")) return host.endsWith(wanted);
  return wanted.startsWith("*") ? host.endsWith(wanted.slice(1)) : host === wanted;
}
