// Texts that rules produce → what kind of URL they are, taken apart, escaped and joined as Apache does.
import { escapePath, type Request } from "../../api/index.js";
import type { Trace } from "./run.js";

/** What stands in front of an absolute URL: the number of characters, and whether its scheme knows query strings. */
export interface AbsoluteStart {
  readonly length: number;
  readonly takesQuery: boolean;
}

const withQuery = /^(?:ajp|balancer|fcgi|https?|h2c?|scgi|wss?):\/\/|^mailto:|^unix:(?:\/\/)?/i;
const withoutQuery = /^(?:ftp|gopher|ldap|nntp):\/\/|^news:/i;

/** The start of an absolute URL of a scheme that is known; undefined for everything else. */
export function absoluteStart(uri: string): AbsoluteStart | undefined {
  if (uri.startsWith("/") || uri.length <= 5) return undefined;
  const found = withQuery.exec(uri);
  if (found) return { length: found[0].length, takesQuery: true };
  const plain = withoutQuery.exec(uri);
  return plain ? { length: plain[0].length, takesQuery: false } : undefined;
}

/** Escapes what stands behind the host of an absolute URL, `start` characters being its scheme. */
export function escapeAbsolute(uri: string, start: number): string {
  if (uri.charAt(start - 1) !== "/") return uri.slice(0, start) + escapePath(uri.slice(start));
  const slash = uri.indexOf("/", start);
  if (slash < 0 || slash + 1 === uri.length) return uri;
  const head = uri.slice(0, slash + 1);
  const rest = uri.slice(slash + 1);
  if (!/^ldap/i.test(uri)) return head + escapePath(rest);
  // The question marks of LDAP part its five components.
  const parts = rest.split("?");
  return (
    head + [...parts.slice(0, 4), ...(parts.length > 4 ? [parts.slice(4).join("?")] : [])].map(escapePath).join("?")
  );
}

/** "scheme://host[:port]/path", where it is no absolute URL yet. */
export function qualify(request: Request, uri: string): string {
  if (request.method === "CONNECT" || absoluteStart(uri)) return uri;
  return request.absoluteUrl(uri.startsWith("/") ? uri : `/${uri}`);
}

/** The path of an absolute URL that leads to this virtual host; undefined for others. */
export function reduce(request: Request, uri: string): string | undefined {
  const { scheme } = request;
  const match = /^([a-z]+):\/\/([^/:]*)(?::([^/]*))?(\/.*)?$/is.exec(uri);
  if (!match || match[1]?.toLowerCase() !== scheme) return undefined;
  const standard = scheme === "https" ? 443 : 80;
  const port = match[3] === undefined ? standard : Number(/^\d*/.exec(match[3])?.[0] || 0);
  return isOwnName(request, match[2] ?? "", port) ? (match[4] ?? "/") : undefined;
}

function isOwnName({ virtualHost }: Request, host: string, port: number): boolean {
  if (port !== virtualHost.serverPort) return false;
  const name = host.toLowerCase();
  return [virtualHost.serverName, ...virtualHost.aliases].some((each) => {
    const own = each.toLowerCase();
    return /[*?]/.test(own) ? wildcard(own).test(name) : own === name;
  });
}

function wildcard(text: string): RegExp {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`);
}

/** How a back-reference is escaped: [B], with BCTLS, BNE and BNP. */
export interface Escaping {
  /** Only these characters; undefined for all but letters, digits and "_". */
  readonly only: string | undefined;
  /** Controls and blanks as well as `only`, and nothing else. */
  readonly controls: boolean;
  readonly except: string;
  /** A blank becomes %20 rather than "+". */
  readonly noPlus: boolean;
}

/** Escapes a back-reference. */
export function escapeReference(text: string, { only, controls, except, noPlus }: Escaping): string {
  let escaped = "";
  for (const char of text) {
    const isListed = only?.includes(char) ?? false;
    const isMeant = isListed || (controls ? /[\0-\x20\x7f]/.test(char) : only === undefined);
    if (!isMeant || except.includes(char) || /[A-Za-z0-9_]/.test(char)) escaped += char;
    else if (char === " " && !noPlus) escaped += "+";
    else escaped += `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  }
  return escaped;
}

/** A path with the directory it begins with replaced; the same path where it does not. */
export function replacePrefix(input: string, [prefix, by]: readonly [string, string], trace?: Trace): string {
  const match = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  if (!input.startsWith(match) || input.charAt(match.length) !== "/") return input;
  const rest = input.slice(match.length + 1);
  trace?.(5, `strip matching prefix: ${input} -> ${rest}`, "without directory");
  const output = by === "" || by.endsWith("/") ? by + rest : `${by}/${rest}`;
  trace?.(4, `add subst prefix: ${rest} -> ${output}`, "without directory");
  return output;
}

/** Whether a query string holds what may not stand in a request line. */
export function hasControls(query: string): boolean {
  return /[\0-\x20\x7f]/.test(query);
}
