// The URL of a back end as written → its address and the path requests get in front.
import { byteString, type Place } from "../../api/index.js";

/** Where a back end listens. */
export interface Address {
  readonly scheme: string;
  /** Without the brackets of IPv6. */
  readonly host: string;
  /** Undefined: the scheme's own. */
  readonly port: number | undefined;
  /** Path of a Unix socket; host and port are then names only. */
  readonly socketPath: string | undefined;
  /** "127.0.0.1:3000", as Host says it. */
  readonly authority: string;
}

/** A back end and the path in front, as it goes over the wire; "" for none. */
export interface Target {
  readonly address: Address;
  readonly path: string;
}

/** Schemes of back ends; each needs its module. */
const schemes = new Set(["http", "https", "ws", "wss", "balancer", "fcgi", "scgi", "uwsgi"]);

const never: Readonly<Record<string, string>> = {
  ajp: "AJP back ends are not supported: let Tomcat speak http",
  ftp: "FTP back ends are not supported",
  h2: "HTTP/2 back ends are not supported: write https://",
  h2c: "HTTP/2 back ends are not supported: write http://",
};

const absolute = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/?#]*)(?<path>.*)$/is;

/** Reads "http://host:port/path" or "unix:/path|http://host/path"; refuses what cannot be a back end. */
export function parseTarget(text: string, place: Pick<Place, "fail">): Target {
  const { socketPath, url } = takeSocket(text, place);
  const { scheme = "", authority = "", path = "" } = absolute.exec(url)?.groups ?? {};
  refuseScheme(scheme, place);
  if (authority === "") return place.fail(`URL must be absolute, found "${text}"`);
  const address = parseAuthority(scheme.toLowerCase(), authority, socketPath);
  if (typeof address === "string") return place.fail(`${address}, found "${text}"`);
  return { address, path: escapeBytes(byteString(path), /[^!-~]|[?#"<>]/g) };
}

/** A target as Apache names its back end: the socket and the path with it. */
export function nameOf({ address, path }: Target): string {
  const { scheme, authority, socketPath } = address;
  return `${socketPath === undefined ? "" : `unix:${socketPath}|`}${scheme}://${authority}${path}`;
}

/** The URL of a back end or balancer with scheme and host in lower case, for comparing. */
export function comparable(url: string): string {
  return url.replace(/^[^/]*:\/\/[^/]*/, (start) => start.toLowerCase());
}

/** Splits "unix:/path|URL". */
export function takeSocket(text: string, place: Pick<Place, "fail">): { socketPath: string | undefined; url: string } {
  if (!/^unix:/i.test(text)) return { socketPath: undefined, url: text };
  const bar = text.indexOf("|");
  if (bar < 0) return place.fail(`a Unix socket needs a URL behind it: unix:/path|http://localhost/, found "${text}"`);
  const socketPath = text.slice("unix:".length, bar).replace(/^\/\/(?=\/)/, "");
  if (!socketPath.startsWith("/")) return place.fail(`the path of a Unix socket must be absolute, found "${text}"`);
  return { socketPath, url: text.slice(bar + 1) };
}

/** Fails with the reason where a scheme is none that this server has; "" is no URL at all. */
export function refuseScheme(scheme: string, place: Pick<Place, "fail">): void {
  const lower = scheme.toLowerCase();
  if (lower === "" || schemes.has(lower)) return;
  place.fail(`${scheme}:// cannot be used: ${never[lower] ?? "there is no such scheme of back ends"}`);
}

/** Reads "host", "host:port" or "[address]:port"; gives the reason where it is none of them. */
export function parseAuthority(scheme: string, authority: string, socketPath?: string): Address | string {
  if (authority.includes("@")) return "a user and password are not sent to back ends";
  const parts = /^(?:\[(?<ip>[0-9a-f:.%]+)\]|(?<name>[A-Za-z0-9._~-]+))(?::(?<port>\d{1,5}))?$/i.exec(
    authority,
  )?.groups;
  const host = parts?.["ip"] ?? parts?.["name"];
  if (host === undefined) return "the URL does not name a host and port";
  const port = parts?.["port"] === undefined ? undefined : Number(parts["port"]);
  if (port !== undefined && (port < 1 || port > 65_535)) return "a port is a number from 1 to 65535";
  return { scheme, host, port, socketPath, authority };
}

/** Percent-encodes the bytes a pattern finds. */
export function escapeBytes(bytes: string, pattern: RegExp): string {
  return bytes.replace(pattern, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** Encodes a decoded path as Apache does for back ends. */
export function canonicalPath(path: string): string {
  return escapeBytes(path, /[^A-Za-z0-9$\-_.+!*'(),;:@&=/~]/g);
}
