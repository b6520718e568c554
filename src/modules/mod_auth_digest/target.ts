// The URI a client has signed → whether it is the one it asks for.
import type { Request } from "../../api/index.js";

interface Parts {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string;
  readonly query: string | undefined;
}

/** Whether the URI of the field is the request's, by its parts where it is not letter by letter (a proxy may have changed it). */
export function isTarget(uri: string, request: Request): boolean {
  const raw = request.requestLine.split(" ")[1] ?? request.originalTarget;
  if (uri === raw) return true;
  const signed = partsOf(uri);
  const asked = partsOf(raw);
  if (!signed || !asked) return false;
  const standard = request.scheme === "https" ? 443 : 80;
  if (signed.host !== undefined && signed.host !== "") {
    const host = asked.host === undefined || asked.host === "" ? request.serverName : asked.host;
    if (signed.host.toLowerCase() !== host.toLowerCase()) return false;
    const port = asked.port ?? request.serverPort;
    if ((signed.port ?? standard) !== port) return false;
  }
  // Old versions of a browser sign the path alone.
  const forgets = signed.query === undefined && request.environment.has("AuthDigestEnableQueryStringHack");
  return signed.path === asked.path && (forgets || signed.query === asked.query);
}

function partsOf(uri: string): Parts | undefined {
  const match =
    /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/([^/?#:]*|\[[^\]]*\])(?::(\d*))?(?=[/?#]|$))?([^?#]*)(?:\?([^#]*))?/i.exec(uri);
  if (!match) return undefined;
  const [, host, port, path = "", query] = match;
  return {
    host,
    port: port ? Number(port) : undefined,
    path: unescape(path),
    query: query === undefined ? undefined : unescape(query),
  };
}

function unescape(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
